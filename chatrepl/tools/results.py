"""What becomes of a tool's output: cut for the model, whole for the session, and never more than can be held."""

from collections import deque
from collections.abc import Callable

from chatrepl.tools.tool import Media, Result

FOR_THE_MODEL = 40_000
"""The characters of a result that a model gets."""

WHOLE = 8 << 20
"""The bytes of an output that are kept; a program that writes more is stopped."""

NOTHING = "(no output)"

CANCELLED = "Cancelled by the user."


def result(
    text: str, *, error: bool = False, media: tuple[Media, ...] = (), hide: Callable[[str], str] = str
) -> Result:
    """A result of that text, without secrets."""
    whole = hide(text)
    return Result(capped(whole) or (NOTHING if not media else ""), whole, media, error)


def failure(text: str) -> Result:
    """The result of a call that came to nothing; the model reads why."""
    return Result(capped(text), text, error=True)


def capped(text: str, limit: int = FOR_THE_MODEL) -> str:
    """The text in at most so many characters: its head and its tail, and how much is missing between them."""
    if len(text) <= limit:
        return text
    mark = "\n\n[… {:,} of {:,} characters left out here …]\n\n"
    room = limit - len(mark.format(len(text), len(text)))
    head, tail = room * 2 // 3, room - room * 2 // 3
    return text[:head] + mark.format(len(text) - head - tail, len(text)) + text[len(text) - tail :]


class Tail:
    """The last bytes of what was fed: the end of what a program complained of."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: deque[bytes] = deque()
        self._size = 0

    def feed(self, data: bytes) -> None:
        """The next piece; what is too old is forgotten."""
        self._pieces.append(data)
        self._size += len(data)
        while self._size - len(self._pieces[0]) >= self._limit:
            self._size -= len(self._pieces.popleft())

    @property
    def text(self) -> str:
        """The end of it all, as text."""
        return b"".join(list(self._pieces))[-self._limit :].decode("utf-8", "replace")


class Kept:
    """What a program writes, up to a bound; what comes behind it is dropped, however much it is."""

    def __init__(self, limit: int = WHOLE) -> None:
        self._limit = limit
        self._data = bytearray()
        self.full = False
        """Whether more came than is kept."""

    def feed(self, data: bytes) -> None:
        """The next piece."""
        room = self._limit - len(self._data)
        self._data += data[:room]
        self.full = self.full or len(data) > room

    @property
    def text(self) -> str:
        """What was kept, as text."""
        return self._data.decode("utf-8", "replace")
