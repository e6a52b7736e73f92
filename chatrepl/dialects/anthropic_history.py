"""A conversation in the shape of Anthropic's messages.

A thinking block goes back only beside the tool calls it led to, and unchanged. For that its signature is kept as a
line ``anthropic:<length of its text>:<signature>``: a reply may hold several blocks, whose texts are kept joined, and
a signature of another vendor is refused.
"""

import re
from collections.abc import Iterator
from typing import Any

from chatrepl.conversation import (
    Conversation,
    Definition,
    ImagePart,
    MediaPart,
    Message,
    Part,
    ThinkingPart,
    ToolResultPart,
    Turn,
)
from chatrepl.dialects import replies, tools
from chatrepl.dialects.anthropic_pausing import blocks
from chatrepl.dialects.wire import arguments, called, merged, result_text, results, written
from chatrepl.text.excerpt import capped
from chatrepl.text.shapes import dig, text


def offered(conversation: Conversation, said: list[dict[str, Any]]) -> dict[str, Any]:
    """The tools. Those that the history tells of have to be named even where none may be called any more."""
    found = [_tool(tools.without_root_unions(each)) for each in conversation.tools]
    if found or not any(_calls(message["content"]) for message in said):
        return {"tools": found} if found else {}
    return {"tools": [_tool(each) for each in tools.mentioned(conversation)], "tool_choice": {"type": "none"}}


def _tool(tool: Definition) -> dict[str, Any]:
    return {**tools.named(tool), "input_schema": tools.parameters(tool)}


def _calls(content: str | list[dict[str, Any]]) -> bool:
    return not isinstance(content, str) and any(block["type"] == "tool_use" for block in content)


_IDS = tools.fitting(r"[A-Za-z0-9_-]{1,128}", "toolu_")


def messages(conversation: Conversation) -> list[dict[str, Any]]:
    """The messages of a conversation in this protocol's shape: roles alternate, and none is empty."""
    conversation = replies.shown(conversation)
    blocks = [
        (
            "assistant" if message.role == "assistant" else "user",
            (goes_on and _paused(message, turn)) or _blocks(message, ids, thinking=goes_on),
        )
        for turn, ids, goes_on in tools.turns(conversation, _IDS)
        for message in turn
    ]
    found = merged(blocks)
    if found and found[-1][0] == "assistant" and (begun := text(found[-1][1][-1].get("text"))):
        found[-1][1][-1]["text"] = begun.rstrip()  # a reply to be continued must not end with a blank
    return [{"role": role, "content": _content(content)} for role, content in found]


def _content(blocks: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    return blocks[0]["text"] if len(blocks) == 1 and blocks[0]["type"] == "text" else blocks


def _blocks(message: Message, ids: dict[str, str], *, thinking: bool) -> list[dict[str, Any]]:
    """The blocks of a message. Its calls stand behind all else, and before them, in the turn that goes on, what led to
    them: that is bound to what came before, which a finished turn may be moved away from."""
    if message.role == "tool":
        return [_result(result, ids[result.id], shown) for result, shown in results(message, ids)]
    said = [block for part in message.parts for block in _block(part)]
    made = tools.calls(message, ids)
    thought = [part for part in message.parts if isinstance(part, ThinkingPart) and made and thinking]
    uses = [{"type": "tool_use", "id": ids[call.id], "name": called(call), "input": arguments(call)} for call in made]
    return [block for part in thought for block in _thinking_blocks(part)] + said + uses


def _paused(message: Message, turn: Turn) -> list[dict[str, Any]]:
    """The blocks of a reply that its server paused, and goes on with where it ends the conversation."""
    parts = [part for part in message.parts if isinstance(part, ThinkingPart)] if message is turn[-1] else []
    return [block for part in parts for block in blocks(part.signature)]


_THOUGHT = ("thinking", "redacted_thinking")


def with_whole_thinking(body: dict[str, Any]) -> dict[str, Any]:
    """The request without thinking where it cannot be asked for: in the turn that goes on are calls of another model,
    or such whose thinking is worth nothing any more, and all of them would have to stand behind their own."""
    if dig(body, "thinking", "type") != "enabled" or not any(map(_is_bare, _going_on(body["messages"]))):
        return body
    messages = [{**message, "content": _without_thinking(message["content"])} for message in body["messages"]]
    return {name: value for name, value in body.items() if name != "thinking"} | {"messages": messages}


def _going_on(messages: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """What the model said since the last question."""
    for message in reversed(messages):
        content = message["content"]
        if message["role"] == "assistant":
            yield [] if isinstance(content, str) else content
        elif isinstance(content, str) or any(block["type"] != "tool_result" for block in content):
            return


def _is_bare(content: list[dict[str, Any]]) -> bool:
    return _calls(content) and content[0]["type"] not in _THOUGHT


def _without_thinking(content: str | list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    return content if isinstance(content, str) else [block for block in content if block["type"] not in _THOUGHT]


def _result(result: ToolResultPart, call_id: str, shown: list[ImagePart]) -> dict[str, Any]:
    content: Any = capped(result.text)
    if shown:
        content = [{"type": "text", "text": result_text(result)}, *map(_image, shown)]
    failed = {"is_error": True} if result.failure else {}
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, **failed}


def _image(part: ImagePart | MediaPart) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": part.mime, "data": part.data}}


def _block(part: Part) -> Iterator[dict[str, Any]]:
    if isinstance(part, ImagePart):
        yield _image(part)
    elif isinstance(part, MediaPart) and not part.text:
        title = {"title": part.name.rpartition("/")[2][:500]} if part.name else {}
        yield {**_image(part), "type": "document", **title}
    elif written(part).strip():  # a blank text is refused
        yield {"type": "text", "text": written(part)}


_SIGNED = re.compile(r"anthropic:(\d{1,9}|redacted):(\S+)\n")


def _thinking_blocks(part: ThinkingPart) -> Iterator[dict[str, Any]]:
    start = 0
    for length, signature in _SIGNED.findall(part.signature):
        if length == "redacted":
            yield {"type": "redacted_thinking", "data": signature}
        else:
            end = start + int(length)
            yield {"type": "thinking", "thinking": part.text[start:end], "signature": signature}
            start = end
