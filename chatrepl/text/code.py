"""The words of code, line by line: the door to pygments.

To lex all that came before again for each line would be quadratic in the length of a code block. So the lexer's stack
of states is carried from line to line, which pygments itself does not offer.

Models write whatever they like, and a lexer that does not come to an end would take the program with it: its thread
cannot be stopped. So only those lexers are used that the tests have fed with hostile lines.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # imported when the first code block comes
    from pygments.lexer import Lexer, RegexLexer
    from pygments.token import _TokenType

    Tokens = list[tuple[_TokenType, str]]
Stack = tuple[str, ...]

LEXERS = frozenset(
    "abnf ada apacheconf applescript arduino awk bash batch bibtex c clojure cmake cobol coffeescript common-lisp"
    " console cpp csharp css cuda cypher cython d dart delphi diff django docker ebnf elixir elm emacs-lisp erb erlang"
    " fennel fish fortran fsharp gas gdscript gherkin glsl go graphql graphviz groovy haml handlebars haskell"
    " hlsl html ini java javascript json json5 jsx julia kotlin less llvm lua make markdown matlab meson"
    " mysql nasm nginx nim nix objective-c ocaml octave perl php plpgsql postgresql powershell prolog promql"
    " properties protobuf puppet pycon python qml racket rego restructuredtext ruby rust sas sass scala"
    " scheme scss smalltalk solidity sparql splus sql sqlite3 swift systemverilog tcl terraform tex toml"
    " tsx twig typescript vb.net verilog vhdl vim vue wast webidl wgsl xml yaml zig".split()
)
"""The languages whose words are told apart, each by one of the names that pygments has for it."""

LONGEST = 2000
"""Longer lines stay plain: no person wrote them, and some lexers take quadratic time."""

MOST_BACKSLASHES = 24
"""Lines with more stay plain: after a quote some lexers take exponential time."""

_MOST_EMPTY = 100
"""A lexer that so often in a row changes its state and takes nothing would do so for ever."""

_COMMENTS = (("/*", "*/"), ("<!--", "-->"))


class Lexing:
    """Code in one language, of which the next line comes. A copy made by ``copy.copy`` goes on from the same line."""

    def __init__(self, lexer: "Lexer | None") -> None:
        self._lexer = lexer
        self._stack: Stack = ("root",)
        self._comment: tuple[str, _TokenType] | None = None  # what will end the open comment, and its token type

    def line(self, code: str) -> "Tokens | None":
        """The tokens of the next line, without its end; None where they are not known."""
        if self._lexer is None or len(code) > LONGEST or code.count("\\") > MOST_BACKSLASHES:
            return None
        try:
            tokens = self._tokens(self._lexer, code)
        except Exception:  # a bug of a lexer must not cost the answer
            self._lexer = None
            return None
        return [(kind, text.removesuffix("\n")) for kind, text in tokens]

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


@functools.lru_cache(maxsize=64)
def by_name(language: str) -> "Lexer | None":
    """The lexer of the language that a code block names."""
    from pygments.lexers import get_lexer_by_name

    return _known(lambda: get_lexer_by_name(language.lower().strip("{}.")[:40], handlecodeblocks=False))


@functools.lru_cache(maxsize=64)
def by_file(name: str) -> "Lexer | None":
    """The lexer for files of that name."""
    from pygments.lexers import get_lexer_for_filename

    return _known(lambda: get_lexer_for_filename(name, handlecodeblocks=False))


def _known(find: "Callable[[], Lexer]") -> "Lexer | None":
    """What is found, if its language is among those whose words are told apart."""
    from pygments.util import ClassNotFound

    try:
        lexer = find()
    except ClassNotFound:
        return None
    return None if LEXERS.isdisjoint(lexer.aliases) else lexer


def _lexed(lexer: "Lexer", code: str, stack: Stack) -> "tuple[Tokens, Stack]":
    """The tokens of a line that begins with this stack of states, and the stack at its end."""
    from pygments.lexer import ExtendedRegexLexer, RegexLexer
    from pygments.token import Error

    if not isinstance(lexer, RegexLexer) or isinstance(lexer, ExtendedRegexLexer):  # each line on its own
        return [(kind, text) for _, kind, text in lexer.get_tokens_unprocessed(code)], stack
    rules = _rules(lexer)
    tokens: Tokens = []
    states = list(stack)
    position, empty = 0, 0
    while position < len(code):
        for matches, action, change in rules[states[-1]]:
            match = matches(code, position)
            if match:
                tokens += _matched(lexer, match, action)
                empty = empty + 1 if match.end() == position else 0
                position = match.end()
                _change(states, change)
                break
        else:
            if code[position] == "\n":
                states = ["root"]
            tokens.append((Error, code[position]))
            position += 1
        if empty > _MOST_EMPTY:
            raise ValueError("The lexer goes round in circles")
    return tokens, tuple(states)


def _rules(lexer: "RegexLexer") -> Any:
    """By state the expressions of a lexer, as pygments keeps them ready; should it keep them elsewhere one day, they
    are made once more by the function it has for that, which takes up to 15 ms."""
    return getattr(lexer, "_tokens", None) or _made(type(lexer))


@functools.cache
def _made(kind: Any) -> Any:
    return kind.process_tokendef("", kind.get_tokendefs())


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
