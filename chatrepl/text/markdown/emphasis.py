"""Emphasis beside Chinese, Japanese and Korean.

CommonMark looks at blanks and punctuation to tell what opens emphasis from what closes it. In scripts that put no
blanks between words that fails at each bracket and full stop: ``**测试。**后文``. Here the punctuation of these scripts
counts as letters, and any other may stand directly beside their letters, as in
https://github.com/tats-u/markdown-cjk-friendly, which describes it as an amendment of CommonMark.
"""

import re
import unicodedata
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe10-\ufe1f\ufe30-\ufe6f\uff01-\uffee"
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b2ff\U0001f200-\U0001f2ff\U00020000-\U0003ffff]"
)
_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # says how the character before it looks


class InlineParser(ParserInline):
    """The inline parser with this emphasis. A text that is longer than ``longest`` has no marks."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self._longest = longest

    def parse(self, src: str, md: "MarkdownIt", env: MutableMapping[str, Any], tokens: list[Token]) -> list[Token]:
        """The tokens of a text."""
        state = _State(src, md, env, tokens)
        if len(src) > self._longest:
            state.push("text", "", 0).content = src
            return state.tokens
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


class _State(StateInline):
    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803  # markdown-it's names
        """What the marks from here on may do."""
        scanned = super().scanDelims(start, canSplitWord)
        end = start + scanned.length
        before, after = self._before(start), self.src[end : min(end + 1, self.posMax)]
        if not canSplitWord or not (_CJK.match(before) or _CJK.match(after)):
            return scanned
        opens = not _is_blank(after) and (not _is_foreign_mark(after) or _stands_apart(before))
        closes = not _is_blank(before) and (not _is_foreign_mark(before) or _stands_apart(after))
        return Scanned(opens, closes, scanned.length)

    def _before(self, place: int) -> str:
        if place > 1 and _SELECTOR.match(self.src, place - 1):
            place -= 1
        return self.src[max(place - 1, 0) : place]


def _is_blank(character: str) -> bool:
    return not character or character.isspace()


def _is_foreign_mark(character: str) -> bool:
    """Whether it is punctuation, and not of these scripts."""
    return unicodedata.category(character)[0] in "PS" and not _CJK.match(character)


def _stands_apart(character: str) -> bool:
    """Whether punctuation may stand beside it inside of emphasis."""
    return _is_blank(character) or _is_foreign_mark(character) or bool(_CJK.match(character))
