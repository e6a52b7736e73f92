"""The door to markdown-it: the parser as chatrepl sets it up, and the tree of blocks it finds."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatrepl.terminal.markdown.rules import formula, line_break

if TYPE_CHECKING:  # imported when first used: it takes 45 ms
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_NESTING = 100
"""The deepest level that is parsed; what stands deeper is shown as it is."""

Numbers = Mapping[tuple[int, int], int]
"""The numbers of list items whose list began before the source: by line and depth."""


@dataclass(slots=True, eq=False)
class Block:
    """A node of the tree: ``start`` and ``end`` are lines; ``number`` is that of a list item.

    ``nth_on_line``: how many list items have begun on the line of this item, like 2 for the inner one of "- 1. a".
    """

    kind: str
    token: "Token"
    start: int
    end: int
    number: int = 0
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

    options = {"html": False, "maxNesting": nesting}
    made = MarkdownIt("commonmark", options).enable(["strikethrough", "table"]).disable("reference")
    made.inline.ruler.before("escape", "formula", formula)
    made.inline.ruler.before("autolink", "line_break", line_break)
    return made


def tree(source: str, numbers: Numbers) -> list[Block]:
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
        if block.is_list:
            block.number = numbers.get((start, len(open_blocks)), int(token.attrs.get("start", 1)))
        elif block.kind == "list_item":
            block.number = open_blocks[-1].number + len(siblings)
            block.nth_on_line += sum(outer.kind == block.kind and outer.start == start for outer in open_blocks)
        siblings.append(block)
        if token.nesting > 0:
            open_blocks.append(block)
    return top
