"""One leaf of the document into its lines."""

import copy
from collections.abc import Sequence

from rich.segment import Segment

from chatrepl.terminal.drawing.highlighting import Highlighter
from chatrepl.terminal.drawing.inlines import Inlines
from chatrepl.terminal.drawing.lines import Line, cells, stripped, wrapped
from chatrepl.terminal.drawing.styles import styles
from chatrepl.terminal.drawing.tables import Columns, columns_of, draw_row, draw_table
from chatrepl.terminal.markdown import leaves
from chatrepl.text.markdown import with_box

_BULLETS = "•◦▪"
_RULE = 40


class Blocks:
    """Draws leaves in their order: between the lines of a code block it keeps the highlighter."""

    def __init__(self, theme: str, hyperlinks: bool, encoding: str = "utf-8") -> None:
        self._theme = theme
        self._styles = styles(theme)
        self._inlines = Inlines(self._styles, hyperlinks, encoding)
        self._highlighter = Highlighter("", theme)
        self._table: leaves.Table | None = None  # whose rows may follow
        self._columns: tuple[int, Columns] | None = None  # those of the table, at that width
        self._begun: tuple[leaves.Within, Line] | None = None  # the last row of a paragraph that goes on

    def fork(self) -> "Blocks":
        """One that goes on from here on its own."""
        other = copy.copy(self)
        other._highlighter = copy.copy(self._highlighter)
        return other

    def draw(self, leaf: leaves.Leaf, width: int) -> list[Line]:
        """The lines of a leaf. Code is as long as it is, with nothing before it but what it is nested in."""
        if isinstance(leaf, leaves.Paragraph):
            return self._paragraph(leaf, width)
        ended = self._paragraph(leaves.Paragraph(leaf.within, ""), width) if self._begun else []
        first, rest = self._margins(leaf.within, width)
        lines = self._content(leaf, width - cells(first)) or [()]
        if isinstance(leaf, leaves.CodeLine) and leaf.text:
            return [*ended, *((*first, *line) for line in lines)]
        return ended + _beside(first, rest, lines)

    def _paragraph(self, leaf: leaves.Paragraph, width: int) -> list[Line]:
        """The rows of a paragraph, or of a part of it; the last row waits where more is to come."""
        within, begun = self._begun or (leaf.within, ())
        line = self._inlines.line(leaf.text if begun else _with_box(within, leaf.text))
        line = _with_a_blank(begun, line) if begun else line
        first, rest = self._margins(within, width)
        rows = wrapped(line, width - cells(first)) or [()]
        self._begun = None
        if not leaf.more:
            return _beside(first, rest, rows)
        *rows, last = rows
        self._begun = leaves.below(within) if rows else within, last
        return _beside(first, rest, rows)

    def _margins(self, within: leaves.Within, width: int) -> tuple[Line, Line]:
        """What stands before the first line of a leaf, and before the others."""
        fitting = _fitting(within, width // 2)
        return tuple(self._margin(fitting)), tuple(self._margin(leaves.below(fitting)))

    def _content(self, leaf: leaves.Leaf, width: int) -> list[Line]:
        match leaf:
            case leaves.Heading(_, level, text):
                return wrapped(self._inlines.line(text, self._styles[f"heading{level}"]), width)
            case leaves.Rule():
                return [(Segment("─" * min(width, _RULE), self._styles["rule"]),)]
            case leaves.Fence(_, text, opens):
                self._highlighter = Highlighter(leaf.language if opens else "", self._theme)
                return wrapped((Segment(text, self._styles["fence"]),), width)
            case leaves.CodeLine(_, text):
                return [self._highlighter.line(text)]
            case leaves.Table():
                self._table, self._columns = leaf, None
                return draw_table(leaf, width, self._inlines)
            case leaves.TableRow(_, row) if self._table:
                if not self._columns or self._columns[0] != width:
                    self._columns = width, columns_of(self._table, width, self._inlines)
                return draw_row(row, self._columns[1], width, self._inlines)
            case leaves.Raw(_, text):
                line = (Segment(text.expandtabs(4)),)
                return wrapped(line, width) if len(text) > width else [line]
        return []

    def _margin(self, within: Sequence[leaves.Item | leaves.Quote]) -> list[Segment]:
        """What stands before a line; the marker of an item only before its first."""
        margin = []
        bullets = 0
        for one in within:
            if isinstance(one, leaves.Quote):
                margin.append(Segment("│ ", self._styles["quote"]))
                continue
            marker = f"{one.number:>3} " if one.number else f"{_BULLETS[bullets % len(_BULLETS)]} "
            bullets += not one.number
            margin.append(Segment(marker, self._styles["marker"]) if one.first else Segment(" " * len(marker)))
        return margin


def _beside(first: Line, rest: Line, lines: list[Line]) -> list[Line]:
    """The lines beside their margins."""
    return [stripped((*(rest if index else first), *line)) for index, line in enumerate(lines)]


def _with_a_blank(begun: Line, more: Line) -> Line:
    """Both with a blank between them, in the segments that the whole would have."""
    blank = Segment(" ")
    *before, last = begun
    first, *after = more or (Segment(""),)
    if not last.style:
        last, blank = Segment(f"{last.text} "), Segment("")
    if not first.style and blank.text:
        first, blank = Segment(f" {first.text}"), Segment("")
    if not (last.style or first.style):
        last, first = Segment(last.text + first.text), Segment("")
    return tuple(segment for segment in (*before, last, blank, first, *after) if segment.text)


def _with_box(within: Sequence[leaves.Item | leaves.Quote], text: str) -> str:
    """The text of a paragraph; at the start of a task in a list, its box."""
    in_item = within and isinstance(within[-1], leaves.Item) and within[-1].first
    return with_box(text) if in_item else text


def _fitting(within: Sequence[leaves.Item | leaves.Quote], width: int) -> Sequence[leaves.Item | leaves.Quote]:
    """The innermost containers: as many as leave room for the text."""
    room = width
    for count, one in enumerate(reversed(within)):
        room -= max(len(one.number), 3) + 1 if isinstance(one, leaves.Item) and one.number else 2
        if room < 0:
            return within[len(within) - count :]
    return within
