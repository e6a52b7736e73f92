"""Markdown as styled lines, while it arrives."""

from collections.abc import Iterable

from rich.segment import Segment

from chatrepl.terminal.drawing.blocks import Blocks
from chatrepl.terminal.drawing.lines import Line, folded, plain, wrapped
from chatrepl.terminal.markdown import Growing, about_to_be
from chatrepl.terminal.markdown.leaves import Leaf
from chatrepl.text.markdown import citation, told_of_nothing

_MOST_MARKS = 60
"""A text of more characters has something to show."""


class Drawing:
    """A markdown text that grows, drawn for a number of columns.

    ``theme`` is "dark" or "light". With ``hyperlinks`` links are OSC 8 sequences, else the address is in the text.
    ``encoding`` is the terminal's. The text must have passed through ``safe``. What is taken, and then finished, is the
    same however the text was cut.
    """

    def __init__(self, width: int, *, theme: str = "dark", hyperlinks: bool = False, encoding: str = "utf-8") -> None:
        self._width = width
        self._hyperlinks = hyperlinks
        self._source = Growing()
        self._blocks = Blocks(theme, hyperlinks, encoding)

    @property
    def parsed(self) -> int:
        """How many characters were given to the parser so far; a count of work, for tests."""
        return self._source.parsed

    def feed(self, text: str) -> None:
        """Take more text in; this costs next to nothing."""
        self._source.feed(text)

    def cite(self, number: int, url: str, behind: str) -> bool:
        """Put the mark of a source into the text, with that behind it; whether it can still be drawn there."""
        return self._source.insert(citation(str(number), url if self._hyperlinks else ""), behind)

    def take(self) -> list[Line]:
        """The lines that have become final since they were last taken."""
        return self._drawn(self._blocks, self._source.take())

    def tail(self, rows: int) -> list[Line]:
        """The last rows of what may still change, which the terminal does not wrap."""
        leaves = self._source.tail()
        leaves = [*leaves[:-1], *map(about_to_be, leaves[-1:])]
        lines = self._drawn(self._blocks.fork(), leaves)[-rows:]
        return [row for line in lines for row in _fitted(line, max(self._width, 4))][-rows:]

    def finish(self) -> list[Line]:
        """The lines that were not taken yet; the text ends here, and another may begin."""
        return self._drawn(self._blocks, self._source.finish())

    def resize(self, width: int) -> None:
        """Draw for another number of columns from now on."""
        self._width = width

    def _drawn(self, blocks: Blocks, leaves: Iterable[Leaf]) -> list[Line]:
        return [line for leaf in leaves for line in _lines(blocks, leaf, max(self._width, 4))]


def draw(
    text: str, width: int, *, theme: str = "dark", hyperlinks: bool = False, encoding: str = "utf-8"
) -> list[Line]:
    """A whole text at once."""
    drawing = Drawing(width, theme=theme, hyperlinks=hyperlinks, encoding=encoding)
    drawing.feed(text)
    return drawing.finish()


def nothing_to_see(text: str) -> str:
    """What to tell of a text that shows nothing; "" where it shows something."""
    marks = text.strip()
    blank = len(marks) <= _MOST_MARKS and not any(plain(line).strip() for line in draw(marks, 80))
    return told_of_nothing(marks) if blank else ""


def _lines(blocks: Blocks, leaf: Leaf, width: int) -> list[Line]:
    try:
        return blocks.draw(leaf, width)
    except Exception:  # whatever the text was, its words must come; the tests look for what lands here
        return [row for text in _texts(leaf) for row in wrapped((Segment(text),), width)]


def _texts(leaf: Leaf) -> list[str]:
    """The bare source texts of a leaf."""
    rows = getattr(leaf, "rows", None)
    return [" ".join(row) for row in rows] if rows else [getattr(leaf, "text", "")]


def _fitted(line: Line, width: int) -> list[Line]:
    """A line as rows; the terminal must not wrap them, nor jump at tabs."""
    line = tuple(Segment(segment.text.replace("\t", "    "), segment.style) for segment in line)
    return folded(line, width) if line else [()]
