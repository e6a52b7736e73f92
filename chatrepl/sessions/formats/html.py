"""A conversation as one HTML page: no network, no script, and nothing that a model wrote acts in it."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.token import Text, _TokenType

from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.sessions.formats.format import Chat, Format
from chatrepl.text import code as lexing, safe

LIGHT, DARK = "default", "github-dark"
"""The styles of pygments for code."""
MAX_HIGHLIGHTED = 100_000
"""Code of more characters stays plain: its colours would take seconds."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser may do with the page, should any escaping below be wrong: show it."""

_FORMATTER = HtmlFormatter(nowrap=True)
_IMAGE = re.compile(r"image/(png|jpeg|gif|webp)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_LINK = re.compile(r"(https?://|mailto:)", re.IGNORECASE)


def render(chat: Chat) -> str:
    """The page."""
    conversation, title = chat
    title = _line(title) or "A conversation"
    system = [_block("system", "System", _typed(conversation.system))] if conversation.system else []
    blocks = [*system, *map(_message, conversation.messages)]
    head = f"<header><h1>{title}</h1>\n<div class=about>{_about(conversation)}</div></header>"
    page = _PAGE.format(policy=POLICY, title=title, style=_style(), body="\n".join([head, *blocks]))
    return safe.text(page)  # once more, for Markdown can spell any character: &#x202e;


_PAGE = """\
<!DOCTYPE html>
<html lang="und">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def _style() -> str:
    """The style of the page, and of its code in light and in dark."""
    page = Path(__file__).with_suffix(".css").read_text("utf-8")
    light = f"@media not all and (prefers-color-scheme: dark) {{\n{_colours(LIGHT)}\n}}"
    dark = f"@media (prefers-color-scheme: dark) {{\n{_colours(DARK)}\n}}"
    return f"{light}\n{dark}\n{page}"


def _colours(style: str) -> str:
    """The colours of the words in code; its background is that of the page."""
    return str(HtmlFormatter(style=style, nobackground=True).get_style_defs("code"))  # type: ignore[no-untyped-call]


def _about(conversation: Conversation) -> str:
    messages = conversation.messages
    models = dict.fromkeys(_line(message.model) for message in messages if message.model)
    day = next((_line(message.at[:10]) for message in messages if message.at), "")
    return " · ".join(filter(None, [day, ", ".join(models), "saved by chatrepl"]))


def _message(message: Message) -> str:
    who = {"user": "You", "assistant": "Assistant", "tool": "Tool"}[message.role]
    name = f"<b>{_line(message.model) or who if message.role == 'assistant' else who}</b>"
    notes = [_line(message.at[:16].replace("T", " ")), message.ending if message.unfinished else ""]
    draw = PARTS | {TextPart: lambda part: _typed(part.text)} if message.role == "user" else PARTS
    body = "\n".join(draw[type(part)](part) for part in message.parts)
    return _block(
        message.role + (" broken" if message.unfinished else ""), " · ".join(filter(None, [name, *notes])), body
    )


def _block(kind: str, who: str, body: str) -> str:
    return f'<section class="message {kind}"><div class=who>{who}</div>\n{body}\n</section>'


# Parts. Each text goes through ``safe`` and then through exactly one that escapes: escape, pygments or markdown-it.


def _line(text: str) -> str:
    return escape(safe.line(text))


def _typed(text: str) -> str:
    """What a person typed, as it was typed."""
    return f"<div class=said>{escape(safe.text(text))}</div>"


def _written(text: str) -> str:
    """What a model wrote, which is Markdown."""
    return f"<div class=said>{_MARKDOWN.render(safe.text(text))}</div>"


def _folded(summary: str, body: str) -> str:
    return f"<details><summary>{_line(summary)}</summary>{body}</details>"


def _image(part: ImagePart) -> str:
    name = _line(part.name or "image")
    if not (_IMAGE.fullmatch(part.mime) and _BASE64.fullmatch(part.data)):
        return f"<figure><figcaption>{name} ({_line(part.mime)}, not shown)</figcaption></figure>"
    source = f"data:{part.mime};base64,{part.data}"
    return f'<figure><img alt="{name}" src="{source}"><figcaption>{name}</figcaption></figure>'


def _file(part: FilePart) -> str:
    return _folded(f"File {part.name}", _code(part.text, lexing.by_file(part.name)))


def _call(part: ToolCallPart) -> str:
    return _folded(f"Calls {part.name}", _code(part.arguments, lexing.by_name("json")))


PARTS: dict[type[Part], Callable[[Any], str]] = {
    TextPart: lambda part: _written(part.text),
    ThinkingPart: lambda part: _folded("Thinking", f"<div class=thought>{escape(safe.text(part.text))}</div>"),
    ImagePart: _image,
    FilePart: _file,
    ToolCallPart: _call,
    ToolResultPart: lambda part: _folded("Result", f"<pre>{escape(safe.text(part.text))}</pre>"),
}


def _code(text: str, lexer: Lexer | None) -> str:
    """Code, with its words in colours where its language is known."""
    text = safe.text(text)
    if lexer is None or len(text) > MAX_HIGHLIGHTED:
        return f"<pre><code>{escape(text)}</code></pre>"
    out = io.StringIO()
    _FORMATTER.format(_tokens(text, lexer), out)
    return f"<pre><code>{out.getvalue()}</code></pre>"


def _tokens(text: str, lexer: Lexer) -> Iterator[tuple[_TokenType, str]]:
    code = lexing.Lexing(lexer)
    for line in text.removesuffix("\n").split("\n"):
        yield from code.line(line) or [(Text, line)]
        yield Text, "\n"


# Markdown


class _Markdown(MarkdownIt):
    """Markdown without raw HTML, and with links to the web and to mail alone."""

    def validateLink(self, url: str) -> bool:  # noqa: N802  # markdown-it's name
        return bool(_LINK.match(url))


class _Renderer(RendererHTML):
    """HTML in which nothing is fetched: an image becomes a link to it."""

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        source = escape(str(tokens[idx].attrs["src"]))
        name = escape(tokens[idx].content) or source
        return f'<a href="{source}" rel="noopener noreferrer">{name}</a>'

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        tokens[idx].attrSet("rel", "noopener noreferrer")
        return self.renderToken(tokens, idx, options, env)

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        language = (tokens[idx].info.split() or ["text"])[0]
        return _code(tokens[idx].content, lexing.by_name(language)) + "\n"


_MARKDOWN = _Markdown("commonmark", {"html": False}, renderer_cls=_Renderer).enable(["table", "strikethrough"])

FORMAT = Format("one HTML page, to read in a browser", render)
