"""What somebody means who names something to attach: a file, lines of one, a folder, a pattern, or an address."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from chatrepl import replace
from chatrepl.conversation import FilePart
from chatrepl.errors import CommandError
from chatrepl.files import attachments, folders, reading
from chatrepl.files.attachments import Attachment
from chatrepl.files.writing import path_of, short
from chatrepl.text.amounts import size

_RANGE = re.compile(r"(.+?):(\d{1,9})(?:-(\d{1,9})?)?")


class Empty(CommandError):
    """A folder in which nothing stands that could go along."""


def is_address(name: str) -> bool:
    """Whether that is an address of the web."""
    return bool(re.match(r"https?://\S", name, re.IGNORECASE))


def exists(name: str) -> bool:
    """Whether something stands under that name: a file, lines of one, a folder, or files that match a pattern."""
    with suppress(OSError, CommandError):
        path = path_of(name)
        if path.is_file() or path.is_dir() or ((meant := lines(name)) and path_of(meant[0]).is_file()):
            return True
        return folders.is_pattern(name) and bool(folders.matching(path))
    return False


def lines(name: str) -> tuple[str, int, int | None] | None:
    """The file, and the first and the last of its lines, that ``src/main.py:10-40`` means; None for other names."""
    if not (found := _RANGE.fullmatch(name)):
        return None
    last = int(found[3]) if found[3] else None if name.endswith("-") else int(found[2])
    return found[1], int(found[2]), last


def read(name: str) -> list[Attachment]:
    """What stands under that name on this disk; CommandError where that is nothing to attach. Where the name begins
    with ~ what it brings has such names too: they go out, and need not tell whose home that is."""
    found = _read(name)
    return [replace(part, name=short(Path(part.name))) for part in found] if name.startswith("~/") else found


def _read(name: str) -> list[Attachment]:
    path = path_of(name)
    if path.is_dir():
        return _texts(folders.inside(path), name)
    if not path.exists() and (meant := lines(name)) and path_of(meant[0]).is_file():
        return [_cut(attachments.read(path_of(meant[0])), *meant)]
    if not path.exists() and folders.is_pattern(name):
        return _all(folders.matching(path), name)
    return [attachments.read(path)]


def _cut(part: Attachment, name: str, first: int, last: int | None) -> FilePart:
    if not isinstance(part, FilePart):
        raise CommandError(f"{name} has no lines: it is no text")
    said = part.text.splitlines(keepends=True)
    last = len(said) if last is None else last
    if not 1 <= first <= min(last, len(said)):
        raise CommandError(f"{name} has no lines {first}-{last}: it has {len(said):,}")
    return FilePart(f"{part.name}:{first}-{min(last, len(said))}", "".join(said[first - 1 : last]))


def _texts(paths: Iterable[Path], name: str) -> list[Attachment]:
    """Those of the files that are texts."""
    found = list(_bounded(_readable(paths), name))
    if not found:
        raise Empty(f"{name} is a folder without text files")
    return found


def _readable(paths: Iterable[Path]) -> Iterator[Attachment]:
    for path in paths:
        with suppress(OSError, CommandError):
            data = reading.bounded(path, attachments.LIMIT, links=False)
            if not attachments.image_type(data):
                yield FilePart(str(path), attachments.text_of(data, str(path)))


def _all(paths: list[Path], name: str) -> list[Attachment]:
    if not paths:
        raise CommandError(f"No file matches {name}")
    return list(_bounded(map(attachments.read, paths), name))


def _bounded(parts: Iterable[Attachment], name: str) -> Iterator[Attachment]:
    weight = 0
    for part in parts:
        weight += attachments.weight(part)
        if weight > attachments.LIMIT:
            raise CommandError(f"{name} is too large to attach: more than {size(attachments.LIMIT)}")
        yield part
