"""Tables, fitted to a width."""

from itertools import zip_longest

from rich.segment import Segment

from chatrepl.terminal.drawing.inlines import Texts
from chatrepl.terminal.drawing.lines import Line, cells, plain, stripped, wrapped
from chatrepl.terminal.markdown import Table
from chatrepl.text.width import width as columns

_LONG_WORD = 12
"""A column gets room for the longest word, unless that has more cells than this and more than the column's share."""

_SEPARATOR = " │ "
_INDENT = Segment("  ")


def draw_table(table: Table, width: int, texts: Texts) -> list[Line]:
    """The rows of a table; where not even the words fit, each of its cells on a line of its own."""
    header, *rows = table.rows
    drawn = [[texts.line(cell, texts.styles["header"]) for cell in header]]
    drawn += [[texts.line(cell) for cell in row] for row in rows]
    widths = _widths(drawn, width - len(_SEPARATOR) * (len(header) - 1))
    if not widths:
        return _records(drawn, width, texts)
    border = texts.styles["border"]
    rule = (Segment("─┼─".join("─" * cell for cell in widths), border),)
    lines = [_rows(row, widths, table.aligns, Segment(_SEPARATOR, border)) for row in drawn]
    return [*lines[0], rule, *(line for row in lines[1:] for line in row)]


def _widths(rows: list[list[Line]], room: int) -> list[int]:
    """The widths of the columns; none if the room does not do for their words."""
    columns = list(zip(*rows, strict=True))
    wanted = [max(_widest(cell) for cell in column) for column in columns]
    if sum(wanted) <= room:
        return wanted
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
            line += _aligned(part, widths[index], aligns[index])
        lines.append(stripped(tuple(line)))
    return lines


def _aligned(part: Line, width: int, align: str) -> list[Segment]:
    space = max(width - cells(part), 0)
    before = {"right": space, "center": space // 2}.get(align, 0)
    padded = [Segment(" " * before), *part, Segment(" " * (space - before))]
    return [segment for segment in padded if segment.text]


def _records(rows: list[list[Line]], width: int, texts: Texts) -> list[Line]:
    """The header, and below a rule the cells of each row, each on lines of its own."""
    header, *records = rows
    separator = Segment(_SEPARATOR, texts.styles["border"])
    head = [segment for cell in header for segment in (separator, *cell)][1:]
    lines = [*wrapped(tuple(head), width, chop=True), (Segment("─" * min(width, 20), texts.styles["border"]),)]
    for first, *others in records:
        lines += wrapped(first, width, chop=True)
        for cell in others:
            shown = cell if plain(cell).strip() else (Segment("–", texts.styles["border"]),)
            lines += [(_INDENT, *line) for line in wrapped(shown, width - len(_INDENT.text), chop=True)]
    return lines
