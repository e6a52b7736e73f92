"""A text as the server sends it into lines to write."""

from dataclasses import field

from chatrepl import dataclass
from chatrepl.terminal.drawing.drawing import Drawing
from chatrepl.terminal.drawing.lines import ansi
from chatrepl.terminal.drawing.reasoning import Aside
from chatrepl.text import safe

PIECE = 8_192
"""So many characters are parsed at a time: what a parser makes of a text needs fifty times its memory."""


@dataclass(slots=True)
class Strand:
    """A run of text of one kind, answer or reasoning, on its way from the server to lines."""

    drawing: Drawing | Aside
    guard: safe.Stream = field(default_factory=safe.Stream)
    waiting: list[str] = field(default_factory=list)

    def feed(self, text: str) -> None:
        self.waiting.append(text)

    def take(self, *, coloured: bool) -> list[str]:
        text = self.guard.feed("".join(self.waiting))
        self.waiting.clear()
        lines: list[str] = []
        for at in range(0, len(text), PIECE):
            self.drawing.feed(text[at : at + PIECE])
            lines += [ansi(line, coloured=coloured) for line in self.drawing.take()]
        return lines

    def finish(self, *, coloured: bool) -> list[str]:
        lines = self.take(coloured=coloured)
        self.drawing.feed(self.guard.close())
        return lines + [ansi(line, coloured=coloured) for line in self.drawing.finish()]
