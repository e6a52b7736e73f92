"""One parse of the open part of a document: its leaves, and the line up to which they are final."""

import re
from typing import NamedTuple

from chatrepl import dataclass, field, replace
from chatrepl.terminal.markdown.flatten import LONG, TABLE_ROWS, Flattened
from chatrepl.terminal.markdown.leaves import Leaf, Paragraph
from chatrepl.terminal.markdown.parser import Block, Numbering, Numbers, tree
from chatrepl.terminal.markdown.preview import breaking_place

_MARKER = re.compile(r"[ \t]*(?:[-+*]|\d{1,9}[.)])([ \t]*)")


@dataclass(frozen=True)
class Resume:
    """All that is carried over a cut.

    ``opener`` are the lines that open again what the cut left open: for each list item its marker, for a fence its
    first line. ``numbers`` tells how the lists in ``opener`` are numbered, by line and depth. ``gap``: whether the line
    before the cut is blank; ``begun``: whether there is anything before it; ``in_code``: whether a fence is open;
    ``inside``: what the source is indented by where it goes on in the middle of a paragraph, None elsewhere.
    """

    opener: tuple[str, ...] = ()
    numbers: Numbers = field(default_factory=dict)
    gap: bool = False
    begun: bool = False
    in_code: bool = False
    inside: str | None = None


@dataclass(frozen=True)
class Cut:
    """A line before which all is final, and what is open there: list items, perhaps a fence or a table in the
    innermost of them.

    ``next_item_of`` is a list that goes on at the cut with its last item.
    """

    line: int
    items: tuple[Block, ...] = ()
    fence: Block | None = None
    table: Block | None = None
    next_item_of: Block | None = None


class Split(NamedTuple):
    """A paragraph cut in two: the leaves up to there, how it goes on, and how much of the source is left."""

    leaves: list[Leaf]
    resume: Resume
    rest: int


