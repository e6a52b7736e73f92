"""The colours of code, line by line: the door to pygments.

To lex all that came before again for each line would be quadratic in the length of a code block. So the lexer's stack
of states is carried from line to line, which pygments itself does not offer.
"""

import functools
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from rich.style import Style

from chatrepl.drawing.lines import Line
from chatrepl.drawing.styles import styles

if TYPE_CHECKING:  # imported when the first code block comes
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

    Tokens = list[tuple[_TokenType, str]]
Stack = tuple[str, ...]

LONGEST = 2000
"""Longer lines stay without colours: no person wrote them, and some lexers take quadratic time."""

_COMMENTS = (("/*", "*/"), ("<!--", "-->"))


class Highlighter:
    """Code in one language. A copy made by ``copy.copy`` goes on from the same line."""

    def __init__(self, language: str, theme: str) -> None:
        self._lexer = _lexer(language.lower().strip("{}.")[:40])
        self._theme = theme
        self._stack: Stack = ("root",)
        self._comment: tuple[str, _TokenType] | None = None  # what will end the open comment, and its token type

    def line(self, code: str) -> Line:
        """The next line, with its colours; its text is left as it is."""
        if self._lexer is None or len(code) > LONGEST:
            return (Segment(code),) if code else ()
        try:
            tokens = self._tokens(self._lexer, code)
        except Exception:  # a bug of a lexer must not cost the answer
            self._lexer = None
            return (Segment(code),) if code else ()
        return self._styled(tokens)

    def _tokens(self, lexer: "Lexer", code: str) -> "Tokens":
        """The tokens of a line; a comment that pygments knows only as a whole is followed here until it is closed."""
        before: Tokens = []
        if self._comment:
            closing, kind = self._comment
            inside, closed, code = code.partition(closing)
            before = [(kind, inside + closed)]
            if not closed:
                return before
            self._comment = None
        tokens, stack = _lexed(lexer, code + "\n", self._stack)
        opening = _open_comment(_comments(lexer), tokens, code)
        if opening:
            offset, closing, kind = opening
            self._comment = closing, kind
            tokens, stack = _lexed(lexer, code[:offset], self._stack)
            tokens.append((kind, code[offset:]))
        self._stack = stack
        return before + tokens

    def _styled(self, tokens: "Tokens") -> Line:
        segments: list[Segment] = []
        for kind, text in tokens:
            text = text.removesuffix("\n")
            style = _style(kind, self._theme)
            if segments and segments[-1].style is style:
                segments[-1] = Segment(segments[-1].text + text, style)
            elif text:
                segments.append(Segment(text, style))
        return tuple(segments)


@functools.lru_cache(maxsize=64)
def _lexer(language: str) -> "Lexer | None":
    if not language:
        return None
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


@functools.cache
def _style(kind: "_TokenType", theme: str) -> Style | None:
    """The style of a type of token, or of the nearest one above it that has a style."""
    name = str(kind)
    while name and name not in styles(theme):
        name = name.rpartition(".")[0]
    return styles(theme)[name] if name else None


def _lexed(lexer: "Lexer", code: str, stack: Stack) -> "tuple[Tokens, Stack]":
    """The tokens of a line that begins with this stack of states, and the stack at its end."""
    from pygments.lexer import ExtendedRegexLexer, RegexLexer
    from pygments.token import Error

    if not isinstance(lexer, RegexLexer) or isinstance(lexer, ExtendedRegexLexer):  # each line on its own
        return [(kind, text) for _, kind, text in lexer.get_tokens_unprocessed(code)], stack
    rules: Any = getattr(lexer, "_tokens")  # noqa: B009  (pygments' types do not tell of it)
    tokens: Tokens = []
    states = list(stack)
    position = 0
    while position < len(code):
        for matches, action, change in rules[states[-1]]:
            match = matches(code, position)
            if match:
                tokens += _matched(lexer, match, action)
                position = match.end()
                _change(states, change)
                break
        else:
            if code[position] == "\n":
                states = ["root"]
            tokens.append((Error, code[position]))
            position += 1
    return tokens, tuple(states)


def _matched(lexer: "Lexer", match: Any, action: Any) -> "Tokens":
    if action is None:
        return []
    if callable(action):
        return [(kind, text) for _, kind, text in action(lexer, match)]
    return [(action, match.group())]


def _change(states: list[str], change: Any) -> None:
    """Apply what a rule says of the stack; a state always stays on it."""
    for state in change if isinstance(change, tuple) else (change,):
        if state == "#push":
            states.append(states[-1])
        elif state == "#pop":
            del states[max(len(states) - 1, 1) :]
        elif isinstance(state, int):
            del states[max(len(states) + state, 1) :]
        elif state is not None:
            states.append(state)


@functools.lru_cache(maxsize=64)
def _comments(lexer: "Lexer") -> "tuple[tuple[str, str, _TokenType], ...]":
    """The comments that the lexer finds by one expression over many lines: their beginning, end and type."""
    found = []
    for opening, closing in _COMMENTS:
        whole = f"{opening} \n {closing}"
        kind, text = _lexed(lexer, whole + "\n", ("root",))[0][0]
        if text == whole and str(kind).startswith("Token.Comment"):
            found.append((opening, closing, kind))
    return tuple(found)


def _open_comment(
    comments: "tuple[tuple[str, str, _TokenType], ...]", tokens: "Tokens", code: str
) -> "tuple[int, str, _TokenType] | None":
    """Where in a line a comment begins that does not end in it, what will end it, and its type."""
    for opening, closing, comment in comments:
        if opening not in code:
            continue
        offset = 0
        for kind, text in tokens:
            begins = code.startswith(opening, offset) and not str(kind).startswith("Token.Literal")
            if begins and closing not in text[len(opening) :]:
                return offset, closing, comment
            offset += len(text)
    return None
