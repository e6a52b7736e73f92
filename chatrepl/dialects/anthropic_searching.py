"""What Anthropic's messages tell of searches and sources, block by block."""

from collections.abc import Iterator
from typing import Any

from chatrepl import replace
from chatrepl.dialects import search
from chatrepl.dialects.citations import Placing
from chatrepl.dialects.pieces import Told
from chatrepl.events import Event, Text
from chatrepl.text.shapes import dig, text


class Searching:
    """The searches of a reply, what they found, and what its texts rest on; ``said`` is all of its text so far."""

    def __init__(self, said: Told) -> None:
        self._said = said
        self._placing = Placing(lambda: said.text)
        self._began = 0  # how much had been said before it
        self._asked: object = None  # the block, if it asks for a tool of the server's
        self._query = ""  # what is looked for
        self._apart = False  # whether the next text stands behind such a tool

    def begin(self, block: object) -> Iterator[Event]:
        """What a block begins with: a search, or the end of one. A text behind it is a paragraph of its own."""
        kind = text(dig(block, "type"))
        is_tool = kind == "server_tool_use" or kind.endswith("_tool_result")
        if kind == "text" and self._apart and self._said.is_in_a_line:
            yield Text("\n\n")
        self._began = self._said.size
        self._asked = block if kind == "server_tool_use" else None
        self._apart = is_tool or (self._apart and kind != "text")
        if is_tool:
            yield from self._searched(block)
            yield from search.results(block)

    def _searched(self, block: object) -> Iterator[Event]:
        """The search that the block is; a result does not say what was looked for."""
        for event in search.of_tool(block):
            self._query = event.query or (self._query if event.over else "")
            yield replace(event, query=self._query)

    def end(self, block: dict[str, Any]) -> Iterator[Event]:
        """The end of the block, whole: what is searched for, where it was told in pieces; and its sources, on which all
        of it rests."""
        if self._asked and block != self._asked:
            yield from self._searched(block)
        self._asked = None
        yield from self._placing.behind(self._began, search.of_block(block))
