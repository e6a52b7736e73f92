"""The code in a text, as it was written."""

from chatrepl.terminal.markdown.parser import Block, tree


def code_blocks(text: str) -> list[str]:
    """The source of every code block, in their order; without the indentation of what a block is nested in."""
    blocks = tree(text.replace("\r\n", "\n").replace("\r", "\n"), {})
    return [block.token.content for block in _all(blocks) if block.kind in ("fence", "code_block")]


def _all(blocks: list[Block]) -> list[Block]:
    return [inner for block in blocks for inner in (block, *_all(block.children))]
