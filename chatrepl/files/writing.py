"""Where files are, and how they are written: whole or not at all, in folders for the user alone."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from errno import EPERM
from pathlib import Path

from chatrepl.errors import CommandError
from chatrepl.files.ownership import strangers


def split(words: str, *, posix: bool = os.name == "posix") -> list[str]:
    """The words as the user's shell takes them, without quotes. On Windows a backslash is what it is."""
    import shlex  # not for the first key

    lexer = shlex.shlex(words, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    if not posix:
        lexer.escape, lexer.quotes = "", '"'
    try:
        return list(lexer)
    except ValueError:  # a quote that is not closed
        return [words]


def path_of(name: str) -> Path:
    """The path that somebody wrote, from the home of a user where it begins with ~. CommandError if it can be none."""
    with suppress(UnicodeEncodeError):
        if b"\0" not in os.fsencode(name):
            try:
                return Path(name).expanduser()
            except RuntimeError:
                raise CommandError(f"No file can be called {name!r}: there is no such user") from None
    raise CommandError(f"No file can be called {name!r}")


def write(path: Path, data: bytes, *, force: bool = True, check: Callable[[Path], object] = lambda _path: None) -> None:
    """Put the data in place in one step; whatever fails, what was there before still is.

    Without ``force`` an existing file raises FileExistsError. ``check`` may look at the file before it is put in place
    and refuse it by raising. Where a link or the folder is another user's, that is an OSError.
    """
    if wrong := strangers(path):
        raise PermissionError(EPERM, f"{wrong}, who may read or change what is written there")
    path = Path(os.path.realpath(path))  # what a link points to is replaced, not the link
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".chatrepl-")  # for the user alone: 0600
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        check(Path(temporary))
        if force:
            os.replace(temporary, path)
        else:
            _publish(temporary, path)
    finally:
        with suppress(OSError):  # it is gone where all went well
            os.unlink(temporary)


def _publish(temporary: str, path: Path) -> None:
    """Give the file its name, unless another writer was faster."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: take the name first, then move onto it
        taken = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.close(taken)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(path)
            raise


def private_folder(folder: Path) -> None:
    """Make the folder, and those above it that are missing, for this user alone. One that is reached by a link of
    another user's is an OSError."""
    if wrong := strangers(folder / "new"):
        raise PermissionError(EPERM, wrong)
    for path in (*reversed(folder.parents), folder):
        path.mkdir(mode=0o700, exist_ok=True)


def short(path: Path) -> str:
    """The path as a shell takes it, with ~ for the home directory."""
    with suppress(RuntimeError, ValueError):
        return str(Path("~") / path.relative_to(Path.home()))
    return str(path)
