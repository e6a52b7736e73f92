"""Reading files that somebody named: regular ones alone, looked at after they were opened, and never without a bound.

A pipe, a device or a socket may never end, or never begin; a name may mean another file a moment later. So a file is
opened once, without waiting, and everything else is asked of what was opened.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from chatrepl.errors import CommandError
from chatrepl.text import safe


class Unfit(OSError):
    """What was opened is not a file to be read, or too large; ``strerror`` says so."""

    def __init__(self, reason: str) -> None:
        super().__init__(0, reason)


KINDS = {
    stat.S_IFDIR: "it is a folder",
    stat.S_IFIFO: "it is a pipe",
    stat.S_IFSOCK: "it is a socket",
    stat.S_IFCHR: "it is a device",
    stat.S_IFBLK: "it is a device",
}
"""What else may stand under a name."""


@contextmanager
def opened(path: Path, *, links: bool = True) -> Iterator[BinaryIO]:
    """The regular file at that path, open for reading. Without ``links`` its last name may not be a link. Raises
    OSError, which is ``Unfit`` for what is no file."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    if not links:
        flags |= getattr(os, "O_NOFOLLOW", 0)
        if path.is_symlink():
            raise Unfit("it is a link")
    number = _number(path, flags)
    try:
        mode = os.fstat(number).st_mode
        if not stat.S_ISREG(mode):
            raise Unfit(KINDS.get(stat.S_IFMT(mode), "it is no file"))
        with os.fdopen(number, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(number)


def _number(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags)
    except OSError:
        if path.is_socket():  # which cannot even be opened
            raise Unfit("it is a socket") from None
        raise


def bounded(path: Path, most: int, *, links: bool = True) -> bytes:
    """The bytes of a file of at most so many. Raises OSError, which is ``Unfit`` for what is no file or larger."""
    with opened(path, links=links) as file:
        if os.fstat(file.fileno()).st_size <= most:
            data = file.read(most + 1)  # it may have grown
            if len(data) <= most:
                return data
    raise Unfit(f"it is larger than {_size(most)}")


def text(path: Path, most: int, what: str = "") -> str:
    """The text of a file of at most so many bytes, whatever line ends and byte order mark an editor gave it. Where
    there is none, a CommandError says so, and ``what`` the file was to be."""
    called = f"{what} {safe.line(str(path))}".strip()
    try:
        return bounded(path, most).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise CommandError(f"{called} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CommandError(f"{called} is not UTF-8 (byte {error.start})") from None


def _size(count: int) -> str:
    for unit, many in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= many:
            return f"{count / many:.0f} {unit}"
    return f"{count} bytes"
