"""A model's reasoning as dim lines, while it arrives: plain text, for it is not meant as markdown."""

from rich.segment import Segment
from rich.style import Style

from chatrepl.terminal.drawing.lines import Line, wrapped

_DIM = Style(dim=True)


class Aside:
    """Plain text that grows; fed and taken like a ``Drawing``. A line is final when its end has come."""

    def __init__(self, width: int) -> None:
        self._width = width
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
        lines = [row for line in self._final for row in self._drawn(line, self._width)]
        self._final.clear()
        return lines

    def tail(self, rows: int, width: int | None = None) -> list[Line]:
        """The last rows of the line that still grows."""
        return self._drawn("".join(self._begun), width or self._width, chop=True)[-rows:] if rows > 0 else []

    def finish(self) -> list[Line]:
        """The lines that were not taken yet; the text ends here."""
        if any(self._begun):
            self.feed("\n")
        return self.take()

    def resize(self, width: int) -> None:
        """Draw for another number of columns from now on."""
        self._width = width

    def _drawn(self, line: str, width: int, *, chop: bool = False) -> list[Line]:
        return wrapped((Segment(line.replace("\t", "    "), _DIM),), max(width, 4), chop=chop)
