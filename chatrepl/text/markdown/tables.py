"""Tables as models write them: cells beyond the header are kept, and a pipe inside of code is no border.

The rest is as GitHub does it, and markdown-it, whose rule this stands for.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import escapedSplit

MOST_MISSING = 65_536
"""So many cells may be missing in a table: a short row costs as much as a whole one."""

_DELIMITER_ROW = re.compile(r"(?!-[ \t])[|:-][|: \t-]+")
_DELIMITER = re.compile(r":?-+:?")
_PIECE = re.compile(r"\\.|(`+)(?!`)(?:.*?[^`])?\1(?!`)|`+|(?P<border>\|)|[^\\`|]+|\\")


class _Row(NamedTuple):
    line: int
    cells: list[str]


def table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The rule."""
    aligns = _aligns(state, start + 1) if start + 2 <= end else []
    header = _split(_text(state, start), len(aligns)) if aligns and not state.is_code_block(start) else []
    if not header or len(header) != len(aligns):
        return False
    if silent:
        return True
    outer, state.parentType = state.parentType, "table"
    rows = list(_rows(state, start + 2, end, len(header)))
    state.line = start + 2 + len(rows)
    state.push("table_open", "table", 1).map = [start, state.line]
    _section(state, "thead", "th", [_Row(start, header)], aligns)
    if rows:
        _section(state, "tbody", "td", rows, aligns)
    state.push("table_close", "table", -1)
    state.parentType = outer
    return True


def _text(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip(" \t")


def _aligns(state: StateBlock, line: int) -> list[str]:
    """What the row below the header says of each column; nothing if it is no such row."""
    text = _text(state, line)
    if state.sCount[line] < state.blkIndent or state.is_code_block(line) or not _DELIMITER_ROW.fullmatch(text):
        return []
    if "|" not in _text(state, line - 1):
        return []
    cells = [cell.strip(" \t") for cell in text.split("|")]
    cells = cells[not cells[0] : len(cells) - (not cells[-1])]
    if not all(map(_DELIMITER.fullmatch, cells)):
        return []
    looks = {(True, True): "center", (True, False): "left", (False, True): "right"}
    return [looks.get((cell[0] == ":", cell[-1] == ":"), "") for cell in cells]


def _rows(state: StateBlock, line: int, end: int, columns: int) -> Iterator[_Row]:
    """The rows below the header: up to a blank line, or one where another block begins."""
    terminators = state.md.block.ruler.getRules("blockquote")
    missing = 0
    for number in range(line, end):
        if state.sCount[number] < state.blkIndent or any(rule(state, number, end, True) for rule in terminators):
            return
        text = _text(state, number)
        if not text or state.is_code_block(number):
            return
        cells = _split(text, columns)
        missing += max(columns - len(cells), 0)
        if missing > MOST_MISSING:
            return
        yield _Row(number, cells)


def _split(text: str, columns: int) -> list[str]:
    """The cells of a row. Where they are too many, pipes in code are taken for code."""
    cells = _trimmed(escapedSplit(text))
    if len(cells) > columns and "`" in text:
        fewer = _trimmed(_borders(text))
        cells = fewer if len(fewer) >= columns else cells
    return cells


def _borders(text: str) -> list[str]:
    """The row, split at the pipes that are neither escaped nor in code."""
    cells, start = [], 0
    for piece in _PIECE.finditer(text):
        if piece["border"]:
            cells.append(text[start : piece.start()])
            start = piece.end()
    return [cell.replace("\\|", "|") for cell in (*cells, text[start:])]


def _trimmed(cells: list[str]) -> list[str]:
    """The cells without those before the first and after the last border."""
    if cells and not cells[0]:
        cells = cells[1:]
    if cells and not cells[-1]:
        cells = cells[:-1]
    return [cell.strip(" \t") for cell in cells]


def _section(state: StateBlock, part: str, kind: str, rows: Sequence[_Row], aligns: Sequence[str]) -> None:
    """The tokens of the header, or of all rows below it."""
    state.push(f"{part}_open", part, 1).map = [rows[0].line, rows[-1].line + 1]
    for line, cells in rows:
        state.push("tr_open", "tr", 1).map = [line, line + 1]
        for index in range(max(len(cells), len(aligns))):
            _cell(state, kind, line, cells[index] if index < len(cells) else "", "".join(aligns[index : index + 1]))
        state.push("tr_close", "tr", -1)
    state.push(f"{part}_close", part, -1)


def _cell(state: StateBlock, kind: str, line: int, text: str, align: str) -> None:
    token = state.push(f"{kind}_open", kind, 1)
    if align:
        token.attrs = {"style": f"text-align:{align}"}
    token = state.push("inline", "", 0)
    token.map, token.content, token.children = [line, line + 1], text, []
    state.push(f"{kind}_close", kind, -1)
