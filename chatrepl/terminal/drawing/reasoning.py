"""A model's reasoning behind an edge, while it arrives: plain text, for it is not meant as markdown."""

from rich.segment import Segment
from rich.style import Style

from chatrepl.terminal.drawing.lines import Line, wrapped

EDGE = "▎ "
FOLDED_ROWS = 5
"""So many rows are seen while it comes, where nothing of it stays."""

_DIM = Style(dim=True)
_TEXT = Style(dim=True, italic=True)


class Reasoning:
    """Plain text that grows; fed and taken like a ``Drawing``. A line is final when its end has come.

    Where it is ``folded``, no line is ever final: its last rows are seen while it comes.
    """

    def __init__(self, width: int, *, folded: bool = False) -> None:
        self._width = width
        self._folded = folded
        self._labelled = folded  # whether the label is among the lines that were taken
        self._begun: list[str] = []  # the pieces of the last line
        self._final: list[str] = []

    def feed(self, text: str) -> None:
        """Take more text in."""
        first, *others = text.split("\n")
        self._begun.append(first)
        for line in others:
            self._final.append("".join(self._begun))
            self._begun = [line]

    def take(self) -> list[Line]:
        """The lines that have become final since they were last taken."""
        if self._folded:
            del self._final[:-FOLDED_ROWS]
            return []
        lines = [row for line in self._final for row in self._drawn(line)]
        self._final.clear()
        if lines and not self._labelled:
            self._labelled = True
            lines.insert(0, self._label(""))
        return lines

    def tail(self, rows: int) -> list[Line]:
        """The last rows of the line that still grows."""
        lines = [*self._final, "".join(self._begun)] if self._folded else ["".join(self._begun)]
        if not lines[-1].strip():
            lines.pop()
        drawn = [row for line in lines for row in self._drawn(line)]
        return drawn[-min(rows, FOLDED_ROWS) :] if self._folded else drawn[-rows:]

    def below_its_label(self, tail: list[Line], seconds: float) -> list[Line]:
        """The tail, and above it the label with the time, as long as it was not taken."""
        return tail if self._labelled and not self._folded else [self._label(f" · {int(seconds)} s"), *tail]

    def finish(self) -> list[Line]:
        """The lines that were not taken yet; the text ends here."""
        if any(self._begun):
            self.feed("\n")
        return self.take()

    def resize(self, width: int) -> None:
        """Draw for another number of columns from now on."""
        self._width = width

    def _label(self, time: str) -> Line:
        return (Segment(f"{EDGE}thinking{time}", _DIM),)

    def _drawn(self, line: str) -> list[Line]:
        text = (Segment(line.replace("\t", "    "), _TEXT),)
        rows = wrapped(text, max(self._width - len(EDGE), 4), chop=True)
        return [(Segment(EDGE if row else EDGE.rstrip(), _DIM), *row) for row in rows]
