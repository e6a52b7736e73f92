"""File names while they are typed."""

import os
from collections.abc import Iterable
from heapq import nsmallest

from chatrepl.errors import CommandError
from chatrepl.files.writing import path_of
from chatrepl.text.amounts import size
from chatrepl.text.fuzzy import matching

SHOWN = 200
"""At most so many are offered."""


SEPARATORS = os.sep + (os.altsep or "")
"""What stands between folders."""


def completions(
    typed: str, endings: tuple[str, ...] = ("",), separators: str = SEPARATORS
) -> Iterable[tuple[str, str]]:
    """The files with one of these endings, and the folders, that what was typed may become, each with its kind; a
    folder ends with a slash."""
    end = max(typed.rfind(each) for each in separators) + 1
    start, name = typed[:end], typed[end:]
    slash = start[-1:] or separators[0]
    try:
        with os.scandir(path_of(start or ".")) as scanned:
            entries = {entry.name: entry for entry in scanned if _wanted(entry, name[:1] == ".", endings)}
    except (OSError, CommandError):
        return
    found = [each for each, _ in matching(name, ((each, "") for each in entries))]
    for each in nsmallest(SHOWN, found, key=str.lower):
        kind = _kind(entries[each])
        yield f"{start}{each}{slash if kind == 'folder' else ''}", kind


def _wanted(entry: "os.DirEntry[str]", hidden: bool, endings: tuple[str, ...]) -> bool:
    return (hidden or not entry.name.startswith(".")) and (entry.name.lower().endswith(endings) or entry.is_dir())


def _kind(entry: "os.DirEntry[str]") -> str:
    try:
        return "folder" if entry.is_dir() else size(entry.stat().st_size)
    except OSError:
        return ""
