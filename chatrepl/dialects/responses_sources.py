"""What OpenAI's responses tell of searches and sources: with each item, and once more in the last response."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from chatrepl.dialects import search
from chatrepl.dialects.citations import Placing
from chatrepl.events import Event
from chatrepl.text.shapes import as_text, dig, items, text


class Sources:
    """The searches and the sources of a reply; ``said`` gives all of its text so far."""

    def __init__(self, said: Callable[[], str]) -> None:
        self._placing = Placing(said)
        self._searches: set[tuple[str, bool]] = set()  # those told, and whether that they are over

    def of_item(self, item: object, *, over: bool) -> Iterator[Event]:
        """What an item tells as it begins, or once it is ``over``: each search once."""
        for event in search.searched(item, over=over):
            name = text(dig(item, "id")) or event.query, over
            if name not in self._searches:
                self._searches.add(name)
                yield event
        if over:
            yield from search.of_item(item)
            for part in items(dig(item, "content")):
                yield from self.cited(dig(part, "annotations"), partial(as_text, dig(part, "text")))

    def cited(self, annotations: object, part: Callable[[], str]) -> Iterator[Event]:
        """The sources that a part of the text cites."""
        yield from (self._placing.within(each, part) for each in search.annotations(annotations))

    def asked(self, chunk: dict[str, Any]) -> Iterator[Event]:
        """What Perplexity searches for."""
        yield from search.searched({**chunk, "type": "search_results"}, over=False)
