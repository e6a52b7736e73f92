"""A conversation as Markdown: to read in any editor, to edit there, and to load again."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chatrepl import replace, values
from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    MediaPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
)
from chatrepl.sessions import citations
from chatrepl.sessions.formats.format import NOT_PLAIN, Chat, Format, to_json
from chatrepl.sessions.formats.markdown_grammar import DATE, LABEL, SHAPES, SPEAKERS, VERSION, escaped
from chatrepl.sessions.formats.markdown_media import FOLDER, Kept
from chatrepl.sessions.formats.markdown_reading import read
from chatrepl.sessions.plain import to_data


def render(chat: Chat) -> str:
    """The conversation as Markdown, all in one text."""
    return _rendered(chat, Kept())


def beside(chat: Chat, folder: str) -> tuple[str, Mapping[str, bytes]]:
    """The same with links to the images and files in a folder of that name beside it; and these."""
    media = Kept(folder)
    return _rendered(chat, media), media.files


def _rendered(chat: Chat, media: Kept) -> str:
    conversation, title = chat
    sections = [_section("## System", {}, conversation.system)] if conversation.system else []
    for turn in conversation.turns:
        for place, message in enumerate(turn):
            sections += _message(message, media, inside=place > 0)
    if media.definitions:
        sections.append("\n".join(["## Images <!-- chatrepl -->", "", *media.definitions, ""]))
    return "\n".join([_front_matter(conversation, title), *sections])


def _front_matter(conversation: Conversation, title: str) -> str:
    messages = conversation.messages
    dates = [f"date: {message.at}" for message in messages if DATE.fullmatch(message.at)]
    models = list(dict.fromkeys(message.model for message in messages if message.model))
    lines = [f"title: {to_json(title)}", *dates[:1]]
    lines += [f"models: {to_json(models)}"] if models else []
    return "\n".join(["---", *lines, f"chatrepl: {VERSION}", "---", ""])


def _message(message: Message, media: Kept, *, inside: bool) -> Iterator[str]:
    """The sections of a message; ``inside`` is one that does not begin its turn."""
    message = citations.marked(message, citations.link)
    meta = to_data(replace(message, parts=()))
    role = meta.pop("role")
    del meta["parts"]
    if message.usage:
        known = {key: value for key, value in meta["usage"].items() if value is not None}
        meta["usage"] = known or {"total": None}
    if inside and role == "user":
        meta["inside"] = True
    parts = list(message.parts)
    leads = parts and isinstance(parts[0], TextPart) and parts[0].text.strip()
    heading = _labelled(f"## {SPEAKERS[role]}", "model", meta)
    yield _section(heading, meta, parts.pop(0).text if leads else None)  # type: ignore[union-attr]  # a TextPart leads
    for part in parts:
        yield _part(part, media)


def _part(part: Part, media: Kept) -> str:
    shape = SHAPES[type(part)]
    meta = values(part)
    heading = _labelled(f"### {shape.word}", shape.label, meta)
    if isinstance(part, ImagePart | MediaPart):
        place = media.place(part)
        gone = () if place is None else ("data",) if "](" in place else ("data", "mime")
        return _section(heading, {key: value for key, value in meta.items() if key not in gone}, place)
    body = meta.pop(shape.body)
    return _section(heading, meta, body, _fence(part, body) if shape.fenced else ("", ""))


def _fence(part: Part, body: str) -> tuple[str, str]:
    """A fence longer than any in the text, and the language that stands behind it."""
    marks = "`" * (max(map(len, re.findall("`{3,}", body)), default=2) + 1)
    language = "json" if isinstance(part, ToolCallPart) else ""
    if isinstance(part, FilePart):
        language = Path(part.name).suffix.lstrip(".")
    return marks, language if re.fullmatch(r"[\w+-]*", language) else ""


def _labelled(heading: str, key: str, meta: dict[str, Any]) -> str:
    """The heading with that value beside it, moved there from ``meta``, if it can stand there."""
    value = meta.get(key, "")
    if not LABEL.fullmatch(value) or NOT_PLAIN.search(value) or "\n" in value:
        return heading
    return f"{heading} · `{meta.pop(key)}`"


def _section(heading: str, meta: dict[str, Any], body: str | None, fence: tuple[str, str] = ("", "")) -> str:
    meta = {key: value for key, value in meta.items() if value != ""}
    if body and _is_dos(body):
        body, meta["newlines"] = body.replace("\r\n", "\n"), "CRLF"
    comment = f"{to_json(meta)} ".replace(">", "\\u003e") if meta else ""
    heading = f"{heading} <!-- chatrepl {comment}-->\n"
    if body is None:
        return heading
    marks, language = fence
    text = "\n".join(map(escaped, body.split("\n")))
    return f"{heading}\n{marks}{language}\n{text}\n{marks}\n" if marks else f"{heading}\n{text}\n"


def _is_dos(text: str) -> bool:
    return "\r\n" in text and not re.search(r"(?<!\r)\n|\r(?!\n)", text)


FORMAT = Format("Markdown: to read, to edit, and to load again", render, read, beside, FOLDER)
