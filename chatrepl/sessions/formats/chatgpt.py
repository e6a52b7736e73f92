"""A ChatGPT export: conversations.json, a tree of messages each, of which the path to the current one is taken."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from chatrepl.conversation import Conversation, Message, Part, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from chatrepl.sessions.formats.format import Chat
from chatrepl.sessions.formats.turns import turns
from chatrepl.text.shapes import items, table, text


def is_chatgpt(data: Any) -> bool:
    """Whether the data is such an export, or one conversation out of it."""
    trees = data if isinstance(data, list) else [data]
    return any(isinstance(table(tree).get("mapping"), dict) for tree in trees)


def chats(data: Any) -> list[Chat]:
    """The conversations in which something was asked, newest first."""
    trees = [table(tree) for tree in (data if isinstance(data, list) else [data])]
    trees.sort(key=lambda tree: _number(tree.get("update_time") or tree.get("create_time")), reverse=True)
    found = [Chat(_conversation(tree), text(tree.get("title"))) for tree in trees]
    return [chat for chat in found if chat.conversation.turns]


def _conversation(tree: dict[str, Any]) -> Conversation:
    path, model = _path(tree), text(tree.get("default_model_slug"))
    system = [_words(message) for message in path if _role(message) == "system"]
    messages = [found for message in path if (found := _message(message, model))]
    return Conversation("\n\n".join(filter(None, system)), turns(messages))


def _path(tree: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages from the root to the current one; where none is named, or one that is not there, those of the
    longest branch."""
    mapping = table(tree.get("mapping"))
    here = text(tree.get("current_node"))
    if here not in mapping:
        here = _deepest(mapping)
    path: dict[str, dict[str, Any]] = {}
    while here in mapping and here not in path:  # a damaged tree may run in a circle
        node = table(mapping[here])
        path[here] = table(node.get("message"))
        here = text(node.get("parent"))
    hidden = "is_visually_hidden_from_conversation"
    return [message for message in reversed(path.values()) if not table(message.get("metadata")).get(hidden)]


def _deepest(mapping: dict[str, Any]) -> str:
    """The node with the most messages above it, of several the last; "" where there is none."""
    depths: dict[str, int] = {}
    for name in mapping:
        branch: dict[str, None] = {}
        here = name
        while here in mapping and here not in depths and here not in branch:
            branch[here] = None
            here = text(table(mapping[here]).get("parent"))
        depth = depths.get(here, 0)
        for node in reversed(branch):
            depth += bool(_message(table(table(mapping[node]).get("message"))))
            depths[node] = depth
    return max(reversed(depths), key=depths.__getitem__, default="")


def _message(message: dict[str, Any], model: str = "") -> Message | None:
    """What a person and the model said to each other, what the model had a tool do, and what that gave."""
    role, recipient = _role(message), text(message.get("recipient")) or "all"
    parts: tuple[Part, ...] = tuple(_parts(message))
    if role == "assistant" and recipient != "all":
        parts = (ToolCallPart("", recipient, _arguments(_words(message))),)
    if role == "tool":
        parts = (ToolResultPart("", _given(message), "failed" if _kind(message) == "system_error" else ""),)
    if not parts:
        return None
    if role == "user":
        return Message("user", parts, at=_at(message))
    if role == "assistant":
        model = text(table(message.get("metadata")).get("model_slug")) or model
        return Message("assistant", parts, model, "stop" if recipient == "all" else "tool_calls", at=_at(message))
    return Message("tool", parts, at=_at(message)) if role == "tool" else None


def _arguments(words: str) -> str:
    """What a tool was told, as an object: most are, and code is none."""
    try:
        return words if isinstance(json.loads(words), dict) else json.dumps({"input": words}, ensure_ascii=False)
    except (ValueError, RecursionError):
        return json.dumps({"input": words}, ensure_ascii=False)


def _given(message: dict[str, Any]) -> str:
    """What a tool gave: the words of its message, or what stands where those of browsing have it."""
    content = table(message.get("content"))
    return _words(message) or text(content.get("result")) or text(content.get("summary"))


def _kind(message: dict[str, Any]) -> str:
    return text(table(message.get("content")).get("content_type"))


def _parts(message: dict[str, Any]) -> Iterator[Part]:
    content, kind = table(message.get("content")), _kind(message)
    if kind == "thoughts":
        thoughts = "\n\n".join(text(table(item).get("content")) for item in items(content.get("thoughts")))
        yield from [ThinkingPart(thoughts)] if thoughts else []
    elif kind in ("text", "multimodal_text", "code") and (words := _words(message)):
        yield TextPart(words)


def _words(message: dict[str, Any]) -> str:
    content = table(message.get("content"))
    pieces = items(content.get("parts")) or [content.get("text")]
    return "\n\n".join(filter(None, map(_piece, pieces)))


def _piece(piece: Any) -> str:
    """A text; or of an image or a recording, which are files of their own, the name."""
    if isinstance(piece, dict):
        pointer = text(piece.get("asset_pointer"))
        return text(piece.get("text")) or (f"[not in the export: {pointer}]" if pointer else "")
    return _MARK.sub(_shown, text(piece))


_MARK = re.compile("[ \\t]?【\\d+(?::\\d+)?†[^】\\n]*】|[ \\t]?\ue200([^\ue200\ue201]*)\ue201|[\ue200-\ue206]")
"""Where a citation, a picture or the name of something stands, in the words of the old days and of these."""


def _shown(mark: re.Match[str]) -> str:
    """What of a mark is for people: the name of a thing; of a citation nothing."""
    kind, _, rest = (mark[1] or "").partition("\ue202")
    if kind != "entity":
        return ""
    try:
        names = items(json.loads(rest))
    except ValueError:
        return ""
    return mark[0][: mark[0][0].isspace()] + next((text(name) for name in names[1:2]), "")


def _role(message: dict[str, Any]) -> str:
    return text(table(message.get("author")).get("role"))


def _at(message: dict[str, Any]) -> str:
    try:
        return datetime.fromtimestamp(_number(message["create_time"]), UTC).isoformat(timespec="seconds")
    except (KeyError, OverflowError, ValueError, OSError):
        return ""


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else 0.0
