"""The inline part of a block: text with marks, and links."""

import functools
import re
from typing import TYPE_CHECKING, Any

from chatrepl import dataclass
from chatrepl.terminal.markdown.parser import parser
from chatrepl.text import safe

if TYPE_CHECKING:
    from markdown_it.token import Token

_MARKS = {"strong": "strong", "em": "emphasis", "s": "strike"}
_MARKUP = re.compile(r"[\\`*_~\[<&$\n]")


@dataclass(frozen=True, slots=True)
class Span:
    """Text with marks: strong, emphasis, strike, code, image, formula. A line feed in it breaks the line."""

    text: str
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an image: what stands for it, and where it points."""

    label: tuple[Span, ...]
    url: str
    title: str = ""


Inline = Span | Link

_BREAK = Span("\n")


@functools.lru_cache(maxsize=512)
def inline(source: str) -> tuple[Inline, ...]:
    """The inline parts of a source. Entities may stand for any character, so the result is made safe again."""
    if not _MARKUP.search(source):
        return (Span(source.replace("\t", " ")),) if source else ()
    found: list[Inline] = []
    label: list[Span] = []
    marks: list[str] = []
    url: str | None = None
    title = ""
    for token in parser().parseInline(source)[0].children or ():
        kind, _, edge = token.type.partition("_")
        if kind == "link" and edge == "open":
            url, title = _attribute(token, "href"), _attribute(token, "title")
        elif kind == "link" and url is not None:
            found.append(Link(tuple(label), url, title))
            label, url = [], None
        elif edge == "open":
            marks.append(_MARKS[kind])
        elif edge == "close":
            marks.remove(_MARKS[kind])
        elif kind == "image" and url is None:
            found.append(Link((_span(token, marks),), _attribute(token, "src"), _attribute(token, "title")))
        else:
            into: list[Any] = found if url is None else label
            into.append(_span(token, marks, after_break=bool(into) and into[-1] == _BREAK))
    return tuple(found)


def _span(token: "Token", marks: list[str], after_break: bool = False) -> Span:
    match token.type:
        case "softbreak" | "hardbreak":
            return _BREAK
        case "code_inline":
            return Span(token.content.replace("\t", " "), frozenset([*marks, "code"]))
        case "image":
            return Span(_safe(token.content), frozenset([*marks, "image"]))
        case "formula":
            return Span(_safe(token.content), frozenset([*marks, "formula"]))
    text = _safe(token.content)
    return Span(text.lstrip(" ") if after_break else text, frozenset(marks))


def _attribute(token: "Token", name: str) -> str:
    return _safe(str(token.attrs.get(name, ""))).replace("\n", " ")


def _safe(text: str) -> str:
    return safe.text(text).replace("\t", " ")
