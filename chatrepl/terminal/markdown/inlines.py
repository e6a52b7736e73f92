"""The inline part of a block: text with marks, and links."""

import functools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from chatrepl import dataclass, replace
from chatrepl.terminal.markdown.parser import parser
from chatrepl.text import safe

if TYPE_CHECKING:
    from markdown_it.token import Token

_MARKS = {"strong": "strong", "em": "emphasis", "s": "strike"}
_MARKUP = re.compile(r"[\\`*_~\[<&$\n]")


@dataclass(frozen=True)
class Span:
    """Text with marks: strong, emphasis, strike, code, image, formula. A line feed in it breaks the line."""

    text: str
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Link:
    """A link or an image: what stands for it, and where it points."""

    label: tuple[Span, ...]
    url: str
    title: str = ""


Inline = Span | Link

_BREAK = Span("\n")


@functools.lru_cache(maxsize=512)
def inline(source: str) -> tuple[Inline, ...]:
    """The inline parts of a source that is safe."""
    if not _MARKUP.search(source):
        return (Span(source.replace("\t", " ")),) if source else ()
    reading = _Reading()
    for token in parser().parseInline(source)[0].children or ():
        reading.take(token)
    return tuple(reading.found)


class _Reading:
    """Tokens into parts, from left to right."""

    def __init__(self) -> None:
        self.found: list[Inline] = []
        self._label: list[Span] = []
        self._link: Token | None = None
        self._open: Counter[str] = Counter()

    def take(self, token: "Token") -> None:
        """Take the next token in."""
        kind, _, edge = token.type.partition("_")
        if kind == "link":
            self._take_link(token, edge)
        elif edge in ("open", "close"):
            self._open[_MARKS[kind]] += token.nesting
        elif kind == "image" and self._link is None:
            alt = _attribute(token, "src"), _attribute(token, "title")
            self.found.append(Link((self._span(token),), *alt))
        else:
            self._add(self._span(token))

    def _take_link(self, token: "Token", edge: str) -> None:
        if edge == "open":
            self._link = token
        elif self._link:
            url, title = _attribute(self._link, "href"), _attribute(self._link, "title")
            self.found.append(Link(tuple(self._label), url, title))
            self._link, self._label = None, []

    def _add(self, span: Span) -> None:
        into: list[Any] = self.found if self._link is None else self._label
        if into and into[-1] == _BREAK and "code" not in span.marks:
            span = replace(span, text=span.text.lstrip(" "))
        if span.text:
            into.append(span)

    def _span(self, token: "Token") -> Span:
        marks = [mark for mark, depth in self._open.items() if depth > 0]
        match token.type:
            case "softbreak" | "hardbreak":
                return _BREAK
            case "code_inline" | "image" | "formula" as kind:
                text, mark = token.content, kind.partition("_")[0]
                return Span(text.replace("\t", " "), frozenset([*marks, mark]))
        decoded = self._link is not None and self._link.markup == "autolink"  # what %1b stands for
        text = safe.text(token.content) if decoded else token.content
        return Span(text.replace("\t", " "), frozenset(marks))


def _attribute(token: "Token", name: str) -> str:
    """What the parser made of an attribute, in which entities may stand for any character."""
    return safe.text(str(token.attrs.get(name, ""))).replace("\t", " ").replace("\n", " ")
