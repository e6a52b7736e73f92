"""Markdown as styled lines, while it arrives."""

from collections.abc import Iterable, Sequence

from rich.segment import Segment

from chatrepl.terminal.drawing.blocks import Pen
from chatrepl.terminal.drawing.lines import Line, cropped, folded, wrapped
from chatrepl.terminal.drawing.styles import styles
from chatrepl.terminal.markdown import Growing, Leaf

BAR = "▎ "


class Drawing:
    """A markdown text that grows, drawn for a number of columns.

    ``theme`` is "dark" or "light". With ``hyperlinks`` links are OSC 8 sequences, else the address is in the text.
    ``encoding`` is the terminal's. The text must have passed through ``safe``. What is taken, and then finished, is the
    same however the text was cut.
    """

    def __init__(self, width: int, *, theme: str = "dark", hyperlinks: bool = False, encoding: str = "utf-8") -> None:
        self._width = width
        self._source = Growing()
        self._pen = Pen(theme, hyperlinks, encoding)

    @property
    def parsed(self) -> int:
        """How many characters were given to the parser so far; a count of work, for tests."""
        return self._source.parsed

    def feed(self, text: str) -> None:
        """Take more text in; this costs next to nothing."""
        self._source.feed(text)

    def take(self) -> list[Line]:
        """The lines that have become final since they were last taken."""
        return self._drawn(self._pen, self._source.take(), self._width)

    def tail(self, rows: int, width: int | None = None) -> list[Line]:
        """The last rows of what may still change, none wider than ``width``."""
        width = width or self._width
        lines = self._drawn(self._pen.fork(), self._source.tail(), width)
        return [row for line in lines[-rows:] for row in _fitted(line, width)][-rows:] if rows > 0 else []

    def finish(self) -> list[Line]:
        """The lines that were not taken yet; the text ends here, and another may begin."""
        return self._drawn(self._pen, self._source.finish(), self._width)

    def resize(self, width: int) -> None:
        """Draw for another number of columns from now on."""
        self._width = width

    def _drawn(self, pen: Pen, leaves: Iterable[Leaf], width: int) -> list[Line]:
        return [line for leaf in leaves for line in _lines(pen, leaf, max(width, 4))]


def draw(
    text: str, width: int, *, theme: str = "dark", hyperlinks: bool = False, encoding: str = "utf-8"
) -> list[Line]:
    """A whole text at once."""
    drawing = Drawing(width, theme=theme, hyperlinks=hyperlinks, encoding=encoding)
    drawing.feed(text)
    return drawing.finish()


def panel(tail: Sequence[Line], title: str, width: int, *, theme: str = "dark") -> list[Line]:
    """The tail with a bar at its left and a title above, at most ``width`` columns wide.

    There is no border at the right or below: it would be torn when the terminal is resized.
    """
    style = styles(theme)["title"]
    bar = Segment(BAR, style)
    rows = [(Segment(title, style),), *tail]
    return [(bar, *cropped(row, width - len(BAR))) for row in rows]


def _lines(pen: Pen, leaf: Leaf, width: int) -> list[Line]:
    try:
        return pen.draw(leaf, width)
    except Exception:  # whatever the text was, its words must come; the tests look for what lands here
        return [row for text in _texts(leaf) for row in wrapped((Segment(text),), width)]


def _texts(leaf: Leaf) -> list[str]:
    """The bare source texts of a leaf."""
    rows = getattr(leaf, "rows", None)
    return [" ".join(row) for row in rows] if rows else [getattr(leaf, "text", "")]


def _fitted(line: Line, width: int) -> list[Line]:
    """A line as rows of a panel; the terminal must not wrap them, nor jump at tabs."""
    line = tuple(Segment(segment.text.replace("\t", "    "), segment.style) for segment in line)
    return folded(line, width) if line else [()]
