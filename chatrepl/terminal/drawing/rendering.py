"""A text as the server sends it into lines."""

from collections.abc import Iterator

from rich.segment import Segment

from chatrepl import dataclass, field
from chatrepl.terminal.drawing.drawing import Drawing
from chatrepl.terminal.drawing.lines import Line
from chatrepl.terminal.drawing.reasoning import Reasoning
from chatrepl.text import safe

PIECE = 8_192
"""So many characters are parsed at a time: what a parser makes of a text needs fifty times its memory."""


MOST = 1 << 20
"""So many characters of a reply are drawn, more than any model says. The rest is shown as it was written: to draw what
arrives in a second may take minutes."""

OF_A_FLOOD = 1 << 17
"""So many where more than MOST come at once, which nobody will read."""


@dataclass()
class Rendering:
    """A run of text of one kind, answer or reasoning, on its way from the server to lines. In what is shown as it was
    written a line stands for many."""

    drawing: Drawing | Reasoning
    guard: safe.Stream = field(default_factory=safe.Stream)
    waiting: list[str] = field(default_factory=list)
    drawn: int = 0
    """So many characters were drawn."""
    begun: str | None = None
    """The last line of what is shown as it was written; None while all is drawn."""

    def feed(self, text: str) -> None:
        """Take more text in; this costs next to nothing."""
        self.waiting.append(text)

    def take(self) -> Iterator[Line]:
        """The lines that have become final since they were last taken. As a line is, it takes ten times its text: none
        should be kept."""
        text = self.guard.feed("".join(self.waiting))
        self.waiting.clear()
        end = self._end(text)
        for at in range(0, end, PIECE):
            self.drawing.feed(text[at : min(at + PIECE, end)])
            yield from self.drawing.take()
        self.drawn += end
        if end < len(text):
            yield from self._as_written(text[end:])

    def _end(self, text: str) -> int:
        """How much of the text is drawn."""
        if self.begun is not None:
            return 0
        most = OF_A_FLOOD if len(text) > MOST else max(MOST - self.drawn, 0)
        if len(text) <= most:
            return len(text)
        return text.find("\n", most, most + PIECE) + 1 or most

    def _as_written(self, text: str) -> Iterator[Line]:
        """The lines of that as they were written, in one; the last one waits for its end, but not for long."""
        if self.begun is None:
            yield from self.drawing.finish()
        text = f"{self.begun}{text}" if self.begun else text
        end = text.rfind("\n")
        if len(text) - end > PIECE:
            end = len(text)
        self.begun = text[end + 1 :]
        if end >= 0:
            yield (Segment(text[:end]),)

    def cite(self, number: int, url: str, behind: str) -> bool:
        """Draw the mark for a source; whether its place can still be drawn."""
        if not isinstance(self.drawing, Drawing) or self.begun is not None:
            return False
        self.drawing.feed(self.guard.feed("".join(self.waiting)))
        self.waiting.clear()
        return self.drawing.cite(number, url, safe.text(behind))

    def finish(self) -> Iterator[Line]:
        """The lines that were not taken yet; the text ends here."""
        yield from self.take()
        rest = self.guard.close()
        if self.begun is None:
            self.drawing.feed(rest)
            yield from self.drawing.finish()
        elif rest or self.begun:
            yield from self._as_written(f"{rest}\n")
