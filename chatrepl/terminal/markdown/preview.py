"""Half-written markup as what it is about to be: for the leaf that still grows, while it does."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from chatrepl import replace
from chatrepl.terminal.markdown.inlines import Span, inline
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
    """A mark that is not closed yet, and where it stands; ``ending`` is the text with what the mark began ended, where
    that is more than the mark."""

    mark: str
    at: int
    ending: str | None = None


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
    for _ in _scanned(text, marks):
        pass
    last = marks.pop() if marks and marks[-1].ending is not None else None
    return _ended(text if last is None or last.ending is None else last.ending, marks)


def _scanned(text: str, marks: list[_Open]) -> Iterator[tuple[int, int]]:
    """Read inline markup from left to right. Gives where each run of bare text begins and ends, while ``marks`` holds
    what is open there."""
    place = bare = 0
    while match := _MARK.search(text, place):
        mark, at, place = match[0], match.start(), match.end()
        yield bare, at
        ending = None
        match mark[0]:
            case "`":
                end = re.compile(rf"(?<!`){mark}(?!`)").search(text, place)
                place = end.end() if end else place
                if not end:
                    ending = text[:at] if place == len(text) else text.rstrip("`") + mark
            case "*" | "_" | "~":
                left = _emphasis(text, mark, at, marks)
                if left and place == len(text):
                    ending = text[: place - left]
            case "[" | "!":
                marks.append(_Open(mark, at))
            case "]":
                place, ending = _bracket(text, mark, place, marks)
            case "<":
                if _AUTOLINK.fullmatch(text, at):
                    ending = f"{text}>" if ":" in text[at:] or "@" in text[at:] else text[:at]
        if ending is not None:
            marks.append(_Open(mark, at, ending))
            return
        bare = place
    yield bare, len(text)


def _bracket(text: str, mark: str, place: int, marks: list[_Open]) -> tuple[int, str | None]:
    """Let a bracket close the label of a link: where the link ends, and how the text would end it if it does not."""
    opener = _opener(marks)
    if opener is None:
        return place, None
    label = text[marks[opener].at :]
    del marks[opener:]
    if mark == "]":
        return place, f"{text}()" if place == len(text) and _LABEL.match(label) else None
    if target := _TARGET.match(text, place):
        return target.end(), None
    return place, text + _target_end(text[place:]) if _BEGUN_TARGET.fullmatch(text, place) else None


_BREAK = re.compile(r"(?<=[^\s\\])[ \n](?=[^\W\d_])")
_FORMULAS = (("$", "$", 210), ("$$", "$$", 1010), ("\\(", "\\)", 510), ("\\[", "\\]", 1010))
_MAY_OPEN = re.compile(r"[*~](?!\s|$)|`|(?<!\w)_(?!\s|$)")


def breaking_place(text: str, line: int) -> int | None:
    """Where the inline source can be cut so that its halves mean what the whole does, whatever follows; the last such
    place. The last line of the source is left whole unless it has so many characters: it may be the head of a table."""
    last = text.rfind("\n") + 1
    end = len(text) if len(text) - last >= line else last
    marks: list[_Open] = []
    places: list[int] = []
    for start, stop in _scanned(text, marks):
        if not marks:
            places += [match.end() for match in _BREAK.finditer(text, start, min(stop + 1, end))]
    for place in reversed(places[-3:]):
        if not _in_formula(text, place) and _is_whole(text[: place - 1]):
            return place
    return None


def _in_formula(text: str, place: int) -> bool:
    return (
        any(
            (at := text.rfind(opening, max(place - longest, 0), place)) >= 0
            and text.find(closing, at + len(opening), place) < 0
            for opening, closing, longest in _FORMULAS
        )
        or "$" in text[max(place - 210, 0) : place]
    )


def _is_whole(text: str) -> bool:
    """Whether no mark in the text may still open something, by what the parser makes of it, and it ends in a word."""
    parts = inline(text)
    spans = (part for part in parts if isinstance(part, Span))
    opens = any(_MAY_OPEN.search(span.text) for span in spans if not span.marks & {"code", "formula"})
    last = parts[-1] if parts else None
    return not opens and not (isinstance(last, Span) and last.text[-1:].isspace())


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
        mark, at, _ = marks.pop()
        if at + len(mark) >= len(text):  # nothing stands in it
            text = text[:at].rstrip()
        elif not mark.endswith("["):
            text += mark
        elif _LABEL.match(text, at):
            text += "]()"
    return text
