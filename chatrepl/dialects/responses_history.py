"""A conversation in the items of OpenAI's responses."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from chatrepl.conversation import (
    Conversation,
    Definition,
    FilePart,
    ImagePart,
    MediaPart,
    Message,
    TextPart,
    ToolResultPart,
)
from chatrepl.dialects import replies, tools, wire
from chatrepl.dialects.wire import data_url, flat, written


def tool(definition: Definition) -> dict[str, Any]:
    """A tool. Not strict, which few schemas of others can be."""
    less = tools.without_root_unions(definition)
    schema = tools.parameters(less)
    return {
        "type": "function",
        **tools.named(less),
        "parameters": schema,
        "strict": False,
    }


_IDS = tools.fitting(r"[\x21-\x7e]{1,64}")


def inputs(conversation: Conversation) -> list[dict[str, Any]]:
    """The items of the whole conversation."""
    conversation = replies.shown(conversation)
    found = (
        item
        for turn, ids, goes_on in tools.turns(conversation, _IDS)
        for message in turn
        for item in _items(message, ids, open_turn=goes_on)
    )
    return wire.alternating(found, "input_text")


def _items(message: Message, ids: dict[str, str], *, open_turn: bool) -> Iterator[dict[str, Any]]:
    """The items of a message. Each names its type, without which llama.cpp takes no message of the assistant."""
    if message.role == "tool":
        yield from (_result(result, ids[result.id], shown) for result, shown in wire.results(message, ids))
        return
    made = tools.calls(message, ids)
    reasoning = _reasoning(message) if made and open_turn else {}
    content = _content(message)
    yield from reasoning.pop(0, ())
    if content or not made:
        yield {"type": "message", "role": message.role, "content": content}
    for number, call in enumerate(made):
        yield from reasoning.pop(number, ())
        text = wire.arguments_text(wire.arguments(call))
        yield {"type": "function_call", "call_id": ids[call.id], "name": wire.called(call), "arguments": text}


def _result(result: ToolResultPart, call_id: str, shown: list[ImagePart]) -> dict[str, Any]:
    """A result; this protocol is one of the few in which a picture can be one."""
    output: Any = wire.result_text(result)
    if shown:
        output = [{"type": "input_text", "text": output}, *map(_image, shown)]
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def _image(part: ImagePart) -> dict[str, Any]:
    return {"type": "input_image", "image_url": data_url(part)}


def _reasoning(message: Message) -> dict[int, list[dict[str, Any]]]:
    """The items of its reasoning, by the number of the call they stand before. They go back as they came, and in the
    turn they came in alone: without them the model begins anew, and without their calls they are refused."""
    found: dict[int, list[dict[str, Any]]] = {}
    for line in tools.signed(message, NAME):
        number, _, item = line.partition(":")
        with suppress(ValueError, RecursionError):
            found.setdefault(int(number), []).append(json.loads(item))
    return found


NAME = "openai-responses"
"""What stands before an item of reasoning, where it is kept beside its text: ``openai-responses:<call>:<item>``."""


def _content(message: Message) -> str | list[dict[str, Any]]:
    pieces: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case TextPart() | FilePart():
                pieces.append({"type": "input_text", "text": written(part)})
            case ImagePart() if message.role == "user":
                pieces.append(_image(part))
            case MediaPart(text="") if message.role == "user":
                name = part.name.rpartition("/")[2]
                pieces.append({"type": "input_file", "filename": name, "file_data": data_url(part)})
            case MediaPart():
                pieces.append({"type": "input_text", "text": written(part)})
    return flat(pieces)
