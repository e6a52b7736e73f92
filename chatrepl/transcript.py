"""A session on disk: an append-only journal, one JSON line an entry, and the state its entries add up to."""

import json
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from chatrepl import files
from chatrepl.conversation import now
from chatrepl.errors import TranscriptError
from chatrepl.journal import VERSION, Entry, Header, State, from_json, to_json


def new_id() -> str:
    """An id for a session: the time to the second, so that names sort, and four random digits."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


class Transcript:
    """The journal of one session. Every entry is on disk before it counts.

    The file is made when the first message is written, readable by the user alone. Should the disk refuse, ``trouble``
    is told once, the session goes on in memory, and nothing more is written, for a journal with holes would lie.
    """

    def __init__(self, path: Path | None, trouble: Callable[[TranscriptError], None]) -> None:
        """``path`` is the file, made with the first message; None keeps the session in memory alone."""
        self.path = path
        self.state = State()
        self._trouble = trouble
        self._file: int | None = None
        self._waiting: list[Entry] = []  # marks made before there was anything to keep
        if path:
            self._waiting.append(Header(path.stem, now()))

    def add(self, entry: Entry) -> None:
        """Write the entry and take it in."""
        if self.path:
            self._waiting.append(entry)
            if self._file is not None or not _is_preparation(entry):
                self._write()
        self.state.take(entry)

    def close(self) -> None:
        """Close the file; a session in which nothing was said leaves none."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self) -> None:
        assert self.path
        lines = "".join(json.dumps(to_json(entry), separators=(",", ":")) + "\n" for entry in self._waiting)
        try:
            if self._file is None:
                self._file = _open(self.path)
            left = memoryview(lines.encode("ascii"))
            while left:
                left = left[os.write(self._file, left) :]
            self._waiting.clear()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        path, self.path = self.path, None
        self.close()
        self._trouble(
            TranscriptError(
                f"The session cannot be written to {path}: {error.strerror}",
                "The conversation goes on in memory; /save FILE keeps it elsewhere.",
            )
        )


def _is_preparation(entry: Entry) -> bool:
    return getattr(entry, "kind", "") in ("system", "rename")


def _open(path: Path) -> int:
    files.private_folder(path.parent)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def read(path: Path) -> State:
    """The state of the session in that file. Lines that cannot be read are passed over."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise TranscriptError(f"{path} cannot be read: {error.strerror}") from None
    entries = [entry for line in lines if (entry := _entry(line))]
    header = entries[0] if entries else None
    if not isinstance(header, Header):
        raise TranscriptError(f"{path} is no session of chatrepl", 'A session begins with a line {"chatrepl": 1, ...}.')
    if header.version > VERSION:
        raise TranscriptError(f"{path} was written by a newer chatrepl (format {header.version})", "Update chatrepl.")
    state = State()
    for entry in entries:
        state.take(entry)
    return state


def _entry(line: bytes) -> Entry | None:
    try:
        return from_json(json.loads(line))
    except (ValueError, RecursionError):
        return None
