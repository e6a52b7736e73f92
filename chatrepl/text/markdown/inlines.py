"""What models write inside paragraphs beyond CommonMark, and what they write that only looks like markup."""

import re
from typing import TYPE_CHECKING

from chatrepl.text import safe

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)

# Formulas

_DISPLAY = re.compile(r"\$\$([^$]{1,1000})\$\$")
_DOLLARS = re.compile(r"\$((?:\\[^\n]|[^$\\\n]){1,200})\$(?![A-Za-z0-9_$({])")
_BRACKETS = {"\\(": ("\\)", 500), "\\[": ("\\]", 1000)}
"""What closes a formula, and how long it may be."""

_SIGN = re.compile(r"[\\^_={}<>+*/|]")
_PRICE = re.compile(r"\d[^\\^=]*\s|[\d.,]+[kKmMbB%]?$")
_NAME = re.compile(r"[A-Za-z0-9_^]")  # what ends in a dollar: foo$ and ^$ are patterns, US$ is a currency
_BEGINS_CODE = re.compile(r"[,;/?]|\.[A-Za-z]|\{\w\w+\}")
_ENDS_CODE = re.compile(r"(?<!\\)[,;:@?/\\]$|[^\\^_{(\s][=<>&~]$|[^\^_{][+*-]$")
_CODE = re.compile(r"(?<!\\)[`\"#]|&&|::|[A-Za-z_]{2}\('")
_PROSE = re.compile(r"\s(?:a|an|and|are|as|by|for|from|in|is|of|on|or|so|the|then|to|use|with)\s", re.IGNORECASE)
_WORDS = re.compile(r"\\[A-Za-z]+\s*\{[^{}]*\}")
_PAIR = re.compile(r"\\\\|\\?[()\[\]{}]")


def formula(state: "StateInline", silent: bool) -> bool:
    """A token ``formula`` for what is one; dollars of prices, shells, patterns and scripts stay dollars."""
    if state.src[state.pos] not in "$\\":
        return False
    found = _formula(state.src, state.pos, state.posMax)
    if not found:
        return False
    content, end, block = found
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.block = content.strip(), block
    state.pos = end
    return True


def _formula(text: str, start: int, limit: int) -> tuple[str, int, bool] | None:
    """The formula that begins here, where it ends, and whether it stands on its own."""
    opening = text[start : start + 2]
    if opening in _BRACKETS:
        closing, longest = _BRACKETS[opening]
        end = text.find(closing, start + 3, min(start + 4 + longest, limit))
        content = text[start + 2 : end]
        usable = end > 0 and (opening == "\\(" or _SIGN.search(content))
        return (content, end + 2, opening == "\\[") if usable else None
    match = (_DISPLAY if opening == "$$" else _DOLLARS).match(text, start, limit)
    if not match:
        return None
    before = text[max(start - 1, 0) : start]
    is_one = _is_display(match[1]) if opening == "$$" else _is_inline(match[1], before)
    return (match[1], match.end(), opening == "$$") if is_one else None


def _is_display(content: str) -> bool:
    """Whether it is a formula that stands on its own; between two process ids of a shell stand words."""
    formula = content.strip()
    if not formula or _BEGINS_CODE.match(formula) or _ENDS_CODE.search(formula) or _PROSE.fullmatch(content):
        return False
    if content[0].isspace() != content[-1].isspace():
        return bool(re.search(r"[\\^_={}]", formula))
    return bool(_SIGN.search(formula) or not re.search(r"\s", formula))


def _is_inline(content: str, before: str) -> bool:
    """Whether it is a formula within a line, with this character before it."""
    if content[0].isspace() or content[-1].isspace() or _NAME.match(before) or _PRICE.match(content):
        return False
    if _BEGINS_CODE.match(content) or (len(content) > 1 and _ENDS_CODE.search(content)) or _CODE.search(content):
        return False
    if content[0] == "|" and content.count("|") % 2 and not re.search(r"\\rangle|\\right|\\[rl]?[vV]ert", content):
        return False
    if not _is_balanced(content) or _PROSE.search(_WORDS.sub("", content)):
        return False
    return bool(_SIGN.search(content) or not re.search(r"\s", content))


def _is_balanced(content: str) -> bool:
    """Whether as many brackets are closed as are opened; [0, 1) is an interval."""
    found = [pair.strip("\\") for pair in _PAIR.findall(content)]
    braces = found.count("{") == found.count("}")
    return braces and found.count("(") + found.count("[") == found.count(")") + found.count("]")


# Breaks, links and characters


def line_break(state: "StateInline", silent: bool) -> bool:
    """A hard break for <br>, without which a cell of a table has but one line."""
    match = _BREAK.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = match.end()
    return True


_SCHEME = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}):(?P<rest>[^<> \x00-\x1f]*)>")
_WITHOUT_SLASHES = frozenset(
    "bitcoin callto cid data doi facetime geo git im info jabber magnet mailto maps matrix mid news openid pkcs11"
    " pres sip sips skype sms smsto spotify ssh steam tel tg urn view-source xmpp".split()
)
"""Schemes whose addresses do without two slashes."""


def autolink(state: "StateInline", silent: bool) -> bool:
    """A link for <https://…>, but not for what a programmer puts between angles: <std::string>, <error:404>."""
    from markdown_it.rules_inline import autolink as original

    match = _SCHEME.match(state.src, state.pos, state.posMax)
    if match and not match["rest"].startswith("//") and match[1].lower() not in _WITHOUT_SLASHES:
        return False
    if match and match["rest"].startswith(":"):
        return False
    return original(state, silent)


def entity(state: "StateInline", silent: bool) -> bool:
    """The character that an entity stands for. It may be any, so it is made safe again."""
    from markdown_it.rules_inline import entity as original

    start = state.pos
    if not original(state, silent):
        return False
    if not silent:
        token = state.tokens[-1]
        before, after = state.src[max(start - 1, 0) : start], state.src[state.pos : state.pos + 1]
        token.content = safe.between(before, token.content, after)
    return True
