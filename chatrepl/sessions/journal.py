"""The journal of a session as it stands in its file: read line by line, and what its lines add up to."""

from collections.abc import Iterator
from pathlib import Path

from chatrepl.errors import TranscriptError
from chatrepl.files import reading
from chatrepl.sessions import beside
from chatrepl.sessions.beside import Beside
from chatrepl.sessions.encoding import complaint, from_data
from chatrepl.sessions.entries import Entry, Header, Said, Step, Taken
from chatrepl.sessions.state import State

PIECE, MESSAGE, STEP, TURN = b'{"piece":', b'{"message":', b'{"step":', b'{"turn":'
"""How the lines begin that most of a journal consists of, as the program writes them."""


MOST = 512 * 2**20
"""The most bytes of a session that is read."""


DAMAGED = 100_000
"""A file with more lines that cannot be read is no session."""


class Journal:
    """What a file of a session holds. More than ``DAMAGED`` lines that cannot be read are a ValueError."""

    def __init__(self, data: bytes, folder: Path | None = None) -> None:
        """``folder`` is the one beside it."""
        self.state = State()
        self._beside = Beside(folder)
        self.damaged: list[tuple[int, bytes]] = []
        """The lines that cannot be read, with their numbers from 1."""
        self.size = data.rfind(b"\n") + 1
        """Where the last whole line ends."""
        self.torn = data[self.size :]
        """What stands behind the last line end."""
        self.lines = self._take(data)
        """How many whole lines there are."""
        if last := entry(self.torn, self._beside):
            self.state.take(last)
        self.lost = self._beside.lost
        """The files beside it that are not what they were, and what became of them."""

    @classmethod
    def of(cls, path: Path) -> "Journal":
        """The journal in that file."""
        try:
            data = reading.bounded(path, MOST)
        except OSError as error:
            raise TranscriptError(f"{path} cannot be read: {error.strerror}") from None
        try:
            journal = cls(data, beside.folder_of(path))
        except ValueError:
            raise TranscriptError(f"{path} has more than {DAMAGED:,} lines that cannot be read") from None
        header = entry(data.partition(b"\n")[0])
        _check(path, header or (Header("", "") if journal.lines > len(journal.damaged) else None))
        return journal

    def _take(self, data: bytes) -> int:
        """Take the whole lines in; returns how many there are. Pieces of a reply that came are not even looked at."""
        position, number, looked = 0, 0, 0
        while position < self.size:
            if position >= looked and data.startswith(PIECE, position):
                looked, skip = self._pieces(data, position)
                number += data.count(b"\n", position, skip)
                position = skip
            end = data.index(b"\n", position)
            number += 1
            if found := entry(data[position:end], self._beside):
                self.state.take(found)
            else:
                self.damaged.append((number, data[position:end]))
                if len(self.damaged) > DAMAGED:
                    raise ValueError("damaged")
            position = end + 1
        return number

    def _pieces(self, data: bytes, start: int) -> tuple[int, int]:
        """Where the pieces from ``start`` on end, and where to read on: there if they became a reply, else at once."""
        end = data.find(b"\n" + MESSAGE, start, self.size) + 1
        end = data.find(b"\n" + STEP, start, end or self.size) + 1 or end
        if not end:
            return self.size, start
        if data.count(b"\n" + PIECE, start, end) + 1 != data.count(b"\n", start, end):
            return end, start  # something else stands among them
        found = entry(data[end : data.index(b"\n", end)])
        came = isinstance(found, Said | Step) and found.message.role == "assistant"
        return end, end if came else start


def read(path: Path) -> State:
    """The state of the session in that file. Lines that cannot be read are skipped."""
    return Journal.of(path).state


def said(path: Path) -> Iterator[str]:
    """Every text that was ever said in the session in that file, also what stands in its conversation no more."""
    for line in reading.bounded(path, MOST).split(b"\n"):
        match entry(line) if line.startswith((MESSAGE, STEP, TURN)) else None:
            case Said(message) | Step(message):
                yield message.text
            case Taken(turn):
                yield from (message.text for message in turn)


def entry(line: bytes, within: Beside = beside.NOTHING) -> Entry | None:
    """The entry on a line, None where it cannot be read."""
    try:
        return from_data(within.restored(_loads(line)))
    except (ValueError, RecursionError):
        return None


def _check(path: Path, header: Entry | None) -> None:
    if wrong := complaint(header):
        raise TranscriptError(f"{path} {wrong[0]}", wrong[1])


def _loads(line: bytes) -> object:
    import json  # a new session reads nothing before its prompt

    from chatrepl.text import shapes

    if len(line) > shapes.MOST and shapes.is_crowded(line.decode("utf-8", "replace")):
        raise ValueError("too many values")
    return json.loads(line)
