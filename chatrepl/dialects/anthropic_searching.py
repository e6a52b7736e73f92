"""What Anthropic's messages tell of searches and sources, block by block."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from chatrepl.dialects import citations, search
from chatrepl.events import Event, Source, Text
from chatrepl.text.halves import whole_characters
from chatrepl.text.shapes import dig, text


class Searching:
    """The searches of a reply, what they found, and what its texts rest on; ``said`` gives all of its text so far."""

    def __init__(self, said: Callable[[], str]) -> None:
        self._said = said
        self._cited: list[Source] = []  # what the block cites
        self._began = 0  # how much had been said before it
        self._tool: object = None  # the block, if it is a tool of the server's
        self._arguments: list[str] = []  # what that is asked for
        self._query = ""  # what is looked for
        self._apart = False  # whether the next text stands behind such a tool

    def begin(self, block: object) -> Iterator[Event]:
        """What a block begins with: a search, or the end of one. A text behind it is a paragraph of its own."""
        kind = text(dig(block, "type"))
        is_tool = kind == "server_tool_use" or kind.endswith("_tool_result")
        said = self._said() if self._apart else ""
        if kind == "text" and said.strip() and not said.endswith("\n"):
            yield Text("\n\n")
        self._began = len(self._said())
        self._tool = block if is_tool else None
        self._apart = is_tool or (self._apart and kind != "text")
        if is_tool:
            yield from self._searched(block)
            yield from search.results(block)
            self._arguments.clear()
        self._cited += search.of_block(block)

    def _searched(self, block: object) -> Iterator[Event]:
        """The search that the block is; a result does not say what was looked for."""
        for event in search.of_tool(block, "".join(self._arguments)):
            self._query = event.query or (self._query if event.over else "")
            yield replace(event, query=self._query)

    def add(self, delta: object) -> None:
        """A delta to the block."""
        if dig(delta, "type") == "text_delta":  # as nearly all are
            return
        if self._tool:
            self._arguments.append(text(dig(delta, "partial_json")))
        self._cited += search.of_block(delta)

    def close(self) -> Iterator[Event]:
        """The end of the block: what is searched for, once that is told; and its sources, on which all of it rests."""
        if self._tool and self._arguments:
            yield from self._searched(self._tool)
        self._tool = None
        cited, self._cited = self._cited, []
        said = self._said() if cited else ""
        start, words = len(whole_characters(said[: self._began])), whole_characters(said[self._began :])
        yield from (citations.at(each, start, words) for each in cited)
