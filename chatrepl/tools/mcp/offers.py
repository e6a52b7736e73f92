"""What MCP servers offer to people: prompts to ask with, and resources to attach. Pure; every shape is expected.

All of it is a server's words. What goes into a question is a text or an attachment, whose kind its bytes tell.
"""

import base64
import binascii
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from chatrepl import replace
from chatrepl.conversation import FilePart
from chatrepl.errors import CommandError
from chatrepl.files import attachments
from chatrepl.files.attachments import Attachment
from chatrepl.text import safe
from chatrepl.text.shapes import items, table, text
from chatrepl.tools.mcp.content import linked


class Argument(NamedTuple):
    """What a prompt asks for."""

    name: str
    about: str
    required: bool


class Prompt(NamedTuple):
    """A prompt that a server offers: ``name`` is the server's own word, ``typed`` what stands for it in a command."""

    name: str
    about: str
    arguments: tuple[Argument, ...]
    typed: str = ""


class Resource(NamedTuple):
    """Something to read at a server; ``template`` tells that its URI has places to fill."""

    uri: str
    name: str
    mime: str
    template: bool = False


class Asked(NamedTuple):
    """What a prompt says, as it goes into a question."""

    text: str
    attachments: tuple[Attachment, ...] = ()


def prompts(listed: list[dict[str, Any]]) -> list[Prompt]:
    """The prompts of a list, each to be typed in its own way."""
    found: dict[str, Prompt] = {}
    for raw in listed:
        if name := text(raw.get("name")):
            typed = _typed(name, found)
            about = text(raw.get("description")) or text(raw.get("title"))
            found[typed] = Prompt(name, about, tuple(map(_argument, items(raw.get("arguments")))), typed)
    return list(found.values())


def _typed(name: str, taken: Mapping[str, Prompt]) -> str:
    """The name in the characters that a command's may have."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "prompt"
    further = (f"{plain}-{number}" for number in itertools.count(2))
    return next(each for each in itertools.chain([plain], further) if each not in taken)


def _argument(raw: object) -> Argument:
    each = table(raw)
    return Argument(text(each.get("name")), text(each.get("description")), each.get("required") is True)


def prompt(answer: Mapping[str, Any], server: str, hide: Callable[[str], str]) -> Asked:
    """What a prompt says: its messages one after the other; who says them is told where the model is to have said some.
    What it embeds goes along as attachments, named after the server."""
    messages = [table(message) for message in items(answer.get("messages"))]
    speak = any(message.get("role") == "assistant" for message in messages)
    texts: list[str] = []
    going: list[Attachment] = []
    for message in messages:
        content = message.get("content")
        said: list[str] = []
        for block in content if isinstance(content, list) else [content]:
            found = _found(table(block), server, hide)
            (said if isinstance(found, str) else going).append(found)  # type: ignore[arg-type]
        if whole := "\n\n".join(filter(None, said)):
            texts.append(f"{_speaker(message)}: {whole}" if speak else whole)
    return Asked("\n\n".join(texts), tuple(_bounded(going, f"The prompt of {server}")))


def _speaker(message: Mapping[str, Any]) -> str:
    return "Assistant" if message.get("role") == "assistant" else "User"


def _found(block: Mapping[str, Any], server: str, hide: Callable[[str], str]) -> str | Attachment:
    """What a block of content is in a question."""
    kind, inner = block.get("type"), table(block.get("resource"))
    if kind == "text":
        return hide(text(block.get("text")))
    if kind == "resource_link":
        return hide(linked(block))
    try:
        if kind == "resource":
            return _attachment(inner, server, hide)
        if kind in ("image", "audio"):
            return _of_data(text(block.get("data")), text(block.get("mimeType")), f"{server}:{kind}")
    except CommandError as error:
        return f"[{error}]"
    return f"[content of an unknown kind: {safe.line(text(kind), 40) or '?'}]" if block else ""


def resource(answer: Mapping[str, Any], server: str, hide: Callable[[str], str]) -> list[Attachment]:
    """What stands in a resource. CommandError where that is nothing to attach."""
    found = [_attachment(table(each), server, hide) for each in items(answer.get("contents"))]
    return list(_bounded(found, f"The resource of {server}"))


def _attachment(contents: Mapping[str, Any], server: str, hide: Callable[[str], str]) -> Attachment:
    name = safe.line(f"{server}:{text(contents.get('uri'))}", 200)
    if isinstance(contents.get("text"), str):
        return FilePart(name, hide(contents["text"]))
    return _of_data(text(contents.get("blob")), text(contents.get("mimeType")), name)


def _of_data(data: str, mime: str, name: str) -> Attachment:
    """What the data is by its bytes, whatever it is said to be."""
    try:
        return attachments.of_data(base64.b64decode(data, validate=True), name)
    except (binascii.Error, ValueError):
        raise CommandError(f"{name} cannot be read: it is not base64") from None
    except CommandError:
        kind = f" ({safe.line(mime, 60)})" if mime else ""
        raise CommandError(f"{name} is nothing to attach{kind}") from None


def _bounded(parts: list[Attachment], what: str) -> Iterator[Attachment]:
    """Those parts, if they are not too much, and no two of one name, of which the last would take the place."""
    if sum(map(attachments.weight, parts)) > attachments.LIMIT:
        raise CommandError(f"{what} is too large to attach")
    seen: dict[str, int] = {}
    for part in parts:
        seen[part.name] = count = seen.get(part.name, 0) + 1
        yield part if count == 1 else replace(part, name=f"{part.name} {count}")


def resources(listed: list[dict[str, Any]]) -> list[Resource]:
    """The resources and templates of a list."""
    return [
        Resource(
            text(raw.get("uri")) or text(raw.get("uriTemplate")),
            text(raw.get("title")) or text(raw.get("name")),
            text(raw.get("mimeType")),
            "uriTemplate" in raw,
        )
        for raw in listed
    ]
