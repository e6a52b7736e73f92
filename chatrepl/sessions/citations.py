"""The places in a reply where it cites a source: where a mark for it can stand, and the text with all its marks.

A mark stands behind the words that rest on a source. The text of a message is kept without them, as it came and as it
goes back; whoever shows or writes it puts them in, each in the way of its format.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import NamedTuple

from chatrepl import replace
from chatrepl.conversation import Message, Part, SourcePart, TextPart
from chatrepl.text.markdown import citation

_PLACE = re.compile(r"(?<!\d)(\d{1,9})-(\d{1,9})(?!\d)", re.ASCII)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$", re.MULTILINE)
_SPAN = re.compile(r"(`+)[^\n]+?\1(?!`)|\[[^\]\n]*\]\([^)\n]*\)|\$[^$\n]+\$|<\S+>")
_MARKUP_ONLY = re.compile(r"[\s|:=*_~#>+-]*")


class Place(NamedTuple):
    """Words of a text, from ``start`` up to ``end``, and the source that they rest on."""

    end: int
    number: int
    start: int
    source: SourcePart


def places(message: Message) -> list[Place]:
    """Where a message cites its sources, in order."""
    found = {
        Place(int(match[2]), part.number, int(match[1]), part)
        for part in message.parts
        if isinstance(part, SourcePart) and part.number
        for match in _PLACE.finditer(part.places)
    }
    length = len(message.text) if found else 0
    return sorted((each for each in found if each.start <= each.end <= length), key=lambda place: place[:3])


def fitting(text: str, end: int) -> int | None:
    """Where a mark can stand behind what ends there: before blanks, behind the code or the link that it would be in;
    None within a block of code, or where there are no words."""
    at = len(text[:end].rstrip())
    start = text.rfind("\n", 0, at) + 1
    over = text.find("\n", start)
    line = text[start : len(text) if over < 0 else over]
    for span in _SPAN.finditer(line):
        if span.start() < at - start < span.end():
            at = start + span.end()
    if line.lstrip().startswith("|"):  # in the cell, not behind the last one
        at = len(text[:at].rstrip("| \t"))
    return None if at <= start or _MARKUP_ONLY.fullmatch(line) or _is_in_code(text, at) else at


def _is_in_code(text: str, at: int) -> bool:
    """Whether that place is within a block of code."""
    open_with = ""
    for fence in _FENCE.finditer(text, 0, at):
        marks, behind = fence[1], fence[2]
        if not open_with and not (marks[0] == "`" and "`" in behind):
            open_with = marks
        elif open_with and marks[0] == open_with[0] and len(marks) >= len(open_with) and not behind.strip():
            if fence.end() >= at:
                return True
            open_with = ""
    return bool(open_with)


def marked(message: Message, mark: Callable[[SourcePart], str]) -> Message:
    """The message with a mark at each of its places."""
    marks = _once((each.end, mark(each.source)) for each in places(message))
    return replace(message, parts=tuple(_marked(message.parts, marks))) if marks else message


def _once(marks: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Each mark once at each place."""
    return list(dict.fromkeys(marks))


def _marked(parts: Iterable[Part], marks: list[tuple[int, str]]) -> Iterator[Part]:
    before = 0
    for part in parts:
        if isinstance(part, TextPart):
            text, before = part.text, before + len(part.text)
            mine = [each for each in marks if each[0] <= before]
            marks = marks[len(mine) :]
            yield TextPart(_with_marks(text, [(end - before + len(text), mark) for end, mark in mine]))
        else:
            yield part


def _with_marks(text: str, marks: Iterable[tuple[int, str]]) -> str:
    pieces, at = [], 0
    for end, mark in marks:
        pieces += [text[at:end], mark]
        at = max(at, end)
    return "".join([*pieces, text[at:]])


def unmarked(message: Message, mark: Callable[[SourcePart], str]) -> Message:
    """The message without the marks that ``marked`` put in. Where somebody changed its text since, its places are where
    the marks stand now."""
    marks = _once((each.end, mark(each.source)) for each in places(message))
    if not marks:
        return message
    parts, left = _without(message.parts, marks)
    return replace(message, parts=tuple(parts)) if not left else _read_anew(message, mark)


def _without(parts: Iterable[Part], marks: list[tuple[int, str]]) -> tuple[list[Part], list[tuple[int, str]]]:
    """The parts without these marks, and those that do not stand where they should."""
    found, before, marks = [], 0, [*marks]
    for part in parts:
        if isinstance(part, TextPart):
            text = part.text
            while marks and text.startswith(marks[0][1], place := marks[0][0] - before):
                text = text[:place] + text[place + len(marks[0][1]) :]
                del marks[0]
            part, before = TextPart(text), before + len(text)
        found.append(part)
    return found, marks


def _read_anew(message: Message, mark: Callable[[SourcePart], str]) -> Message:
    """The message without any of these marks, with the places at which they stand."""
    known = {mark(part): part for part in message.parts if isinstance(part, SourcePart) and part.places}
    pattern = re.compile("|".join(map(re.escape, known)))
    sizes: dict[SourcePart, list[int]] = {}
    for end, _, start, source in places(message):
        sizes.setdefault(source, []).append(end - start)
    ends: dict[SourcePart, list[int]] = {part: [] for part in known.values()}
    parts, before = [], 0
    for part in message.parts:
        if isinstance(part, TextPart):
            taken = before
            for match in pattern.finditer(part.text):
                ends[known[match[0]]].append(taken + match.start())
                taken -= len(match[0])
            text = pattern.sub("", part.text)
            part, before = TextPart(text), before + len(text)
        parts.append(part)
    return replace(message, parts=tuple(_moved(part, ends, sizes) for part in parts))


def _moved(part: Part, ends: dict[SourcePart, list[int]], sizes: dict[SourcePart, list[int]]) -> Part:
    if not isinstance(part, SourcePart) or part not in ends:
        return part
    pairs = zip_longest(ends[part], sizes.get(part, [])[: len(ends[part])], fillvalue=0)
    return replace(part, places=" ".join(f"{max(end - size, 0)}-{end}" for end, size in pairs))


def link(part: SourcePart) -> str:
    """A mark as Markdown: the number as a link."""
    return citation(part.cited, part.url)


def bare(part: SourcePart) -> str:
    """A mark as Markdown without a link."""
    return citation(part.cited)


def plain(part: SourcePart) -> str:
    """A mark as plain text."""
    return f"[{part.cited}]"
