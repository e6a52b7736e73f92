"""A conversation as plain words: to print, to mail, to read aloud. It is not read back."""

from collections.abc import Callable
from typing import Any

from chatrepl.conversation import (
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
from chatrepl.text import safe

PARTS: dict[type[Part], Callable[[Any], str]] = {
    TextPart: lambda part: part.text,
    ThinkingPart: lambda part: f"[thinking]\n{part.text}\n[end of thinking]",
    MediaPart: lambda part: f"[{part.mime} {part.name}]",
    SourcePart: lambda part: f"[{part.cited or 'source'}] {part.title} {part.url}",
    ImagePart: lambda part: f"[image {part.name or part.mime}]",
    FilePart: lambda part: f"[file {part.name}]\n{part.text}\n[end of file]",
    ToolCallPart: lambda part: f"[calls {part.name} with {part.arguments}]",
    ToolResultPart: lambda part: f"[result]\n{part.text}\n[end of result]",
}


def render(chat: Chat) -> str:
    """The conversation in words."""
    conversation, title = chat
    blocks = [f"{safe.line(title)}\n"] if title else []
    blocks += [_block("System", conversation.system)] if conversation.system else []
    blocks += [_block(_speaker(message), _words(message)) for message in conversation.messages]
    return "\n".join(blocks)


def _block(speaker: str, words: str) -> str:
    return f"{safe.line(speaker)}:\n{safe.text(words).rstrip()}\n"


def _speaker(message: Message) -> str:
    who = {"user": "You", "assistant": message.model or "Assistant", "tool": "Tool"}[message.role]
    return f"{who} ({message.ending})" if message.unfinished else who


def _words(message: Message) -> str:
    marked = citations.marked(message, citations.plain)
    return "\n\n".join(PARTS[type(part)](part) for part in marked.parts)


FORMAT = Format("plain words", render)
