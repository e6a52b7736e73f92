"""Growing markdown into leaf blocks that can no longer change, and an open tail.

CommonMark with tables and strikethrough; without HTML, and without link reference definitions, by which a line at the
end would change one at the beginning. What a text gives does not depend on how it was cut into pieces.
"""

from chatrepl.terminal.markdown.code import code_blocks
from chatrepl.terminal.markdown.growing import Growing
from chatrepl.terminal.markdown.inlines import Inline, Link, Span, inline
from chatrepl.terminal.markdown.leaves import (
    Blank,
    CodeLine,
    Fence,
    Heading,
    Item,
    Leaf,
    Paragraph,
    Quote,
    Raw,
    Rule,
    Table,
    TableRow,
    Within,
)
from chatrepl.terminal.markdown.preview import about_to_be

__all__ = [
    "Blank",
    "CodeLine",
    "Fence",
    "Growing",
    "Heading",
    "Inline",
    "Item",
    "Leaf",
    "Link",
    "Paragraph",
    "Quote",
    "Raw",
    "Rule",
    "Span",
    "Table",
    "TableRow",
    "Within",
    "about_to_be",
    "code_blocks",
    "inline",
]
