"""Where in its text a reply cites a source, in whatever way a vendor counts: as the place and the words themselves.

OpenAI and those who speak its protocols mark the link in the text, in characters; Google marks the words that are
supported, in bytes of UTF-8, and repeats them; Anthropic marks whole blocks, whose place the decoder knows.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from chatrepl.events import Event, Source, Text
from chatrepl.text.halves import whole_characters
from chatrepl.text.shapes import count, dig, text

MOST = 300
"""So many places are looked for in a reply, for each takes a look at its text; a source cited later is listed alone."""


class Citation(NamedTuple):
    """A source, and where its vendor says that it is cited. ``words`` are those that are meant, where it tells them."""

    source: Source
    start: int
    end: int
    words: str = ""
    is_bytes: bool = False

    def placed(self, said: str) -> Source:
        """The source with its place in what was said; without one where that cannot be told for sure."""
        said = whole_characters(said)
        found = self._by_bytes(said) if self.is_bytes else self._by_characters(said)
        if not found:
            return self.source
        start, end = found
        return at(self.source, start, said[start:end])

    def _by_characters(self, said: str) -> tuple[int, int] | None:
        """By code points, or where the link stands there alone, by the units of UTF-16: not all servers say which."""
        if not 0 <= self.start < self.end:
            return None
        places = [(self.start, self.end), _of_utf16(said, self.start, self.end)]
        linked = [place for place in places if self.source.url in said[slice(*place)]]
        if linked:
            return next((place for place in linked if _LINK.fullmatch(said[slice(*place)])), linked[0])
        return places[0] if places[0] == places[1] and self.end <= len(said) else None

    def _by_bytes(self, said: str) -> tuple[int, int] | None:
        """By the bytes, where the words that are told stand there; else where they stand next to it."""
        data = said.encode("utf-8", "replace")
        start = len(data[: max(self.start, 0)].decode("utf-8", "ignore"))
        here = data[max(self.start, 0) : self.end].decode("utf-8", "ignore")
        if not self.words or here == self.words:
            return (start, start + len(here)) if here else None
        places = (match.start() for match in re.finditer(re.escape(self.words), said))
        near = min(places, key=lambda place: abs(place - start), default=None)
        return None if near is None else (near, near + len(self.words))


_LINK = re.compile(r"\(?(?:\[[^\]\n]*\]\([^)\s]+\)|<?https?://[^\s>)]+>?)\)?")
"""A link and nothing else."""

_NUMBERED = re.compile(r"[\s(]*\[?\[\d{1,4}\]")
"""The words of a citation that is one already in the text, as xAI writes it."""


def at(source: Source, start: int, words: str) -> Source:
    """The source, cited by these words."""
    shown = words.strip() and not _NUMBERED.match(words)
    return Source(source.url, source.title, True, start, words) if shown else source


def _of_utf16(said: str, start: int, end: int) -> tuple[int, int]:
    """The place in code points of one that counts characters beyond the first 65,536 twice."""
    data = said[:end].encode("utf-16-le", "surrogatepass")
    before, within = data[: 2 * start], data[: 2 * end]
    return len(before.decode("utf-16-le", "replace")), len(within.decode("utf-16-le", "replace"))


def marked(value: object, source: Source) -> Citation:
    """What a text of OpenAI's protocols has beside it of a source."""
    ends = count(dig(value, "start_index")) or 0, count(dig(value, "end_index")) or 0
    return Citation(Source(source.url, source.title, cited=True), *ends)


class Placing:
    """Gives the sources that a reply cites their places in its text, of which ``said`` gives all that came so far."""

    def __init__(self, said: Callable[[], str]) -> None:
        self._said = said
        self._left = MOST

    def _looks(self) -> bool:
        """Whether one more place is looked for."""
        self._left -= 1
        return self._left >= 0

    def in_all(self, citation: Citation) -> Source:
        """The source of a citation that is counted in all of the text."""
        return citation.placed(self._said()) if self._looks() else citation.source

    def within(self, citation: Citation, part: Callable[[], str]) -> Source:
        """The source of one that is counted in a part of it."""
        if not self._looks():
            return citation.source
        said, within = whole_characters(self._said()), whole_characters(part())
        source, before = citation.placed(within), said.rfind(within)
        if before < 0 or not source.words:
            return citation.source
        return Source(source.url, source.title, True, before + source.start, source.words)

    def behind(self, began: int, sources: Iterable[Source]) -> Iterator[Source]:
        """The sources on which all of the text from that character on rests."""
        for source in sources:
            if self._looks():
                said = self._said()
                source = at(source, len(whole_characters(said[:began])), whole_characters(said[began:]))
            yield source


def placed(events: Iterable[Event | Citation]) -> Iterator[Event]:
    """The events of a whole reply, its citations with their places in the text before them."""
    said: list[str] = []
    placing = Placing(lambda: "".join(said))
    for event in events:
        if isinstance(event, Text):
            said.append(event.text)
        yield placing.in_all(event) if isinstance(event, Citation) else event


def support(value: object, source: Source) -> Citation:
    """What Google says of the words that a source supports."""
    segment: Any = dig(value, "segment")
    ends = count(dig(segment, "startIndex")) or 0, count(dig(segment, "endIndex")) or 0
    return Citation(Source(source.url, source.title, cited=True), *ends, text(dig(segment, "text")), is_bytes=True)
