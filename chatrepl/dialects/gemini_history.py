"""A conversation in the shape of Google's Gemini.

The signature of a thought goes back on the tool call it came with, and for that is kept as ``gemini:<signature>``;
on a text it may stay away, and could not go back: it belongs to a piece of the text, which is kept whole.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from chatrepl.conversation import (
    Conversation,
    Definition,
    ImagePart,
    MediaPart,
    Message,
    Part,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.dialects import tools
from chatrepl.dialects.reasoning import UNSIGNED
from chatrepl.dialects.wire import answered, arguments, merged, results, written
from chatrepl.text.excerpt import capped


def generation(model: str) -> float:
    """Which Gemini it is: from 3 on calls have ids, results pictures, and a call needs the thought that led to it. A
    model that does not say so is taken for the newest."""
    found = re.search(r"gemini-(\d+(?:\.\d+)?)", model)
    return float(found[1]) if found else 3.0


def declaration(definition: Definition) -> dict[str, Any]:
    """A tool; one without arguments has no schema."""
    schema = tools.parameters(definition)
    return tools.named(definition) | ({"parametersJsonSchema": tools.inlined(schema)} if schema["properties"] else {})


_IDS = tools.fitting(r"[\x21-\x7e]{1,128}")


class _History(NamedTuple):
    """What the parts of a turn are written by."""

    generation: float
    ids: Mapping[str, str]
    calls: dict[str, str]
    open: bool
    """Whether it is the turn that goes on, in which signatures are looked for."""


def contents(conversation: Conversation, generation: float) -> list[dict[str, Any]]:
    """The messages of a conversation in this protocol's shape: roles alternate, none is empty, and results stand alone,
    for beside them a text would be taken for the model's own."""
    found = [
        (role, parts)
        for turn, ids, goes_on in tools.turns(conversation, _IDS)
        for history in [_History(generation, ids, answered(turn), goes_on)]
        for message in turn
        for role, parts in _contents(message, history)
    ]
    return [{"role": "model" if role == "model" else "user", "parts": parts} for role, parts in merged(found)]


def _contents(message: Message, history: _History) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    if message.role == "tool":
        answers = list(results(message, history.calls))
        yield "tool", [_response(result, shown, history) for result, shown in answers]
        if history.generation < 3:
            yield "user", [_image(part) for _, shown in answers for part in shown]
    else:
        yield "model" if message.role == "assistant" else "user", _parts(message, history)


def _parts(message: Message, history: _History) -> list[dict[str, Any]]:
    found = [data for part in message.parts for data in _part(part, history)]
    signature = next((part.signature for part in message.parts if isinstance(part, ThinkingPart)), "")
    call = next((data for data in found if "functionCall" in data), None)
    if call and signature.startswith("gemini:"):
        call["thoughtSignature"] = signature.removeprefix("gemini:")
    elif call and history.open and history.generation >= 3:
        call["thoughtSignature"] = UNSIGNED
    return found


def _part(part: Part, history: _History) -> Iterator[dict[str, Any]]:
    match part:
        case ImagePart(opaque=opaque) if opaque.startswith("gemini:"):
            yield _image(part) | {"thoughtSignature": opaque.removeprefix("gemini:")}
        case ImagePart() | MediaPart(text=""):
            yield _image(part)
        case ToolCallPart(call_id) if call_id in history.calls:
            yield {"functionCall": _named(call_id, history) | {"name": history.calls[call_id], "args": arguments(part)}}
        case _ if written(part).strip():  # an empty text is refused
            yield {"text": written(part)}


def _response(result: ToolResultPart, shown: list[ImagePart], history: _History) -> dict[str, Any]:
    said = {"error" if result.failure else "output": capped(result.text)}
    named = _named(result.id, history) | {"name": history.calls[result.id], "response": said}
    pictures = {"parts": [_image(part) for part in shown]} if shown and history.generation >= 3 else {}
    return {"functionResponse": named | pictures}


def _named(call_id: str, history: _History) -> dict[str, Any]:
    return {"id": history.ids[call_id]} if history.generation >= 3 else {}


def _image(part: ImagePart | MediaPart) -> dict[str, Any]:
    return {"inlineData": {"mimeType": part.mime, "data": part.data}}
