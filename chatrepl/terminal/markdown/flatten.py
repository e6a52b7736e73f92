"""From the tree of blocks to the row of leaves."""

from collections.abc import Callable

from chatrepl.terminal.markdown import leaves
from chatrepl.terminal.markdown.parser import MAX_NESTING, Block

TABLE_ROWS = 8
"""By so many rows the widths of a table's columns are decided; each row after them is final when it has come."""

LONG = 240
"""A paragraph of so many characters does not wait for its end to be shown; that it was a heading, or its last line the
first of a table, would be known too late, so it is neither."""

MOST_BEYOND = 16
"""So many cells of a row may stand beyond the header, each in a column; more of them stand in the last."""


class Flattened:
    """The way through the tree: ``found`` has the leaves, each with the line where it begins.

    A blank row stands where the source has one, which is known as soon as the later block begins; whether a list is
    loose would be known only at its end.
    """

    def __init__(
        self, lines: list[str], blank_before: Callable[[int], bool], start: int = 0, *, inside: bool = False
    ) -> None:
        """``start`` is the first line that is not only there to open something again; ``inside`` says that it goes on
        in the middle of a paragraph."""
        self.found: list[tuple[int, leaves.Leaf]] = []
        self._lines = lines
        self._blank_before = blank_before
        self._start = start
        self._inside = inside
        self._within: list[leaves.Item | leaves.Quote] = []
        self._blank: leaves.Blank | None = None  # due before the next leaf

    def blocks(self, blocks: list[Block], first: bool = True) -> None:
        """The leaves of the blocks in a container; what stands before the first of them, its parent has said."""
        for block in blocks:
            if not first:
                heading = block.kind == "heading" and not self._is_text(block)
                wanted = heading or self._blank_before(block.start)
                self._blank = leaves.Blank(tuple(self._within)) if wanted else None
            first = False
            self._block(block)

    def _block(self, block: Block) -> None:
        match block.kind:
            case "bullet_list" | "ordered_list":
                self.blocks(block.children)
            case "list_item":
                mark = block.token.markup
                number = f"{block.number}{mark}" if mark in (".", ")") else ""
                self._container(leaves.Item(number, first=True), block)
            case "blockquote":
                self._container(leaves.Quote(), block)
            case "fence":
                self._fence(block)
            case "code_block":
                self._code(block, "```", block.start, "```")
            case "table" | "heading" if self._is_text(block):
                lines = self._lines[block.start : block.end]
                text = "\n".join(map(str.strip, lines)) if block.kind == "table" else block.content
                self._add(block.start, leaves.Paragraph, text)
            case "table":
                self._table(block)
            case "heading":
                self._add(block.start, leaves.Heading, int(block.token.tag[1]), block.content)
            case "hr":
                self._add(block.start, leaves.Rule)
            case _:
                self._add(block.start, leaves.Paragraph, block.content)

    def _container(self, container: leaves.Item | leaves.Quote, block: Block) -> None:
        self._within.append(container)
        if block.children:
            self.blocks(block.children)
        elif block.token.level < MAX_NESTING - 1:
            self._add(block.start, leaves.Paragraph, "")
        else:  # the parser skips what stands too deep
            for line in range(block.start, block.end):
                self._add(line, leaves.Raw, self._lines[line].strip())
        self._within.pop()

    def _fence(self, block: Block) -> None:
        token = block.token
        self._code(block, token.markup + token.info.rstrip(), block.start + 1, token.markup if block.closed else "")

    def _code(self, block: Block, opening: str, start: int, closing: str) -> None:
        self._add(block.start, leaves.Fence, opening, True)
        for line, code in enumerate(block.token.content.split("\n")[:-1], start):
            self._add(line, leaves.CodeLine, code)
        if closing:
            self._add(block.end - 1, leaves.Fence, closing, False)

    def _is_text(self, block: Block) -> bool:
        """Whether it goes on with a paragraph, or is as long as one of which the beginning was shown before."""
        if block.kind == "heading" and block.token.markup not in ("=", "-"):
            return False
        begun = block.content if block.kind == "heading" else self._lines[block.start]
        return len(begun) >= LONG or (self._inside and block.start == self._start)

    def _table(self, block: Block) -> None:
        rows = [row for part in block.children for row in part.children]
        styles = (str(cell.token.attrs.get("style", "")) for cell in rows[0].children)
        aligns = tuple(style.removeprefix("text-align:") for style in styles)
        most = len(aligns) + MOST_BEYOND
        cells = [tuple(_gathered([cell.content for cell in row.children], most)) for row in rows]
        known = 1 if block.start < self._start else TABLE_ROWS + 1
        self._add(block.start, leaves.Table, aligns, tuple(cells[:known]), len(cells) > known)
        for row, shown in zip(rows[known:], cells[known:], strict=True):
            self._add(row.start, leaves.TableRow, shown)

    def _add(self, line: int, kind: Callable[..., leaves.Leaf], *content: object) -> None:
        if self._blank:
            self.found.append((line, self._blank))
            self._blank = None
        self.found.append((line, kind(tuple(self._within), *content)))
        self._within = [*leaves.below(self._within)]


def _gathered(cells: list[str], most: int) -> list[str]:
    return cells if len(cells) <= most else [*cells[: most - 1], " | ".join(cells[most - 1 :])]
