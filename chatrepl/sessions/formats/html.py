"""A conversation as one HTML page: no network, one script of ours, and nothing that a model wrote acts in it."""

import io
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.token import Text, _TokenType

from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    MediaPart,
    Message,
    Part,
    SourcePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.sessions import citations
from chatrepl.sessions.formats.format import Chat, Format
from chatrepl.sessions.formats.mathml import mathml
from chatrepl.text import code as lexing, safe
from chatrepl.text.markdown import counts, extended, looks_like_an_address, number, told_of_nothing, with_box

LIGHT, DARK = "default", "github-dark"
"""The styles of pygments for code."""
MAX_HIGHLIGHTED = 100_000
"""Code of more characters stays plain: its colours would take seconds."""
LONGEST_REPLY = 200_000
"""A reply of more characters is shown as it is written: its markup would take seconds."""
POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'unsafe-inline'; img-src data:; media-src data:;"
    " base-uri 'none'; form-action 'none'"
)
"""What a browser may do with the page, should any escaping below be wrong: show it, and run the one script of ours."""

_FORMATTER = HtmlFormatter(nowrap=True)
_IMAGE = re.compile(r"image/(png|jpeg|gif|webp)")
_SOUNDS = ("audio/wav", "audio/mpeg", "audio/mp3", "audio/ogg", "audio/flac")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_VISIBLE = re.compile("<(?:hr|img|math)\\b")
_LINK = re.compile(r"(https?://|mailto:)", re.IGNORECASE)


def render(chat: Chat) -> str:
    """The page."""
    conversation, title = chat
    title = _line(title) or "A conversation"
    system = [_block("system", "System", _typed(conversation.system))] if conversation.system else []
    blocks = [*system, *map(_message, conversation.messages)]
    head = f"<header><h1>{title}</h1>\n<div class=about>{_about(conversation)}</div></header>"
    script = _beside(".js")
    policy = POLICY.format(script=b64encode(sha256(script.encode()).digest()).decode())
    page = _PAGE.format(policy=policy, title=title, style=_style(), body="\n".join([head, *blocks]), script=script)
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
<script>{script}</script>
</body>
</html>
"""


def _style() -> str:
    """The style of the page, and of its code in light and in dark."""
    page = _beside(".css")
    light = f"@media not all and (prefers-color-scheme: dark) {{\n{_colours(LIGHT)}\n}}"
    dark = f"@media (prefers-color-scheme: dark) {{\n{_colours(DARK)}\n}}"
    return f"{light}\n{dark}\n{page}"


def _beside(suffix: str) -> str:
    """The file of that ending beside this one."""
    return Path(__file__).with_suffix(suffix).read_text("utf-8")


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
    message = message if len(message.text) > LONGEST_REPLY else citations.marked(message, citations.link)
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
    text = safe.text(text)
    if len(text) > LONGEST_REPLY:
        return f'<div class="said written">{escape(text)}</div>'
    shown = _MARKDOWN.render(text)
    blank = not (_VISIBLE.search(shown) or re.sub("<[^>]*>|&nbsp;", "", shown).strip())
    return f"<div class=said>{shown if not blank else _nothing(text)}</div>"


def _nothing(text: str) -> str:
    """What stands in place of a reply that shows nothing."""
    return f"<p class=about>{escape(told_of_nothing(text))}</p>"


def _folded(summary: str, body: str) -> str:
    return f"<details><summary>{_line(summary)}</summary>{body}</details>"


def _image(part: ImagePart) -> str:
    name = _line(part.name or "image")
    if not (_IMAGE.fullmatch(part.mime) and _BASE64.fullmatch(part.data)):
        return f"<figure><figcaption>{name} ({_line(part.mime)}, not shown)</figcaption></figure>"
    source = f"data:{part.mime};base64,{part.data}"
    return f'<figure><img alt="{name}" src="{source}"><figcaption>{name}</figcaption></figure>'


def _source(part: SourcePart) -> str:
    name = _line(f"[{part.cited or '·'}] {part.title or part.url}")
    link = f'<a href="{_line(part.url)}" rel="noreferrer">{name}</a>' if _LINK.match(part.url) else name
    return f"<p class=about>{link}</p>"


def _media(part: MediaPart) -> str:
    name = _line(part.name or part.mime)
    if part.mime in _SOUNDS and _BASE64.fullmatch(part.data):
        source = f"data:{part.mime};base64,{part.data}"
        return f'<figure><audio controls src="{source}"></audio><figcaption>{name}</figcaption></figure>'
    return _folded(f"File {part.name}", _code(part.text, None)) if part.text else f"<p class=about>{name}</p>"


def _file(part: FilePart) -> str:
    return _folded(f"File {part.name}", _code(part.text, lexing.by_file(part.name)))


def _call(part: ToolCallPart) -> str:
    return _folded(f"Calls {part.name}", _code(part.arguments, lexing.by_name("json")))


PARTS: dict[type[Part], Callable[[Any], str]] = {
    TextPart: lambda part: _written(part.text),
    ThinkingPart: lambda part: _folded("Thinking", f"<div class=thought>{escape(safe.text(part.text))}</div>"),
    ImagePart: _image,
    SourcePart: _source,
    MediaPart: _media,
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

    def link_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """The end of a link, and where it leads if its label may be taken for another address."""
        start = next(place for place in range(idx, -1, -1) if tokens[place].type == "link_open")
        label = "".join(token.content for token in tokens[start:idx])
        url = str(tokens[start].attrs["href"])
        told = url in (label, f"mailto:{label}") or not looks_like_an_address(label)
        return "</a>" if told else f"</a> <span class=about>({escape(url)})</span>"

    def formula(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        source, display = tokens[idx].content, tokens[idx].block
        shown = mathml(source, display=display) or f"<code>{escape(source)}</code>"
        return f"<span class=display>{shown}</span>" if display else shown

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        language = (tokens[idx].info.split() or ["text"])[0]
        return _code(tokens[idx].content, lexing.by_name(language)) + "\n"


def _lists(state: StateCore) -> None:
    """Number the items as they are written, and give the tasks their boxes."""
    lists: list[
        tuple[str, str, bool | None]
    ] = []  # of each open list: its first number as written, the last one, counts
    for index, token in enumerate(state.tokens):
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append(("", "", None))
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            if token.info:
                lists[-1] = _numbered(token, *lists[-1])
            _boxed(state.tokens[index + 1 : index + 3])


def _numbered(token: Token, first: str, before: str, counting: bool | None) -> tuple[str, str, bool | None]:
    """Give an item its number; what is known of its list after it."""
    if not first:
        return token.info, token.info, None
    counting = counts(first, token.info) if counting is None else counting
    shown = number(token.info, before, counting)
    if int(shown) != int(before) + 1:
        token.attrSet("value", str(int(shown)))
    return first, shown, counting


def _boxed(tokens: Sequence[Token]) -> None:
    if [token.type for token in tokens] == ["paragraph_open", "inline"]:
        tokens[1].content = with_box(tokens[1].content)


_MARKDOWN = extended(_Markdown("commonmark", renderer_cls=_Renderer))
_MARKDOWN.core.ruler.before("inline", "lists", _lists)

FORMAT = Format("one HTML page, to read in a browser", render)
