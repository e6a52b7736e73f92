"""Characters that came in two halves, each in a piece of its own: joined, and a lone half told as U+FFFD.

Strings of JavaScript and Java are made of UTF-16, and a server that cuts one anywhere may cut an emoji. A half is no
text: no file, no terminal and no request can hold it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from chatrepl import replace
from chatrepl.errors import ChatError
from chatrepl.events import Event, Finished, Search, Source, Started, Text, Thinking, ToolCallPiece
from chatrepl.text.halves import whole_characters

_FIRST_HALF = re.compile("[\ud800-\udbff]\\Z")
_FIELDS: dict[type[Any], str] = {Text: "text", Thinking: "text", ToolCallPiece: "arguments"}
"""The field of each event that comes in pieces."""


def joined(events: Iterable[Event]) -> Iterator[Event]:
    """The same events, no character of which is cut in two."""
    halves = Halves()
    try:
        for event in events:
            if type(event) is Text and event.text.isascii() and not halves.held:  # as most pieces
                yield event
            else:
                yield from halves.feed(event)
    except ChatError:
        yield from halves.rest()
        raise
    yield from halves.rest()


class Halves:
    """The same for events that come one by one."""

    def __init__(self) -> None:
        self._held: Any = None  # a piece that is a first half and nothing else

    @property
    def held(self) -> bool:
        """Whether half a character waits for the other half."""
        return bool(self._held)

    def feed(self, event: Any) -> Iterator[Event]:
        """What can be told of the next event, and of what was held."""
        field = _FIELDS.get(type(event))
        if not field:
            if isinstance(event, Finished):
                yield from self.rest()
            yield _mended(event)
            return
        said = getattr(event, field)
        if not self._held and said.isascii():  # as most pieces
            yield event
            return
        if self._held and _goes_on(self._held, event):
            said, self._held = getattr(self._held, field) + said, None
        elif said:
            yield from self.rest()
        half = _FIRST_HALF.search(said)
        if half and said:
            said, self._held = said[:-1], type(event)(**{**_place(event), field: half[0]})
        yield replace(event, **{field: whole_characters(said)})

    def rest(self) -> Iterator[Event]:
        """A half that stays alone."""
        held, self._held = self._held, None
        if held:
            field = _FIELDS[type(held)]
            yield replace(held, **{field: whole_characters(getattr(held, field))})


def _place(event: Any) -> dict[str, int]:
    return {"index": event.index} if isinstance(event, ToolCallPiece) else {}


def _goes_on(held: Any, event: Any) -> bool:
    return type(held) is type(event) and _place(held) == _place(event)


def _mended(event: Event) -> Event:
    match event:
        case Started(model, fingerprint):
            return Started(whole_characters(model), whole_characters(fingerprint))
        case Finished(raw=raw):
            return replace(event, raw=whole_characters(raw))
        case Source(title=title, words=words) if not (title.isascii() and words.isascii()):
            return replace(event, title=whole_characters(title), words=whole_characters(words))
        case Search(query=query):
            return replace(event, query=whole_characters(query))
    return event
