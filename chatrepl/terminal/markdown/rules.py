"""What models write inside paragraphs beyond CommonMark: formulas between dollars or brackets, and <br>."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline

_FORMULA = re.compile(
    r"\$\$(?P<display>[^$]{1,1000})\$\$"
    r"|\\\[(?P<brackets>.{1,1000}?)\\\]"
    r"|\\\((?P<parentheses>.{1,500}?)\\\)"
    r"|\$(?P<dollars>[^\s$](?:[^$\n]{0,200}[^\s$\\])?)\$(?![\w$])",
    re.DOTALL,
)
_SIGN = re.compile(r"[\\^_={}<>+*/|]")
_PRICE = re.compile(r"\d[^\\^=]*\s|[\d.,]+[kKmMbB%]?$")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def formula(state: "StateInline", silent: bool) -> bool:
    """A token ``formula`` for what is one; dollars around prices stay dollars, and escaped brackets brackets."""
    if state.src[state.pos] not in "$\\":
        return False
    match = _FORMULA.match(state.src, state.pos, state.posMax)
    if not match or not _is_formula(match):
        return False
    if not silent:
        state.push("formula", "", 0).content = match[match.lastgroup or 0].strip()
    state.pos = match.end()
    return True


def _is_formula(match: re.Match[str]) -> bool:
    content = match[match.lastgroup or 0]
    if match.lastgroup == "dollars":
        return not _PRICE.match(content) and bool(_SIGN.search(content) or not re.search(r"\s", content))
    return match.lastgroup != "brackets" or bool(_SIGN.search(content))


def line_break(state: "StateInline", silent: bool) -> bool:
    """A hard break for <br>, without which a cell of a table has but one line."""
    match = _BREAK.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = match.end()
    return True