class Page:
    """The blocks of a source that goes on where ``resume`` says. All its lines must be complete to ask for a cut."""

    def __init__(self, source: str, resume: Resume) -> None:
        end = "\n" if source and source[-1] != "\n" else ""
        self._added = len(end)
        self.text = "".join(f"{line}\n" for line in resume.opener) + (resume.inside or "") + source + end
        self._lines = self.text.split("\n")
        self._start = len(resume.opener)  # the first line that is not the opener's
        self._resume = resume
        self._blocks = tree(self.text, resume.numbers)

    def leaves(self, cut: Cut | None = None) -> list[Leaf]:
        """The leaves before the cut."""
        end = cut.line if cut else len(self._lines)
        return [leaf for line, leaf in self._found() if self._start <= line < end]

    def _found(self) -> list[tuple[int, Leaf]]:
        flattened = Flattened(self._lines, self._blank_before, self._start, inside=self._resume.inside is not None)
        flattened.blocks(self._blocks, first=not self._resume.begun)
        return flattened.found

    def source_after(self, cut: Cut) -> str:
        """The part of the source that is not final."""
        return "\n".join(self._lines[cut.line :])

    def cut(self) -> Cut | None:
        """Where the final part ends; None if that is no further than where it began.

        Every block but the last is final: CommonMark closes blocks from left to right, and none opens again.
        """
        if not self._blocks:
            return None
        last = self._blocks[-1]
        cut = Cut(last.end) if self._is_final(last) else self._cut_in(self._blocks, ())
        return cut if cut.line > self._start else None

    def _is_final(self, last: Block) -> bool:
        """Whether the last block at the top cannot change, whatever follows."""
        match last.kind:
            case "heading" | "hr":
                return True
            case "fence":
                return last.closed
            case "paragraph" | "table" | "blockquote":
                return last.end < len(self._lines) - 1 and not self._lines[last.end].strip(" \t")
        return False

    def _cut_in(self, blocks: list[Block], items: tuple[Block, ...]) -> Cut:
        """The cut in the last of the blocks that stand in these list items."""
        last = blocks[-1]
        if last.kind == "fence" and not last.closed:
            return Cut(last.end, items, fence=last)
        if last.kind == "table" and self._is_decided(last):
            return Cut(last.end, items, table=last)
        if not last.is_list:
            return Cut(last.start, items)
        item = last.children[-1]
        if item.children:
            cut = self._cut_in(item.children, (*items, item))
            if cut.line > item.children[0].start:
                return cut
        return Cut(item.start, items, next_item_of=last if len(last.children) > 1 else None)

    def _is_decided(self, table: Block) -> bool:
        """Whether the columns of a table cannot change any more."""
        rows = sum(len(part.children) for part in table.children) - 1
        is_table = len(self._lines[table.start]) < LONG and not (
            self._resume.inside is not None and table.start == self._start
        )
        return is_table and (table.start < self._start or rows > TABLE_ROWS)

    def split(self) -> Split | None:
        """The last block cut in two, if it is a paragraph with a place for it. The last line need not be complete."""
        blocks, items = self._blocks, tuple[Block, ...]()
        while blocks and blocks[-1].is_list and blocks[-1].children[-1].children:
            items = (*items, blocks[-1].children[-1])
            blocks = items[-1].children
        if not blocks or blocks[-1].kind != "paragraph" or self._lines[blocks[-1].end :] != [""]:
            return None
        content = blocks[-1].content
        place = breaking_place(content, LONG) if len(content) >= LONG else None
        if place is None:
            return None
        before, row = content[:place], content.rfind("\n", 0, place) + 1
        line = blocks[-1].start + before.count("\n")
        at = self._lines[line].rfind(content[row:].partition("\n")[0])
        *leaves, (_, last) = [each for each in self._found() if each[0] >= self._start]
        if at < 0 or not isinstance(last, Paragraph):
            return None
        rest = sum(map(len, self._lines[line:])) + len(self._lines) - line - 1 - self._added - at - (place - row)
        last = replace(last, text=before.rstrip("\n"), more=not before.endswith("\n"))
        inside = " " * len(self._marker(items[-1]).expandtabs(4)) if items else ""
        resume = replace(self.resume(Cut(line, items)), gap=False, begun=True, inside=inside)
        return Split([*(leaf for _, leaf in leaves), last], resume, rest)

    def resume(self, cut: Cut) -> Resume:
        """How the source after the cut is to be parsed."""
        opener: list[str] = []
        numbers: dict[tuple[int, int], Numbering] = {}
        previous = None
        for depth, item in enumerate(cut.items):
            if previous and previous.start == item.start:
                del opener[-2:]
            numbers[len(opener), 2 * depth] = Numbering(item.number, item.counts)
            opener += [f"{self._marker(item)}x", ""]
            previous = item
        if cut.fence:
            if previous and previous.start == cut.fence.start:
                del opener[-2:]
            opener.append(self._fence_marker(cut.fence))
        if cut.table:
            if previous and previous.start == cut.table.start:
                del opener[-2:]
            opener += self._lines[cut.table.start : cut.table.start + 2]
        if cut.next_item_of:  # an item before it: alone, "- a|b" could be the head of a table
            before = cut.next_item_of.children[-2]
            numbers[len(opener), 2 * len(cut.items)] = Numbering(before.number, cut.next_item_of.counts)
            opener += [self._item_marker(cut.line), ""]
        begun = self._resume.begun or self._blocks[0].start < cut.line
        return Resume(tuple(opener), numbers, self._blank_before(cut.line), begun, in_code=bool(cut.fence))

    def _blank_before(self, line: int) -> bool:
        """Whether the line before has no more than the marks of a quote."""
        return self._resume.gap if line <= self._start else not self._lines[line - 1].strip(" \t>")

    def _item_marker(self, line: int) -> str:
        marker = _MARKER.match(self._lines[line])
        return f"{self._lines[line][: marker.start(1)]} x" if marker else ""

    def _fence_marker(self, fence: Block) -> str:
        line, marker = self._lines[fence.start], fence.token.markup
        return line[: line.index(marker)] + marker

    def _marker(self, item: Block) -> str:
        """The line of an item up to where its content begins."""
        line, end = self._lines[item.start], 0
        for _ in range(item.nth_on_line):
            marker = _MARKER.match(line, end)
            if not marker:
                raise ValueError(f"no list item: {line!r}")
            end = marker.end()
            width = len(line[:end].expandtabs(4)) - len(line[: marker.start(1)].expandtabs(4))
            if end == len(line) or width > 4:  # an empty item, or one that begins with indented code
                return line[: marker.start(1)] + " "
        return line[:end]
