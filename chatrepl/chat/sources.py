"""The sources of a reply that is arriving, and where it cites them."""

import re
from collections.abc import Callable, Iterator
from functools import partial

from chatrepl import dataclass, field
from chatrepl.conversation import SourcePart
from chatrepl.events import Source
from chatrepl.sessions.citations import fitting
from chatrepl.terminal.screen.pictures import Cited

_NUMBER = re.compile(r"\[(\d{1,3})\]")
"""How Perplexity cites the sources that it lists."""


@dataclass()
class Sources:
    """What a server tells of sources, by their addresses. Those that are cited have numbers, in the order in which
    they first are."""

    found: dict[str, Source] = field(default_factory=dict)
    _cited: dict[str, dict[tuple[int, int], None]] = field(default_factory=dict)
    """By address, where it is cited."""
    missed: list[tuple[str, int, int]] = field(default_factory=list)
    """The addresses and places for which the picture, which had drawn them, has no mark."""
    _new: list[tuple[str, int, int]] = field(default_factory=list)
    """The places that the picture was not told."""

    def take(self, event: Source, text: Callable[[], str], before: int) -> None:
        """Take in a source, which may be known; ``text`` gives that of the reply so far, of which the first characters
        were there ``before`` its server paused."""
        known = self.found.get(event.url, event)
        self.found[event.url] = Source(event.url, known.title or event.title)
        if event.cited:
            places = self._cited.setdefault(event.url, {})
            if event.words and (place := _place(event, text(), before)) and place not in places:
                self._new += [(event.url, *place)] if place[1] not in {end for _, end in places} else []
                places[place] = None

    def number(self, url: str) -> int:
        """The number of a source, from 1; 0 where it is not cited."""
        return [*self._cited].index(url) + 1 if url in self._cited else 0

    def new_marks(self, text: Callable[[], str]) -> Iterator[Cited]:
        """The marks that a picture of the text was not told yet."""
        new, self._new = self._new, []
        for url, start, end in new:
            missed = partial(self.missed.append, (url, start, end))
            yield Cited(self.number(url), url, text()[end:], missed)

    def parts(self, text: str, thought: int) -> Iterator[SourcePart]:
        """The sources as they are kept, those first that are cited. So many characters at the start of the text turned
        out to be no part of it."""
        numbers = {url: str(number) for number, url in enumerate(self._cited, 1)} or self._named(text)
        for url in sorted(self.found, key=lambda url: int(numbers.get(url, 0)) or len(self.found) + 1):
            places = ((start - thought, end - thought) for start, end in self._cited.get(url, ()) if start >= thought)
            told = " ".join(f"{start}-{end}" for start, end in sorted(places))
            yield SourcePart(url, self.found[url].title, numbers.get(url, ""), told)

    def _named(self, text: str) -> dict[str, str]:
        """The numbers of the sources that the text itself cites by them."""
        named = set(_NUMBER.findall(text)) if self.found else set[str]()
        return {url: str(number) for number, url in enumerate(self.found, 1) if str(number) in named}


def _place(event: Source, text: str, before: int) -> tuple[int, int] | None:
    """Where the words that are cited begin, and where a mark for them stands."""
    start = event.start + before
    if not text.startswith(event.words, start):
        start = text.rfind(event.words, before)
    end = fitting(text, start + len(event.words)) if start >= 0 else None
    return None if end is None else (min(start, end), end)
