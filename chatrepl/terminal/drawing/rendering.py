"""A text as the server sends it into lines."""

from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING

from chatrepl import dataclass
from chatrepl.terminal.drawing.drawing import Drawing
from chatrepl.terminal.drawing.lines import Line
from chatrepl.terminal.drawing.reasoning import Reasoning
from chatrepl.text import safe

if TYPE_CHECKING:
    from chatrepl.terminal.screen.pictures import Cited

PIECE = 8_192
"""So many characters are parsed at a time: what a parser makes of a text needs fifty times its memory."""


@dataclass(slots=True)
class Rendering:
    """A run of text of one kind, answer or reasoning, on its way from the server to lines."""

    drawing: Drawing | Reasoning
    guard: safe.Stream = field(default_factory=safe.Stream)
    waiting: list[str] = field(default_factory=list)

    def feed(self, text: str) -> None:
        """Take more text in; this costs next to nothing."""
        self.waiting.append(text)

    def take(self) -> Iterator[Line]:
        """The lines that have become final since they were last taken. As a line is, it takes ten times its text: none
        should be kept."""
        text = self.guard.feed("".join(self.waiting))
        self.waiting.clear()
        for at in range(0, len(text), PIECE):
            self.drawing.feed(text[at : at + PIECE])
            yield from self.drawing.take()

    def cite(self, cited: "Cited") -> bool:
        """Draw the mark for a source; whether its place can still be drawn."""
        if not isinstance(self.drawing, Drawing):
            return False
        self.drawing.feed(self.guard.feed("".join(self.waiting)))
        self.waiting.clear()
        return self.drawing.cite(cited.number, cited.url, safe.text(cited.behind))

    def finish(self) -> Iterator[Line]:
        """The lines that were not taken yet; the text ends here."""
        yield from self.take()
        self.drawing.feed(self.guard.close())
        yield from self.drawing.finish()
