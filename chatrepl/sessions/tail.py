"""The end of a journal, where a whole reply takes the place of its pieces: each character then stands there once.

The reply is written behind its pieces, then over them, and the rest is cut off, each step on the disk before the next.
Whatever byte the program is killed at, or the power fails, the reply stands whole at its old place, its new one or
both; where it stands twice, the second closes no open turn and counts for nothing. A program killed while it writes
over the pieces leaves a line that cannot be read, which is told as any other; what was said is there all the same.

The price is the reply's own bytes written once more and one more wait for the disk. Were the pieces to stay and the
reply to refer to them, the file would only ever grow, but take four times the room of what it says, not be searched as
it stands, and be of a format that older programs cannot read.
"""

import os
from contextlib import suppress
from pathlib import Path

TRIES = 2
"""A disk that refuses is asked so many times. What stands there then stays: it is longer, and means the same."""

_FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_EMPTY = b'{"piece":"'


def room(reply: int, pieces: int) -> bytes:
    """What makes the place of pieces of so many bytes large enough for a reply of so many: a piece without a text."""
    missing = reply - pieces
    return (_EMPTY + b'"').ljust(missing - 2) + b"}\n" if missing > 0 else b""


def shortened(path: Path, journal: int, begun: int, size: int, reply: bytes) -> int:
    """Let the reply that ends a file of that size stand from ``begun`` on, where its pieces begin. The new size, or the
    old one where nothing came of it.

    ``journal`` is the file as it is open for what is added to it.
    """
    for _ in range(TRIES):
        with suppress(OSError):
            file = os.open(path, _FLAGS)
            try:
                if os.path.samestat(os.fstat(file), os.fstat(journal)) and os.fstat(file).st_size == size:
                    return _moved(file, begun, reply)
            finally:
                os.close(file)
    return size


def _moved(file: int, begun: int, reply: bytes) -> int:
    end = _line_end(file, begun + len(reply) - 1)
    padding = b" " * (end - begun - len(reply)) + b"}\n"  # to the end of a piece, of which else a rest would stay
    os.lseek(file, begun, os.SEEK_SET)
    for left in (memoryview(reply)[:-2], memoryview(padding)):
        while left:
            left = left[os.write(file, left) :]
    os.fsync(file)
    os.ftruncate(file, end)
    return end


def _line_end(file: int, at: int) -> int:
    """Where the line ends that the byte at that place is in."""
    os.lseek(file, at, os.SEEK_SET)
    while data := os.read(file, 1 << 16):
        if (found := data.find(b"\n")) >= 0:
            return at + found + 1
        at += len(data)
    raise OSError("the line has no end")
