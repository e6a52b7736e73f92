"""A session on disk: an append-only journal, one JSON line an entry, and the state its entries add up to."""

import errno
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from chatrepl import files
from chatrepl.conversation import Conversation, now
from chatrepl.errors import Hint, TranscriptError
from chatrepl.files import reading
from chatrepl.files.locking import hold
from chatrepl.sessions import beside, tail
from chatrepl.sessions.encoding import reshaped, to_data
from chatrepl.sessions.entries import WHO, Entry, Header, Mark, Piece, Said, Step, Taken
from chatrepl.sessions.journal import MOST, Journal, entry, read as read
from chatrepl.sessions.state import State
from chatrepl.text import safe

NAMED = 5
"""So many damaged lines are named by their numbers."""

Trouble = Callable[[TranscriptError], None]


def new_id() -> str:
    """An id for a session: the time to the second, so that names sort, and four random digits."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.urandom(2).hex()}"


class Busy(TranscriptError):
    """Another terminal has the session open."""


class Transcript:
    """The journal of one session. Every entry is handed to the disk before it counts.

    The file is made when the first message is written, readable by the user alone, and held as long as it is open.
    Nothing that the program wrote is lost if it is killed. A power cut may cost the turn under way and no more: the
    disk is waited for when a reply is whole, for only then does nobody wait for it.

    Should the disk refuse, ``trouble`` is told once and the session goes on in memory; what is missing is written as
    soon as the disk takes it.
    """

    def __init__(
        self, path: Path | None, trouble: Trouble, state: State | None = None, file: int | None = None, size: int = 0
    ) -> None:
        """``path`` is the file, made with the first message, under another name if this one is taken by then; None
        keeps the session in memory alone. One that goes on has its ``state``, and its ``file`` open, of that size."""
        self.path = path
        self.state = state or State()
        self._trouble = trouble
        self._file = file
        self._size = size
        """Where the last whole line ends."""
        self._pieces: int | None = None
        """Where the pieces begin that the file ends with."""
        self._refused = False
        self._waiting: list[Entry] = []
        """What is not written yet: marks made before there was anything to keep, and what the disk refused."""

    @property
    def kept(self) -> Path | None:
        """The file that holds all that was said; None where it is not in a file, or not all of it."""
        return self.path if self._size and not self._refused else None

    def add(self, entry: Entry) -> None:
        """Write the entry and take it in."""
        if self.path:
            self._waiting.append(entry)
            if isinstance(entry, Said | Step) or (
                not self._refused and (self._file is not None or self._changes(entry))
            ):
                self.write()
        self.state.take(entry)

    def _changes(self, entry: Entry) -> bool:
        """Whether it does something to what was said: to a copy of another session, which is no file before."""
        return isinstance(entry, Mark) and bool(self.state.history.now.size)

    def write(self) -> None:
        """Write what waits to be written."""
        if not (self.path and self._waiting):
            return
        try:
            if self._file is None:
                self.path, self._file = _created(self.path)
                self._waiting.insert(0, Header(self.path.stem, now()))
            self._put(self.path, self._file)
        except OSError as error:
            self._refuse(error)

    def _put(self, path: Path, file: int) -> None:
        """Add what waits to the file. A reply takes the place of the pieces of it that the file ends with."""
        waiting, begun = self._waiting, self._pieces
        place = begun if len(waiting) == 1 and _is_reply(waiting[0]) else None
        line = b"".join(_line(entry, beside.folder_of(path)) for entry in waiting)
        room = b"" if place is None else tail.room(len(line), self._size - place)
        if self._refused:  # half a line may stand there
            os.ftruncate(file, self._size)
        _write_all(file, room)
        _write_all(file, line)
        if place is not None or any(isinstance(entry, Said) and _is_reply(entry) for entry in waiting):
            _sync(file)
        if not all(isinstance(entry, Piece) for entry in waiting):
            self._pieces = None
        elif begun is None:
            self._pieces = self._size
        self._size += len(room + line)  # not before: what the disk could not keep is cut off, and written once more
        self._waiting, self._refused = [], False
        if place is not None:
            self._size = tail.shortened(path, file, place, self._size, line)

    def whole(self) -> bool:
        """Whether all that was said is where it is kept. What the disk refused is offered to it once more."""
        if self._refused:
            self.write()
        return not self._refused

    def discard(self) -> None:
        """Let ``close`` leave no file: there is nothing in it to go on with."""
        self._size, self._waiting = 0, []

    def close(self) -> None:
        """Close the file; a session in which nothing was said leaves none."""
        if not self.whole():
            self._trouble(TranscriptError(f"What was said last is not in {self.path}: the disk never took it"))
        if self._file is not None:
            os.close(self._file)
            self._file = None
            if self.path and not self._size:
                beside.remove(self.path)
                with suppress(OSError):
                    self.path.unlink()

    def _refuse(self, error: OSError) -> None:
        self._waiting = [entry for entry in self._waiting if not isinstance(entry, Piece)]
        if self._file is not None:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
        if not self._refused:
            self._refused = True
            line = f"The session cannot be written to {self.path}: {error.strerror}"
            later = "The conversation goes on in memory and is written once that is possible"
            hint = Hint(f"{later}.", f"{later}; /save FILE keeps it now.")
            self._trouble(TranscriptError(line, hint))

    # going on with what is there

    @classmethod
    def reopened(cls, path: Path, trouble: Trouble) -> "Transcript":
        """The session in that file, to go on with; ``Busy`` if another terminal does.

        A torn last line is what a killed program leaves: it is cut off and kept aside. Lines before it that cannot be
        read are kept aside as well, and told.
        """
        try:
            with ExitStack() as failing:
                file = os.open(path, _APPENDING)
                failing.callback(os.close, file)
                if not hold(file):
                    raise Busy(f"The session {path.stem} is open in another terminal")
                found = Journal.of(path)
                _mend(file, path, found, trouble)
                if found.lost:
                    trouble(_loss(path, found.lost))
                size = os.fstat(file).st_size
                failing.pop_all()
        except OSError as error:
            raise TranscriptError(f"{path} cannot be opened: {error.strerror}") from None
        return cls(path, trouble, found.state, file, size)

    @classmethod
    def copied(cls, state: State, path: Path | None, trouble: Trouble) -> "Transcript":
        """A new session that begins with that conversation, and is written as soon as it is another one."""
        transcript = cls(path, trouble)
        for kind in WHO:
            if text := state.who.get(kind):
                transcript.add(Mark(kind, text))
        transcript.adopt(state.conversation, state.title)
        return transcript

    def adopt(self, conversation: Conversation, title: str) -> None:
        """Take a whole conversation over; an open turn at its end opens one here."""
        self.add(Mark("system", conversation.system))
        if title:
            self.add(Mark("rename", title))
        for turn in conversation.turns:
            self.add(Taken(turn) if len(turn) > 1 else Said(turn[0]))
        for mark in reshaped(conversation.shape):
            self.add(mark)


def _is_reply(entry: Entry) -> bool:
    return isinstance(entry, Said | Step) and entry.message.role == "assistant"


def _line(entry: Entry, folder: Path) -> bytes:
    """The line of an entry, whose media stand in that folder."""
    import json  # not before the first line is written

    data = to_data(entry) if isinstance(entry, Piece | Mark | Header) else beside.referring(to_data(entry), folder)
    return json.dumps(data, separators=(",", ":")).encode("ascii") + b"\n"


# The file


_APPENDING = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)


def _created(path: Path) -> tuple[Path, int]:
    """A new file, held, and its path: this one, or another beside it where the name is taken."""
    files.private_folder(path.parent)
    while True:
        try:
            file = os.open(path, _APPENDING | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            path = path.with_name(f"{new_id()}.jsonl")
        else:
            hold(file)  # nobody else does: a file that is empty is no session yet
            return path, file


def _write_all(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _sync(file: int) -> None:
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # a file system that cannot say
            raise


def _mend(file: int, path: Path, found: Journal, trouble: Trouble) -> None:
    """Make the file end with a whole line, and keep aside what cannot be read."""
    aside = [line for _, line in found.damaged]
    if found.torn and entry(found.torn):
        _write_all(file, b"\n")
    elif found.torn:
        aside.append(found.torn)
    if aside:
        kept = path.with_name(path.name + ".damaged")
        new = _kept_aside(kept, aside)
        if numbers := [str(number) for number, line in found.damaged if line in new]:  # the others were told before
            trouble(_damage(path, numbers, kept))
    if found.torn and not entry(found.torn):
        os.ftruncate(file, found.size)


def _damage(path: Path, numbers: list[str], kept: Path) -> TranscriptError:
    """That these lines cannot be read, in one line however many they are."""
    if len(numbers) == 1:
        line = f"Line {numbers[0]} of {path} cannot be read and is left out"
        return TranscriptError(line, f"It is kept in {kept}")
    more = f" and {len(numbers) - NAMED:,} more" if len(numbers) > NAMED else ""
    line = f"Lines {', '.join(numbers[:NAMED])}{more} of {path} cannot be read and are left out"
    return TranscriptError(line, f"They are kept in {kept}")


def _loss(path: Path, lost: Mapping[str, str]) -> TranscriptError:
    """That these files are not what they were, in one line however many they are."""
    names = ", ".join(f"{safe.line(name)} {what}" for name, what in [*lost.items()][:NAMED])
    more = f" and {len(lost) - NAMED:,} more" if len(lost) > NAMED else ""
    return TranscriptError(f"Of the files in {beside.folder_of(path)} {names}{more}", "A text stands in their place.")


def _kept_aside(path: Path, lines: list[bytes]) -> set[bytes]:
    """Add the lines to the file that are not there yet, which are returned."""
    known = set(reading.bounded(path, MOST, links=False).split(b"\n")) if path.exists() else set()
    new = dict.fromkeys(line for line in lines if line not in known)
    file = os.open(path, _APPENDING | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        _write_all(file, b"".join(line + b"\n" for line in new))
    finally:
        os.close(file)
    return set(new)
