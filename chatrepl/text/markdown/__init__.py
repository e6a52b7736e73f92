"""Markdown as models write it: markdown-it, with the rules that the terminal and the page for the browser share.

CommonMark with tables and strikethrough, and beyond it formulas, <br>, emphasis beside Chinese and Japanese
punctuation, and lists that keep their numbers. No raw HTML.
"""

from typing import TYPE_CHECKING

from chatrepl.text.markdown.links import citation, looks_like_an_address
from chatrepl.text.markdown.lists import counts, number, with_box

if TYPE_CHECKING:  # imported when first used: it takes 45 ms
    from markdown_it import MarkdownIt

__all__ = [
    "LONGEST",
    "citation",
    "counts",
    "extended",
    "looks_like_an_address",
    "number",
    "told_of_nothing",
    "with_box",
]

LONGEST = 32_768
"""A paragraph or table of more characters is shown as it is written: nobody reads it, and marks cost time."""


def extended(parser: "MarkdownIt") -> "MarkdownIt":
    """The parser with the shared rules; its options are those of "commonmark" without HTML."""
    from chatrepl.text.markdown import emphasis, inlines
    from chatrepl.text.markdown.tables import table

    parser.inline = emphasis.InlineParser(LONGEST)
    parser.configure("commonmark", options_update={**parser.options, "html": False})
    parser.enable(["strikethrough", "table"])
    parser.block.ruler.at("table", table, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.before("escape", "formula", inlines.formula)
    parser.inline.ruler.before("autolink", "line_break", inlines.line_break)
    parser.inline.ruler.at("autolink", inlines.autolink)
    parser.inline.ruler.at("entity", inlines.entity)
    return parser


def told_of_nothing(source: str) -> str:
    """What to tell of a text that is nothing but blanks and marks."""
    marks = " ".join(source.split())
    return f"This reply has nothing to show but {marks[:60]}" if marks else "This reply is blank"
