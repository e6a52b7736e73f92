"""What becomes of a tool's output: cut for the model, whole for the session, and never more than can be held."""

from collections import deque
from collections.abc import Callable

from chatrepl.conversation import ImagePart, Part, ToolResultPart
from chatrepl.text.excerpt import capped
from chatrepl.tools.tool import Media, Result

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


def parts(number: str, result: Result, failure: str = "") -> list[Part]:
    """The result as it is kept in the session: all of it, of which a request holds the head and the tail, and behind it
    its pictures. ``failure`` says in a word how the call failed, where that is more than an error."""
    others = [f"[{each.mime} {each.name}]".replace(" ]", "]") for each in result.media if not _is_image(each)]
    text = "\n\n".join(filter(None, (result.whole or result.text, *others)))
    pictures = [ImagePart(each.mime, each.data, each.name) for each in result.media if _is_image(each)]
    return [ToolResultPart(number, text, failure or ("failed" if result.error else "")), *pictures]


def _is_image(media: Media) -> bool:
    return media.mime.startswith("image/")


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
