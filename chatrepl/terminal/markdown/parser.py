"""The door to markdown-it: the parser as chatrepl sets it up, and the tree of blocks it finds."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from chatrepl.text.markdown import counts, extended, number

if TYPE_CHECKING:  # imported when first used: it takes 45 ms
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_NESTING = 100
"""The deepest level that is parsed; what stands deeper is shown as it is."""


class Numbering(NamedTuple):
    """How a list that began before the source goes on: the number of its first item here, and whether the list counts
    its items whatever their numbers; None if one item does not tell."""

    first: str
    counts: bool | None = None


Numbers = Mapping[tuple[int, int], Numbering]
"""The lists that began before the source: by line and depth."""


@dataclass(slots=True, eq=False)
class Block:
    """A node of the tree: ``start`` and ``end`` are lines; ``number`` is that of an item of an ordered list.

    ``counts``: whether the numbers of a list only count, None if that is not known at this item. ``nth_on_line``:
    how many list items have begun on the line of this item, like 2 for the inner one of "- 1. a".
    """

    kind: str
    token: "Token"
    start: int
    end: int
    number: str = ""
    counts: bool | None = None
    nth_on_line: int = 1
    children: list["Block"] = field(default_factory=list)

    @property
    def is_list(self) -> bool:
        """Whether its children are list items."""
        return self.kind in ("bullet_list", "ordered_list")

    @property
    def closed(self) -> bool:
        """Whether a fence has its end marker."""
        return self.end - self.start > self.token.content.count("\n") + 1

    @property
    def content(self) -> str:
        """The inline source of a paragraph, a heading or a cell."""
        return self.children[0].token.content if self.children else ""


@functools.cache
def parser(nesting: int = 20) -> "MarkdownIt":
    """The one configuration: what is shown while text streams and what is shown at once must not differ.

    Blocks may be nested deeper than brackets, which cost more the deeper they may be.
    """
    from markdown_it import MarkdownIt

    return extended(MarkdownIt("commonmark", {"maxNesting": nesting})).disable("reference")


def tree(source: str, going_on: Numbers) -> list[Block]:
    """The blocks of a source; their inline parts are not parsed yet."""
    tokens: list[Token] = []
    parser(MAX_NESTING).block.parse(source, parser(MAX_NESTING), {}, tokens)
    top: list[Block] = []
    open_blocks: list[Block] = []
    for token in tokens:
        if token.nesting < 0:
            open_blocks.pop()
            continue
        start, end = token.map or (0, 0)
        block = Block(token.type.removesuffix("_open"), token, start, end)
        siblings = open_blocks[-1].children if open_blocks else top
        if block.kind == "list_item":
            _count(block, open_blocks[-1], going_on.get((open_blocks[-1].start, len(open_blocks) - 1)))
            block.nth_on_line += sum(outer.kind == block.kind and outer.start == start for outer in open_blocks)
        siblings.append(block)
        if token.nesting > 0:
            open_blocks.append(block)
    return top


def _count(item: Block, within: Block, going_on: Numbering | None) -> None:
    """Give an item of an ordered list its number."""
    literal, before = item.token.info, within.children
    if not literal:
        return
    if not before:
        item.number, within.counts = going_on or Numbering(literal)
    else:
        if within.counts is None:
            within.counts = counts(before[0].token.info, literal)
        item.number = number(literal, before[-1].number, within.counts)
    item.counts = within.counts


def code_blocks(text: str) -> list[str]:
    """The source of every code block, in their order; without the indentation of what a block is nested in."""
    blocks = tree(text.replace("\r\n", "\n").replace("\r", "\n"), {})
    return [block.token.content for block in _all(blocks) if block.kind in ("fence", "code_block")]


def _all(blocks: list[Block]) -> list[Block]:
    return [inner for block in blocks for inner in (block, *_all(block.children))]
