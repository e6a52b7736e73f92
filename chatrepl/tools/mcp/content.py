"""What an MCP server answers to a call, as plain data, into results. Pure; every shape is expected."""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from chatrepl.files import attachments
from chatrepl.text.shapes import items, table, text
from chatrepl.tools import results
from chatrepl.tools.tool import Media, Result, canonical

MEDIA = 20_000_000
"""The bytes of all media in one result; what is more is told and left out."""


class Piece(NamedTuple):
    """Text, and media beside it."""

    text: str
    media: tuple[Media, ...] = ()


def result(answer: Mapping[str, Any], hide: Callable[[str], str]) -> Result:
    """The result of a call."""
    piece = _piece(items(answer.get("content")))
    said = piece.text
    if not said and not piece.media and answer.get("structuredContent") is not None:
        said = canonical(answer["structuredContent"])
    return results.result(said, error=answer.get("isError") is True, media=piece.media, hide=hide)


def _piece(blocks: list[Any]) -> Piece:
    texts, media, size = [], [], 0
    for found in (each for block in blocks for each in _parts(table(block))):
        if isinstance(found, str):
            texts.append(found)
        elif size + len(found.data) * 3 // 4 > MEDIA:
            texts.append(f"[left out, for there is too much of it: {found.mime} {found.name}]")
        else:
            size += len(found.data) * 3 // 4
            media.append(found)
    return Piece("\n\n".join(filter(None, texts)), tuple(media))


def _parts(block: Mapping[str, Any]) -> Iterator[str | Media]:
    """What a block of content holds."""
    kind = block.get("type")
    if kind == "text":
        yield text(block.get("text"))
    elif kind in ("image", "audio"):
        yield _media(text(block.get("data")), text(block.get("mimeType")), "")
    elif kind == "resource_link":
        yield linked(block)
    elif kind == "resource":
        inner = table(block.get("resource"))
        if "text" in inner:
            yield text(inner["text"])
        else:
            yield _media(text(inner.get("blob")), text(inner.get("mimeType")), text(inner.get("uri")))
    elif block:
        yield f"[content of an unknown kind: {text(kind) or '?'}]"


def linked(block: Mapping[str, Any]) -> str:
    """A link to a resource, in words."""
    name = text(block.get("title")) or text(block.get("name"))
    return f"[{name}: {text(block.get('uri'))}] {text(block.get('description'))}".rstrip()


def _media(data: str, mime: str, name: str) -> str | Media:
    """What the data is, by its bytes where they tell; what only claims to be a picture is none."""
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return f"[{mime or 'data'} that cannot be read]"
    found = attachments.image_type(raw[:16])
    if mime.startswith("image/") and not found:
        return f"[{len(raw):,} bytes that claim to be {mime}]"
    return Media(found or mime or "application/octet-stream", data, name)
