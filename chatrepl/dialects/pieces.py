"""The pieces of a reply: what a server says twice is told once."""

from collections.abc import Iterable, Iterator

from chatrepl import replace
from chatrepl.dialects.citations import Citation, Placing
from chatrepl.errors import ChatError
from chatrepl.events import Event, Finished, Source, Text, Thinking

SHORTEST = 4
"""What is shorter, in characters, and came as one piece may well come once more as the next one."""

_MARGIN = 64
"""So many characters of white space may be around a text in the one place and not in the other."""


LONGEST = 8 * 2**20
"""What is longer, in characters, is not kept to be compared: its length alone tells then what is beyond it."""


class Told:
    """A text of which pieces come, and perhaps in the end the whole."""

    def __init__(self) -> None:
        self._told = bytearray()  # a list of the pieces, as StringIO has one, takes twelve times their memory
        self._pieces = self.size = 0
        self._end = ""

    def __bool__(self) -> bool:
        return bool(self.size)

    @property
    def text(self) -> str:
        """All of it."""
        return self._told.decode("utf-8", "surrogatepass")

    @property
    def is_in_a_line(self) -> bool:
        """Whether what comes next stands in a line in which something stands."""
        return self._end not in ("", "\n")

    @property
    def is_known_again(self) -> bool:
        """Whether it is so long that nobody says it twice but who repeats it."""
        return self._pieces > 1 or self.size >= SHORTEST

    def piece(self, said: str) -> str:
        """The next piece, as it is."""
        if said:
            self._pieces += 1
            self.size += len(said)
            self._end = said[-1]
            if self.size <= LONGEST:
                self._told += said.encode("utf-8", "surrogatepass")
            else:
                self._told.clear()
        return said

    def beyond(self, whole: str) -> str:
        """What of the whole text is new: all of it, if it is another one. White space around it is no news."""
        rest = self._rest(whole)
        return self.piece(whole if rest is None else rest)

    def rest(self, whole: str) -> str:
        """The same, but nothing of another text."""
        return self.piece(self._rest(whole) or "")

    def _rest(self, whole: str) -> str | None:
        if len(whole) + _MARGIN < self.size:
            return None
        if self.size > LONGEST:
            return whole[self.size :]
        begun = self.text.strip()
        if not begun:
            return whole.removeprefix(self.text)
        before, _, rest = whole.partition(begun)
        if before.strip():
            return None
        rest = rest.removeprefix(self.text[len(self.text.rstrip()) :])
        return rest if rest.strip() else ""


class Pieces:
    """The events of a streamed reply, chunk by chunk.

    Some servers send the whole message in the last chunk, or after it; only what goes beyond the pieces is news then.
    Perplexity tells all sources with every chunk.
    """

    def __init__(self) -> None:
        self._text, self._thinking = Told(), Told()
        self._placing = Placing(lambda: self._text.text)
        self._sources: set[Source] = set()
        self._over = False

    def text(self, said: str) -> Text | None:
        """A piece of text that came alone; None where it may be said again, which ``news`` looks into."""
        return None if self._over else Text(self._text.piece(said))

    def news(self, chunk: Iterable[Event | Citation], *, whole: bool = False) -> Iterator[Event]:
        """What is new in the events of a chunk; ``whole`` tells that it is known to hold the whole message. Citations
        get their places in the text so far."""
        events, failure = _until_failure(chunk)
        whole |= self._over
        self._over |= any(isinstance(event, Finished) for event in events)
        for event in _joined(events) if whole or self._over else events:
            if isinstance(event, Text | Thinking):
                told = self._text if isinstance(event, Text) else self._thinking
                again = told and (whole or (self._over and told.is_known_again))
                said = told.beyond(event.text) if again else told.piece(event.text)
                event = event if said == event.text else replace(event, text=said)
            elif isinstance(event, Citation):
                event = self._placing.in_all(event)
            if not (_is_empty(event) or self._is_known(event)):
                yield event
        if failure:
            raise failure

    def _is_known(self, event: Event) -> bool:
        """Whether it is a source that was told before."""
        if not isinstance(event, Source):
            return False
        known = event in self._sources
        self._sources.add(event)
        return known


def _is_empty(event: Event) -> bool:
    return isinstance(event, Text | Thinking) and not event.text and not getattr(event, "signature", "")


def _until_failure(chunk: Iterable[Event | Citation]) -> tuple[list[Event | Citation], ChatError | None]:
    """The events of a chunk and the failure that ends it: what was said before that is not lost."""
    events: list[Event | Citation] = []
    try:
        events.extend(chunk)
    except ChatError as error:
        return events, error
    return events, None


def _joined(events: list[Event | Citation]) -> list[Event | Citation]:
    """The events with the texts, and with the thoughts, in one piece each, where the first of them stood."""
    found: list[Event | Citation] = []
    for event in events:
        same = next((at for at, other in enumerate(found) if type(other) is type(event)), None)
        if isinstance(event, Text | Thinking) and same is not None and event == type(event)(event.text):
            first = found[same]
            assert isinstance(first, Text | Thinking)
            found[same] = replace(first, text=first.text + event.text)
        else:
            found.append(event)
    return found
