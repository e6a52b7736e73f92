"""Transcripts as files, and back: one module a format, and this table."""

from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from chatrepl import files
from chatrepl.conversation import Conversation
from chatrepl.errors import CommandError, Hint, TranscriptError
from chatrepl.files import reading
from chatrepl.sessions.formats.format import Chat, Damage, Format
from chatrepl.text import safe
from chatrepl.text.fuzzy import nearest

__all__ = ["FORMATS", "READ", "WRITTEN", "Chat", "load_all", "render", "save"]


class Way(NamedTuple):
    """The module of a format, which is loaded when first used, and what can be done with it."""

    module: str
    written: bool = True
    read: bool = True


FORMATS = {
    ".md": Way("markdown"),
    ".json": Way("data"),
    ".jsonl": Way("jsonl"),
    ".html": Way("html", read=False),
    ".txt": Way("text", read=False),
    ".db": Way("llm_logs", written=False),
}
"""How the name of a file ends, and what is behind that."""

WRITTEN = tuple(suffix for suffix, way in FORMATS.items() if way.written)
"""The formats that can be written."""

READ = tuple(suffix for suffix, way in FORMATS.items() if way.read)
"""The formats that can be read."""


def render(suffix: str, conversation: Conversation, title: str) -> str:
    """The text of a transcript in the format of that suffix, like ``.md``."""
    write = _format(suffix, WRITTEN).render
    if not write:
        raise CommandError(f"A {suffix} file can be read but not written", _endings(WRITTEN))
    return write(Chat(conversation, title))


def save(
    path: Path,
    conversation: Conversation,
    title: str,
    *,
    force: bool = False,
    hint: str | Hint = "Choose another name.",
) -> Path | None:
    """Write a transcript, in the format its name ends in, whole or not at all; over an existing file only by force. The
    hint is for who meets one. Returns the folder beside it into which images and files went, None where none did."""
    way, chat = _format(path.suffix, WRITTEN), Chat(conversation, title)
    if not way.beside:
        _write(path, render(path.suffix, conversation, title).encode("utf-8"), force=force, hint=hint)
        return None
    folder = path.with_name(f"{path.stem}{way.folder}")
    text, media = way.beside(chat, folder.name)
    if media and path.exists() and not force:
        raise TranscriptError(f"{path} exists already", hint)
    new: list[Path] = []
    try:
        for name, data in media.items():
            new += _written_beside(folder / name, data, force=force, hint=hint)
        _write(path, text.encode("utf-8"), force=force, hint=hint)
    except BaseException:
        _taken_back(new, folder)
        raise
    return folder if media else None


def _written_beside(path: Path, data: bytes, *, force: bool, hint: str | Hint) -> list[Path]:
    """Write a file of the folder, and return what is new of it."""
    if path.parent.parent.is_dir():
        with suppress(OSError):  # what is wrong tells the file
            files.private_folder(path.parent)
    is_new = not path.exists()
    with suppress(OSError):
        if not is_new and reading.bounded(path, len(data), links=False) == data:
            return []
    _write(path, data, force=force, hint=hint)
    return [path] if is_new else []


def _taken_back(new: Sequence[Path], folder: Path) -> None:
    """Leave nothing of a transcript that could not be written."""
    with suppress(OSError):
        for path in new:
            path.unlink()
        folder.rmdir()  # unless it holds something else


def _write(path: Path, data: bytes, *, force: bool, hint: str | Hint) -> None:
    try:
        files.write(path, data, force=force)
    except FileExistsError:
        raise TranscriptError(f"{path} exists already", hint) from None
    except OSError as error:
        if not path.parent.is_dir():
            raise TranscriptError(f"There is no folder {path.parent}", "Make it first.") from None
        raise TranscriptError(f"{path} cannot be written: {error.strerror}") from None


def load_all(path: Path) -> list[Chat]:
    """Every conversation in a file, newest first: at least one. Exports of other programs hold many."""
    try:
        path.stat()  # where there is no file its ending means nothing
        read = _format(path.suffix, READ).read
        if not read:
            raise CommandError(f"A {path.suffix} file cannot be read back", _endings(READ))
        found = read(path)
    except OSError as error:
        raise TranscriptError(f"{path} cannot be read: {error.strerror}") from None
    except Damage as damage:
        where = f", line {damage.line}" if damage.line else ""
        raise TranscriptError(f"{path}{where}: {safe.line(str(damage))}") from None
    if not found:
        raise TranscriptError(f"There is no conversation in {path}")
    return found


def _format(suffix: str, usable: Sequence[str]) -> Format:
    suffix = suffix.lower()
    if suffix not in FORMATS:
        what = f"There is no format {suffix!r}{nearest(suffix, usable)}" if suffix else "The file's name has no ending"
        raise CommandError(what, _endings(usable))
    found: Format = import_module(f"chatrepl.sessions.formats.{FORMATS[suffix].module}").FORMAT
    return found


def _endings(usable: Sequence[str]) -> str:
    return f"The name has to end in one of {' '.join(usable)}."
