"""Styled lines: how they are wrapped, cut, and written as ANSI text."""

import functools
import re
from collections.abc import Iterator

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from chatrepl.text.markdown import LONGEST
from chatrepl.text.width import chopped, width as columns

Line = tuple[Segment, ...]
"""One row of text, or one line of code, which the terminal may wrap."""

_ATTRIBUTES = (("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("reverse", "7"), ("strike", "9"))
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\")

_WIDE = "\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"  # a line may break between any two of them
_OPENING = "「『（［｛【〈《"
_AFTER = ",.;:!?%)\\]}'\"…’”"  # no row begins with one of these
_CLOSING = "、。，．：；！？」』）］｝】〉》ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ\u3099\u309a\u200d\ufe00-\ufe0f"
_ASCII_PIECE = re.compile(r"\n|(?P<space> +)|[^ \n]+")
_WHOLE_LINE = re.compile(r"^[^\n]*", re.MULTILINE)


@functools.cache
def _piece() -> re.Pattern[str]:
    """What is not torn, in any script; made when a text needs it, for that takes 2 ms."""
    return re.compile(rf"\n|(?P<space> +)|[{_OPENING}]*[{_WIDE}][{_CLOSING}{_AFTER}]*|[^ \n{_WIDE}]+[{_CLOSING}]*")


@functools.cache
def _no_beginning() -> re.Pattern[str]:
    return re.compile(f"[{_CLOSING}{_AFTER}]+")


def plain(line: Line) -> str:
    """The text of a line."""
    return "".join(segment.text for segment in line)


def cells(line: Line) -> int:
    """The columns a line takes on the terminal."""
    return sum(columns(segment.text) for segment in line)


def ansi(line: Line, *, coloured: bool = True) -> str:
    """The line with escape sequences, in the 16 colours all terminals have, or just bold and the like."""
    return "".join(_escaped(segment, coloured) for segment in line)


def ansi_cells(text: str) -> int:
    """The columns that the result of ``ansi`` takes."""
    return columns(_ESCAPES.sub("", text))


def _escaped(segment: Segment, coloured: bool) -> str:
    text, style, _ = segment
    if not style:
        return text
    codes = _codes(style, coloured)
    if codes:
        text = f"\x1b[{codes}m{text}\x1b[0m"
    return f"\x1b]8;;{style.link}\x1b\\{text}\x1b]8;;\x1b\\" if style.link else text


@functools.lru_cache(maxsize=512)
def _codes(style: Style, coloured: bool) -> str:
    codes = [code for name, code in _ATTRIBUTES if getattr(style, name)]
    if style.color and coloured:
        codes += style.color.downgrade(ColorSystem.STANDARD).get_ansi_codes()
    return ";".join(codes)


def stripped(line: Line) -> Line:
    """The line without blanks at its end."""
    while line:
        *before, last = line
        text = last.text.rstrip(" ")
        if text:
            return line if text == last.text else (*before, Segment(text, last.style))
        line = tuple(before)
    return line


def folded(line: Line, width: int) -> list[Line]:
    """The line in rows of at most that width, broken anywhere."""
    text = plain(line)
    ends: list[int] = []
    for row in chopped(text, width):
        ends.append((ends[-1] if ends else 0) + len(row))
    return _sliced(line, zip([0, *ends], ends, strict=False))


def wrapped(line: Line, width: int, *, chop: bool = False) -> list[Line]:
    """The line in rows of that width, broken at line feeds and between words; without blanks at the ends.

    A word that is wider, such as an address, stands whole in a row of its own, which the terminal wraps: so it can be
    clicked and copied. With ``chop`` it is broken anywhere. The terminal wraps all of a text that is very long.
    """
    if (
        len(line) == 1
        and len(text := line[0].text) <= width
        and text.isascii()
        and "\n" not in text
        and text == text.strip()
    ):
        return [line] if text else [()]
    return _sliced(line, _rows(plain(line), width, chop))


def _rows(text: str, width: int, chop: bool) -> Iterator[tuple[int, int]]:
    """Where the rows of a text begin and end."""
    if len(text) > LONGEST and not chop:
        yield from (match.span() for match in _WHOLE_LINE.finditer(text))
        return
    start = end = used = 0
    for match in (_ASCII_PIECE if text.isascii() else _piece()).finditer(text):
        if match.lastgroup == "space":
            used += len(match[0])
            continue
        if match[0] == "\n":
            yield start, end
            start = end = match.end()
            used = 0
            continue
        size = columns(match[0])
        if used + size > width:
            if end > start:
                yield start, end
            start, used = match.start(), 0
        if size > width and (chop or not match[0][0].isascii()):  # there are scripts that put no blanks between words
            *full, last = _chopped(match[0], width)
            for part in full:
                yield start, start + len(part)
                start += len(part)
            size = columns(last)
        used += size
        end = match.end()
    yield start, end


def _chopped(word: str, width: int) -> list[str]:
    """A word that is too wide in parts, of which the last is more than a comma."""
    parts = chopped(word, width) or [word]
    if len(parts) > 1 and len(parts[-2]) > 1 and len(parts[-1]) < width and _no_beginning().fullmatch(parts[-1]):
        parts[-2:] = [parts[-2][:-1], parts[-2][-1] + parts[-1]]
    return parts


def _sliced(line: Line, ranges: Iterator[tuple[int, int]]) -> list[Line]:
    """The parts of the line that stand in the ranges, which ascend."""
    rows = []
    index = offset = 0  # the segment looked at, and where it begins
    for start, end in ranges:
        row = []
        while index < len(line):
            text, style, _ = line[index]
            piece = text[max(start - offset, 0) : end - offset] if end > offset else ""
            if piece:
                row.append(Segment(piece, style))
            if offset + len(text) > end:
                break
            offset += len(text)
            index += 1
        rows.append(tuple(row))
    return rows
