"""What is in the files that need a library to be read: PDF, HTML and images. A child does it, see ``foreign``."""

import os
import subprocess
import sys
from pathlib import Path

from chatrepl.errors import CommandError
from chatrepl.files import foreign
from chatrepl.text import environment

SECONDS = 90.0
"""The longest that it may take."""

MOST = 50_000_000
"""The most bytes that may come of a file."""

_EXTRAS = {"pdf": "pdf", "html": "web", "image": "images"}
_WORDS = {
    foreign.FAILED: "cannot be read",
    foreign.LOCKED: "is locked with a password",
    foreign.EMPTY: "holds no text",
}


class Missing(CommandError):
    """The library is not installed."""


def pdf_text(data: bytes, name: str) -> str:
    """The text of a PDF. A CommandError tells why there is none."""
    return _looked(data, name, "pdf", "its text").decode("utf-8", "replace")


def html_text(data: bytes, name: str) -> str:
    """The text of a page, without what stands around it."""
    return _looked(data, name, "html", "its text").decode("utf-8", "replace")


def smaller(data: bytes, name: str, most: int, side: int) -> bytes:
    """The image as a JPEG of at most so many bytes, and pixels along a side."""
    return _looked(data, name, "image", "a smaller image", str(most), str(side))


def _looked(data: bytes, name: str, kind: str, wanted: str, *words: str) -> bytes:
    command = [sys.executable, "-I", str(Path(foreign.__file__)), kind, *words]
    try:
        done = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env=environment.for_children(os.environ),
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise CommandError(f"{name} takes too long to read") from None
    if done.returncode == foreign.MISSING:
        extra = _EXTRAS[kind]
        raise Missing(f"{name}: {wanted} needs a library that is not installed", f"pip install 'chatrepl[{extra}]'")
    if done.returncode or len(done.stdout) > MOST:
        raise CommandError(f"{name} {_WORDS.get(done.returncode, 'cannot be read within bounds')}")
    return done.stdout
