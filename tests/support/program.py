"""chatrepl as a whole process."""

import subprocess
import sys
from pathlib import Path

from tests.support.server import PATIENCE
from tests.support.terminal import environment


def run(*words: str, home: Path, typed: str | None = None, **env: str) -> "subprocess.CompletedProcess[bytes]":
    """chatrepl with these arguments and that text piped in."""
    return subprocess.run(
        [sys.executable, "-m", "chatrepl", *words],
        input=None if typed is None else typed.encode(),
        stdin=subprocess.DEVNULL if typed is None else None,
        capture_output=True,
        env=environment(home, **env),
        timeout=PATIENCE,
        check=False,
    )
