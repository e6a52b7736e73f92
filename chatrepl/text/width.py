"""How many columns of a terminal a text takes, and texts cut and wrapped to fit.

The libraries that know it to the last emoji are used where they are loaded anyway; the program's own lines do not wait
for them.
"""

import re
import unicodedata

_WORD = re.compile(r" *[^ ]+")
_GROUP = re.compile(r".+?(?: ·(?= )|$)")


def width(text: str) -> int:
    """The columns that the text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """As much of the beginning as these columns hold. What comes behind it costs nothing."""
    if text[: columns + 1].isascii():
        return text[:columns]
    if 2 * len(text) <= columns:
        return text
    for place, character in enumerate(text):
        columns -= _width(character)
        if columns < 0:
            return text[:place]
    return text


def padded(text: str, columns: int) -> str:
    """The text in so many columns: numbers to the right, all else to the left."""
    blanks = " " * (columns - width(text))
    return blanks + text if text.isdecimal() else text + blanks


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
        [group] if width(group.lstrip(" ")) <= columns else _WORD.findall(group) for group in _GROUP.findall(line)
    )
    return [piece for group in groups for piece in group]
