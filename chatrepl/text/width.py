"""How many columns of a terminal a text takes, and texts cut and wrapped to fit: one answer for all that is drawn.

wcwidth knows it to the last emoji. It takes as long to load as a tenth of the prompt, which brings it anyway; where no
prompt comes, text of one column a character does not wait for it.
"""

import functools
import re
from collections.abc import Iterable, Iterator

_WORD = r" *[^ ]+"
_GROUP = r".+?(?: ·(?= )|$)"


FIRST_WIDER = "\u0300"
"""Before it all characters take one column."""


@functools.cache
def _wider() -> re.Pattern[str]:
    """A character that may take other than one column. Where all is ASCII nobody asks."""
    return re.compile("[^\x00-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2190-\u2199\u2500-\u25a0\u2800-\u28ff✓✗]")


def width(text: str) -> int:
    """The columns that the text takes."""
    return len(text) if text.isascii() or max(text) < FIRST_WIDER or not _wider().search(text) else _width(text)


@functools.lru_cache(maxsize=4096)
def _width(text: str) -> int:
    from wcwidth import wcswidth  # not before it is needed: it takes 10 ms

    columns = wcswidth(text)
    return columns if columns >= 0 else sum(map(width, text))  # there is a control character


def graphemes(text: str) -> Iterator[str]:
    """What the terminal shows as one character, one after the other."""
    if text.isascii() or not _wider().search(text):
        return iter(text)
    from wcwidth import iter_graphemes

    return iter(iter_graphemes(text))


def cut(text: str, columns: int) -> str:
    """As much of the beginning as these columns hold. What comes behind it costs nothing."""
    if text[: columns + 1].isascii():
        return text[:columns]
    if 2 * len(text) <= columns:
        return text
    place = 0
    for grapheme in graphemes(text):
        columns -= width(grapheme)
        if columns < 0:
            return text[:place]
        place += len(grapheme)
    return text


def chopped(text: str, columns: int) -> list[str]:
    """The text in rows that fill so many columns, broken anywhere."""
    if text.isascii():
        return [text[at : at + columns] for at in range(0, len(text), columns)]
    rows, row, used = list[str](), list[str](), 0
    for grapheme in graphemes(text):
        size = width(grapheme)
        if row and used + size > columns:
            rows.append("".join(row))
            row, used = [], 0
        row.append(grapheme)
        used += size
    return [*rows, "".join(row)] if row else rows


def padded(text: str, columns: int) -> str:
    """The text in so many columns: numbers to the right, all else to the left."""
    blanks = " " * (columns - width(text))
    return blanks + text if text.isdecimal() else text + blanks


def joined(parts: Iterable[str], columns: int) -> str:
    """The parts with a dot between them: as many of them as fit, but the first in any case, cut."""
    row = ""
    for part in filter(None, parts):
        longer = f"{row} · {part}" if row else part
        if row and width(longer) > columns:
            break
        row = longer
    return cut(row, columns)


def wrapped(line: str, columns: int, indent: str | None = None) -> list[str]:
    """The line in rows of so many columns, broken between words, and where it has groups with a dot between them, at
    the dots. A word that is too long stays whole. All rows but the first begin with ``indent``, or as the line does."""
    if width(line) <= columns:
        return [line]
    line = line.expandtabs()
    if indent is None:
        indent = line[: len(line) - len(line.lstrip(" "))]
    rows, row = [], ""
    for piece in _pieces(line, columns - len(indent)):
        if row.strip() and width(row + piece) > columns:
            rows.append(row)
            row, piece = indent, piece.lstrip(" ")
        row += piece
    return [*rows, row]


def _pieces(line: str, columns: int) -> list[str]:
    """What is not torn, each with the blanks before it."""
    groups = (
        [group] if width(group.lstrip(" ")) <= columns else re.findall(_WORD, group)
        for group in re.findall(_GROUP, line)
    )
    return [piece for group in groups for piece in group]
