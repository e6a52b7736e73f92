"""Runs of the program of which is told what they took of time and memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.support.terminal import environment

MB = 2**20


class Done(NamedTuple):
    """What a run came to: what it said, and what it took."""

    status: int
    out: bytes
    errors: str
    seconds: float
    megabytes: float


LAUNCH = """
import json, os, subprocess, sys
child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=1, stderr=2)
_, status, used = os.wait4(child.pid, 0)
with open(sys.argv[1], "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss], file)
os._exit(0)
"""
"""Runs a program from a small process: what a child may take of memory is counted from what its parent had."""


def measured(home: Path, *words: str, python: str = "") -> Done:
    """A run of the program, or of that Python, and what it took of time and memory."""
    home.mkdir(exist_ok=True)
    out, errors = home / "out", home / "errors"
    command = [sys.executable, *(["-c", python] if python else ["-m", "chatrepl"]), *words]
    with out.open("wb") as output, errors.open("wb") as notes:
        launched = [sys.executable, "-S", "-c", LAUNCH, str(home / "used"), *command]
        subprocess.run(launched, stdout=output, stderr=notes, env=environment(home), check=True)
    status, seconds, size = json.loads((home / "used").read_text())
    megabytes = size / (MB if sys.platform == "darwin" else 1024)
    return Done(status, out.read_bytes(), errors.read_text(), seconds, megabytes)
