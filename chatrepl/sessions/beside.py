"""Pictures, sounds and files of a session: they stand in a folder beside its journal, which refers to them.

In the journal a reference stands in place of a part's ``data``: ``file`` is a name that was made here, ``sha256`` and
``size`` are those of its bytes. A file is on the disk before the line that refers to it, is never written over with
other bytes, and is read only where it is of that size and digest; nothing that a journal says leads out of the folder.
A conversation that goes elsewhere takes all with it: a fork has files of its own, a transcript holds the base64.
"""

import base64
import binascii
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatrepl import files
from chatrepl.files import reading

_NUMBERED = r"[0-9]{1,9}\.[a-z0-9]{3,4}"
_NAME = rf"{_NUMBERED}|[0-9a-f]{{16}}\.[a-z0-9]{{3,4}}"

MOST = 512 * 2**20
"""The most bytes of a file that is read."""


def folder_of(journal: Path) -> Path:
    """The folder beside a journal."""
    return journal.with_suffix("")


def remove(journal: Path) -> None:
    """Remove what stands beside a journal."""
    import shutil  # not for the first key

    shutil.rmtree(folder_of(journal), ignore_errors=True)


def put(folder: Path, name: str, data: bytes) -> Path:
    """The file in the folder with those bytes, under that name unless others stand there. OSError says why not."""
    files.private_folder(folder)
    digest = _digest(data)
    for path in (folder / name, folder / f"{digest[:16]}{Path(name).suffix}"):
        if not os.path.lexists(path):
            break
        if _bytes(path, digest, len(data)) is not None:
            return path
    files.write(path, data)
    return path


def referring(line: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The plain data of an entry, its media put into the folder and referred to; what cannot be put there stays."""
    for part, role in _media(line):
        data = decoded(part["data"])
        if data is not None:
            digest = _digest(data)
            known = role == "assistant" and re.fullmatch(_NUMBERED, part["name"])
            name = part["name"] if known else f"{digest[:16]}{files.attachments.ending(part['mime'])}"
            try:
                path = put(folder, name, data)
            except OSError:
                continue
            del part["data"]
            part |= {"file": path.name, "sha256": digest, "size": len(data)}
    return line


class Beside:
    """What stands beside one journal."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder no file is read: what is referred to is there without its data."""
        self._folder = folder
        self._read: dict[tuple[str, str], str] = {}
        self.lost: dict[str, str] = {}
        """The files that are not what they were, by their names, and what became of them."""

    def restored(self, line: Any) -> Any:
        """The plain data of an entry with the data that it refers to. In place of a file that is missing or was changed
        stands a text that says so."""
        for part, _ in _media(line):
            if "sha256" in part:
                name, digest = str(part.pop("file", "")), str(part.pop("sha256"))
                part["data"] = self._data(name, digest, part.pop("size", None))
                if name in self.lost:
                    text = f"[{name} {self.lost[name]}]"
                    part.clear()
                    part |= {"kind": "text", "text": text}
        return line

    def _data(self, name: str, digest: str, size: object) -> str:
        """The file as base64, "" where it cannot be had."""
        if self._folder is None or (name, digest) in self._read or name in self.lost:
            return self._read.get((name, digest), "")
        path = self._folder / name
        if not (re.fullmatch(_NAME, name) and isinstance(size, int)):
            self.lost[name] = "is no file of this session"
        elif not path.exists():
            self.lost[name] = "is missing"
        elif (data := _bytes(path, digest, size)) is None:
            self.lost[name] = "was changed"
        else:
            self._read[name, digest] = base64.b64encode(data).decode("ascii")
        return self._read.get((name, digest), "")


def _bytes(path: Path, digest: str, size: int) -> bytes | None:
    """What stands in the file, if it is what it was."""
    try:
        if path.parent.is_symlink():
            return None
        data = reading.bounded(path, min(size, MOST), links=False)
    except OSError:
        return None
    return data if _digest(data) == digest else None


def _media(line: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """The parts in an entry's plain data that are media, whatever its shape, and the roles of their messages."""
    if not isinstance(line, dict):
        return
    many = [line.get("turn"), line.get("messages")]
    messages = [
        line.get("message"),
        line.get("step"),
        *(each for some in many if isinstance(some, list) for each in some),
    ]
    for message in messages:
        parts = message.get("parts") if isinstance(message, dict) else None
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict) and part.get("kind") in ("image", "media"):
                yield part, message["role"] if isinstance(message.get("role"), str) else ""


def _digest(data: bytes) -> str:
    import hashlib  # not for the first key

    return hashlib.sha256(data).hexdigest()


def decoded(data: str) -> bytes | None:
    """The bytes of base64 of which just that base64 is made again."""
    try:
        found = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if base64.b64encode(found).decode("ascii") == data else None


NOTHING = Beside(None)
"""For who needs no data."""
