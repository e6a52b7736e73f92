"""The replies that stand beside the first one where a request brings several: each is read as if it came alone."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from chatrepl.config.config import Profile
from chatrepl.dialects.citations import Citation, placed
from chatrepl.dialects.pieces import Pieces
from chatrepl.dialects.repair import LEFT_OUT
from chatrepl.dialects.surrogates import Halves
from chatrepl.dialects.thinking import Splitter
from chatrepl.errors import ChatError
from chatrepl.events import Choice, Event, Finished, Started, Usage
from chatrepl.text.shapes import count, dig, items

MOST = 128
"""So many replies at most are read: no server gives more."""

OPTION = "n"
"""The option that says how many are wanted, in every protocol that has it."""

_NAMES = (OPTION, "candidateCount")
"""What it is called where it is sent."""


class Decoder(Protocol):
    """What reads one reply: chunks, or a whole body, into events. ``finish`` ends what told no end; "" is no reason."""

    finished: bool

    def feed(self, chunk: dict[str, Any]) -> Iterator[Event | Citation]: ...

    def finish(self, raw: str) -> Finished: ...


def wanted(profile: Profile) -> int:
    """How many replies a request of the profile asks for, as far as is known that its server takes the option."""
    if LEFT_OUT in map(profile.parameters.get, _NAMES):
        return 1
    return max(1, min(count(profile.options.get(OPTION)) or 1, MOST))


def whole(body: dict[str, Any], begin: Callable[[], Decoder], name: str = "choices") -> Iterator[Event]:
    """The events of all replies in a body."""
    reply, beside = begin(), Beside(begin, name)
    yield from placed(reply.feed(body))
    if not reply.finished:
        yield reply.finish("")
    yield from beside.feed(body)
    yield from beside.end()


def ending(event: Event) -> int | None:
    """The place of the reply that an event ends, None where it ends none."""
    place, event = (event.place, event.event) if isinstance(event, Choice) else (0, event)
    return place if isinstance(event, Finished) else None


class Beside:
    """What chunks say of all choices but the first. ``begin`` makes what reads one, ``name`` is where they stand."""

    def __init__(self, begin: Callable[[], Decoder], name: str = "choices") -> None:
        self._begin = begin
        self._name = name
        self._known: dict[int, _Reply] = {}

    def feed(self, chunk: dict[str, Any]) -> Iterator[Choice]:
        """The events of a chunk, or of a whole body."""
        for choice in items(chunk.get(self._name)):
            place = count(dig(choice, "index")) or 0
            if 0 < place < MOST:
                reply = self._known.setdefault(place, _Reply(self._begin))
                alone = {**chunk, self._name: [{**choice, "index": 0}]}
                yield from (Choice(place, event) for event in reply.feed(alone))

    def end(self) -> Iterator[Choice]:
        """The ends of those that told none, where the server says that all is over."""
        for place, reply in self._known.items():
            yield from (Choice(place, event) for event in reply.end())


class _Reply:
    def __init__(self, begin: Callable[[], Decoder]) -> None:
        self._read = begin().feed
        self._pieces, self._halves, self._splitter = Pieces(), Halves(), Splitter()
        self._over = False

    def feed(self, chunk: dict[str, Any]) -> Iterator[Event]:
        try:
            for event in self._pieces.news(self._read(chunk)):
                if not isinstance(event, Started | Usage):  # those are of the request
                    yield from self._whole(event)
        except ChatError as error:  # the others may be fine
            yield from self._whole(Finished("error", str(error)))

    def end(self) -> Iterator[Event]:
        if not self._over:
            yield from self._whole(Finished("stop"))

    def _whole(self, event: Event) -> Iterator[Event]:
        self._over |= isinstance(event, Finished)
        for mended in self._halves.feed(event):
            yield from self._splitter.take(mended)
