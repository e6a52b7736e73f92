"""Half-written markup as what it is about to be: for the leaf that still grows, while it does."""

import re
from dataclasses import replace
from typing import NamedTuple

from chatrepl.terminal.markdown.leaves import Heading, Leaf, Paragraph, Table

_MARK = re.compile(r"\\.|`+|\*+|_+|~~|~$|\]\(|!?\[|\]|<", re.DOTALL)
_TARGET = re.compile(r"\s*(?:<[^<>\n]*>|(?:[^\s()]|\([^\s()]*\))*)(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)")
"""Where a link points, and what it is called, up to its end."""
_BEGUN_TARGET = re.compile(r"<[^<>\n]*>?|[^\s<][^\s]*(?:\s+(?:[\"'][^\"'\n]*[\"']?)?)?|")
_AUTOLINK = re.compile(r"<[A-Za-z][\w+.-]*(?:[:@][^\s<>]*)?")
_LABEL = re.compile(r"!\[|\[[^\W\d_]\w")
"""What begins a link rather than a number in brackets."""
_CELLS = re.compile(r"(?<!\\)\|")


class _Open(NamedTuple):
    """A mark that is not closed yet, and where it stands."""

    mark: str
    at: int


def about_to_be(leaf: Leaf) -> Leaf:
    """The leaf as it looks when what is half-written at its end will be whole."""
    match leaf:
        case Paragraph(text=text) if text.startswith("|") and len(text) > 1 and "\n" not in text.strip():
            return Table(leaf.within, *_header(text.strip()))
        case Paragraph(text=text) | Heading(text=text):
            return replace(leaf, text=closed(text))
        case Table(rows=rows):
            *before, last = rows
            at = max((index for index, cell in enumerate(last) if cell), default=0)
            return replace(leaf, rows=(*before, (*last[:at], closed(last[at]), *last[at + 1 :])))
    return leaf


def _header(line: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...]]]:
    """The columns of a table of which only the first line is there."""
    *cells, last = (cell.strip() for cell in _CELLS.split(line.removeprefix("|").removesuffix("|")))
    return ("",) * (len(cells) + 1), ((*cells, closed(last)),)


def closed(text: str) -> str:
    """The inline source with all closed that is open at its end; marks of which only what follows tells the meaning
    are left out."""
    marks: list[_Open] = []
    place = 0
    while match := _MARK.search(text, place):
        mark, at, place = match[0], match.start(), match.end()
        match mark[0]:
            case "`":
                end = re.compile(rf"(?<!`){mark}(?!`)").search(text, place)
                if not end:
                    return _ended(text[:at] if place == len(text) else text.rstrip("`") + mark, marks)
                place = end.end()
            case "*" | "_" | "~":
                left = _emphasis(text, mark, at, marks)
                if left and place == len(text):
                    return _ended(text[: place - left], marks)
            case "[" | "!":
                marks.append(_Open(mark, at))
            case "]":
                opener = _opener(marks)
                if opener is None:
                    continue
                begun = text[marks[opener].at :]
                del marks[opener:]
                if mark == "](" and not (target := _TARGET.match(text, place)):
                    if _BEGUN_TARGET.fullmatch(text, place):
                        return _ended(text + _target_end(text[place:]), marks)
                elif mark == "](" and target:
                    place = target.end()
                elif place == len(text) and _LABEL.match(begun):
                    return _ended(f"{text}()", marks)
            case "<":
                if _AUTOLINK.fullmatch(text, at):
                    return _ended(f"{text}>", marks) if ":" in text[at:] or "@" in text[at:] else text[:at]
    return _ended(text, marks)


def _opener(marks: list[_Open]) -> int | None:
    """The last bracket that is open."""
    return next((index for index in reversed(range(len(marks))) if marks[index].mark.endswith("[")), None)


def _emphasis(text: str, mark: str, at: int, marks: list[_Open]) -> int:
    """Let a run of marks close what is open, or open something; how many of them do neither."""
    sign, count, end = mark[0], len(mark), at + len(mark)
    before, after = text[at - 1 : at] if at else " ", text[end : end + 1]
    opens = bool(after.strip()) and not (sign == "_" and before.isalnum())
    closes = bool(before.strip()) and not (sign == "_" and after.isalnum())
    while closes and count:
        brackets = _opener(marks)
        same = [
            i for i, each in enumerate(marks) if each.mark[0] == sign and i > (-1 if brackets is None else brackets)
        ]
        if not same:
            break
        open_ = marks[same[-1]]
        used = min(count, len(open_.mark))
        del marks[same[-1] :]
        if len(open_.mark) > used:
            marks.append(open_._replace(mark=open_.mark[used:]))
        count -= used
    if count and opens:
        marks.append(_Open(sign * count, at))
        return 0
    return count


def _target_end(begun: str) -> str:
    """What closes the target of a link."""
    if begun.startswith("<"):
        return ")" if begun.endswith(">") else ">)"
    address, _, title = begun.partition(" ")
    quote = title[:1] if title and title.count(title[0]) == 1 else ""
    return quote + ")" * (max(address.count("(") - address.count(")"), 0) + 1)


def _ended(text: str, marks: list[_Open]) -> str:
    text = text.rstrip()
    while marks:
        mark, at = marks.pop()
        if at + len(mark) >= len(text):  # nothing stands in it
            text = text[:at].rstrip()
        elif not mark.endswith("["):
            text += mark
        elif _LABEL.match(text, at):
            text += "]()"
    return text
