"""Tables, fitted to a width."""

from itertools import zip_longest
from typing import NamedTuple

from rich.segment import Segment

from chatrepl.terminal.drawing.inlines import Inlines
from chatrepl.terminal.drawing.lines import Line, cells, plain, stripped, wrapped
from chatrepl.terminal.markdown.leaves import Table
from chatrepl.text.width import width as columns

_LONG_WORD = 12
"""A column gets room for the longest word, unless that has more cells than this and more than the column's share."""

_SEPARATOR = " │ "
_INDENT = Segment("  ")
_RULE = 20
_SLACK = 2
"""So many columns more than it needs has each column of a table whose other rows are not known yet, or a quarter."""


class Columns(NamedTuple):
    """The columns of a table: their names, how wide they are, none where not even the words fit, and their sides."""

    names: list[Line]
    widths: list[int]
    aligns: tuple[str, ...]


def columns_of(table: Table, width: int, inlines: Inlines) -> Columns:
    """How the columns of a table share that width."""
    return _columns(table, _drawn(table, inlines), width)


def draw_table(table: Table, width: int, inlines: Inlines) -> list[Line]:
    """The rows of a table; where not even the words fit, each of its cells beside the name of its column."""
    drawn = _drawn(table, inlines)
    shared = _columns(table, drawn, width)
    if not shared.widths:
        return _records(drawn, width, inlines)
    border = inlines.styles["border"]
    rule = (Segment("─┼─".join("─" * cell for cell in shared.widths), border),)
    lines = [_rows(row, shared.widths, table.aligns, Segment(_SEPARATOR, border)) for row in drawn]
    return [*lines[0], rule, *(line for row in lines[1:] for line in row)]


def draw_row(row: tuple[str, ...], shared: Columns, width: int, inlines: Inlines) -> list[Line]:
    """One more row of a table, in its columns."""
    count = len(shared.names)
    cells = [*row[: count - 1], " | ".join(row[count - 1 :])]
    line = [inlines.line(cell) for cell in cells + [""] * (count - len(cells))]
    if not shared.widths:
        return _records([shared.names, line], width, inlines)[1:]  # the rule before it stands there
    return _rows(line, shared.widths, shared.aligns, Segment(_SEPARATOR, inlines.styles["border"]))


def _drawn(table: Table, inlines: Inlines) -> list[list[Line]]:
    header, *rows = _filled(table)
    names = [inlines.line(cell, inlines.styles["header"]) for cell in header]
    return [names, *([inlines.line(cell) for cell in row] for row in rows)]


def _columns(table: Table, drawn: list[list[Line]], width: int) -> Columns:
    room = width - len(_SEPARATOR) * (len(drawn[0]) - 1)
    return Columns(drawn[0], _widths(drawn, room, slack=table.more), table.aligns)


def _filled(table: Table) -> list[tuple[str, ...]]:
    """The rows, each with a cell in every column."""
    columns = max(map(len, table.rows))
    return [row + ("",) * (columns - len(row)) for row in table.rows]


def _widths(rows: list[list[Line]], room: int, *, slack: bool) -> list[int]:
    """The widths of the columns; none if the room does not do for their words. With ``slack`` there is some for rows
    that are not known yet."""
    columns = list(zip(*rows, strict=True))
    wanted = [max(_widest(cell) for cell in column) for column in columns]
    if sum(wanted) <= room:
        spare = room - sum(wanted) if slack else 0
        return [width + min(max(_SLACK, width // 4), spare // len(columns)) for width in wanted]
    share = max(_LONG_WORD, room // len(columns))
    widths = [min(max(_widest(cell, words=True) for cell in column), share) for column in columns]
    if sum(widths) > room:
        return []
    for _ in range(room - sum(widths)):  # what is left goes to the narrowest that can use it
        open_columns = [index for index, width in enumerate(widths) if width < wanted[index]]
        widths[min(open_columns, key=widths.__getitem__)] += 1
    return widths


def _widest(cell: Line, words: bool = False) -> int:
    text = plain(cell)
    parts = text.split() if words else text.split("\n")
    return max((columns(part.strip(" ")) for part in parts), default=0) or 1


def _rows(row: list[Line], widths: list[int], aligns: tuple[str, ...], separator: Segment) -> list[Line]:
    """One row of the table, on as many lines as its highest cell."""
    columns = [wrapped(cell, width, chop=True) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for parts in zip_longest(*columns, fillvalue=()):
        line: list[Segment] = []
        for index, part in enumerate(parts):
            line += [separator] if index else []
            line += _aligned(part, widths[index], aligns[index] if index < len(aligns) else "")
        lines.append(stripped(tuple(line)))
    return lines


def _aligned(part: Line, width: int, align: str) -> list[Segment]:
    space = max(width - cells(part), 0)
    before = {"right": space, "center": space // 2}.get(align, 0)
    padded = [Segment(" " * before), *part, Segment(" " * (space - before))]
    return [segment for segment in padded if segment.text]


def _records(rows: list[list[Line]], width: int, inlines: Inlines) -> list[Line]:
    """Each row on lines of its own, below a rule: its cells, each beside the name of its column."""
    header, *records = rows
    border = inlines.styles["border"]
    rule: Line = (Segment("─" * min(width, _RULE), border),)
    if not records:
        return [row for name in header for row in _beneath(name, width)]
    lines = []
    for record in records:
        lines.append(rule)
        for name, cell in zip(header, record, strict=True):
            named, filled = bool(plain(name).strip()), bool(plain(cell).strip())
            before = (*name, Segment(": ", border)) if named else ()
            if filled or named:
                lines += _beneath((*before, *(cell if filled else (Segment("–", border),))), width)
    return [*lines, rule]


def _beneath(line: Line, width: int) -> list[Line]:
    """The line in rows, of which all but the first are indented."""
    rows = wrapped(line, width, chop=True)
    if len(rows) > 1:
        rows = wrapped(line, width - len(_INDENT.text), chop=True)
    return [*rows[:1], *((_INDENT, *row) for row in rows[1:])]
