"""A conversation in the shape of OpenAI's chat completions, and what the servers that speak it want otherwise."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from chatrepl.config.config import Profile
from chatrepl.conversation import (
    Conversation,
    Definition,
    FilePart,
    ImagePart,
    MediaPart,
    Message,
    TextPart,
    ToolCallPart,
)
from chatrepl.dialects import replies, tools
from chatrepl.dialects.reasoning import PARAMETER, UNSIGNED
from chatrepl.dialects.wire import (
    alternating,
    arguments,
    arguments_text,
    called,
    data_url,
    flat,
    result_text,
    results,
    written,
)
from chatrepl.text import urls


class Server(NamedTuple):
    """What a server wants that speaks this protocol."""

    ids: tools.Rule = tools.fitting(r"[\w.:-]{1,40}")
    reasoning: bool = False
    """Whether it refuses a message with calls that lacks its reasoning."""
    details: bool = False
    """Whether reasoning comes and goes back in OpenRouter's own field."""
    pictures: bool = True
    """Whether a message of the user may stand behind results: pictures cannot stand in them."""
    signed: bool = False
    """Whether a Gemini is behind it, which wants the signature of a thought back with its call."""
    unsigned: str = ""
    """What stands there in the place of one that there is none of."""


_MISTRAL = Server(tools.fitting(r"[A-Za-z0-9]{9}", "", 9), pictures=False)
_SERVERS = {
    "mistral.ai": _MISTRAL,
    "deepseek.com": Server(reasoning=True),
    "moonshot.ai": Server(tools.kimi, reasoning=True),
    "moonshot.cn": Server(tools.kimi, reasoning=True),
    "kimi.com": Server(tools.kimi, reasoning=True),
    "z.ai": Server(reasoning=True),
    "bigmodel.cn": Server(reasoning=True),
    "openrouter.ai": Server(details=True),
    "googleapis.com": Server(signed=True, unsigned=UNSIGNED),
}
"""The servers that want something of their own, by the ends of their hosts; found in their documentation and trackers:
Mistral's 400 code 3280 and 3230, "The `reasoning_content` in the thinking mode must be passed back to the API"."""


def server(profile: Profile) -> Server:
    """What the server of that profile wants."""
    found = next((found for host, found in _SERVERS.items() if urls.is_at(profile.base_url, host)), Server())
    wants, is_gemini = found.reasoning or PARAMETER in profile.parameters, "gemini" in profile.model.lower()
    return found._replace(reasoning=wants, signed=found.signed or (is_gemini and not found.details))


def tool(definition: Definition) -> dict[str, Any]:
    """A tool. Not strict, which few schemas of others can be."""
    less = tools.without_root_unions(definition)
    return {"type": "function", "function": {**tools.named(less), "parameters": tools.parameters(less)}}


def messages(conversation: Conversation, server: Server) -> list[dict[str, Any]]:
    """The messages of a conversation in this protocol's shape, at most one system message and that first."""
    found: list[dict[str, Any]] = []
    conversation = replies.shown(conversation)
    if conversation.system:
        found.append({"role": "system", "content": conversation.system})
    for turn, ids, goes_on in tools.turns(conversation, server.ids):
        here = server if goes_on else server._replace(unsigned="")
        pictures: list[ImagePart] = []
        for message in turn:
            if message.role == "tool":
                found += _results(message, ids, pictures)
                continue
            found += _shown(pictures, server)
            found.append(_message(message, ids, here))
        found += _shown(pictures, server)
    sent = alternating(found)
    return sent if server.pictures else list(_parted(sent))


def _parted(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The messages with a word of the model between results and a question: a turn that was stopped has none."""
    for message, after in pairwise([*messages, {}]):
        yield message
        if message["role"] == "tool" and after.get("role") == "user":
            yield {"role": "assistant", "content": "(stopped)"}


def _message(message: Message, ids: dict[str, str], server: Server) -> dict[str, Any]:
    made = tools.calls(message, ids)
    data: dict[str, Any] = {"role": message.role, "content": _content(message) or (None if made else "")}
    if made:
        extras = _extra(made, server)
        data["tool_calls"] = [_call(call, ids[call.id]) | extra for call, extra in zip(made, extras, strict=True)]
        data |= {"reasoning_content": message.thinking} if server.reasoning else {}
        kept = next(tools.signed(message, DETAILS), "") if server.details else ""
        data |= {"reasoning_details": json.loads(kept)} if kept else {}
    return data


def _call(call: ToolCallPart, wire_id: str) -> dict[str, Any]:
    function = {"name": called(call), "arguments": arguments_text(arguments(call))}
    return {"id": wire_id, "type": "function", "function": function}


def _extra(calls: list[ToolCallPart], server: Server) -> Iterator[dict[str, Any]]:
    """What is a Gemini's own of each call, of which the first has to have some. It goes back to a Gemini alone: others
    refuse a field that they do not know."""
    signed = [call.opaque.removeprefix(EXTRA) if call.opaque.startswith(EXTRA) else "" for call in calls]
    if server.unsigned and not any(signed):
        signed[0] = json.dumps({"google": {"thought_signature": server.unsigned}})
    yield from ({"extra_content": json.loads(each)} if each and server.signed else {} for each in signed)


DETAILS = "openrouter"
"""What stands before OpenRouter's reasoning, where it is kept to go back."""

EXTRA = "openai-chat:"
"""What stands before Gemini's signature of a thought, where it speaks this protocol."""


def _results(message: Message, ids: dict[str, str], pictures: list[ImagePart]) -> Iterator[dict[str, Any]]:
    """A message for each result. Pictures cannot stand there, and are shown when all results are."""
    for result, shown in results(message, ids):
        pictures += shown
        yield {"role": "tool", "tool_call_id": ids[result.id], "content": result_text(result)}


def _shown(pictures: list[ImagePart], server: Server) -> list[dict[str, Any]]:
    """The pictures of the results so far, as a message of the user."""
    shown, pictures[:] = list(pictures), []
    if not shown or not server.pictures:
        return []
    return [
        {"role": "user", "content": [{"type": "text", "text": "The pictures of the results:"}, *map(_image, shown)]}
    ]


def _image(part: ImagePart) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(part)}}


def _file(part: MediaPart) -> dict[str, Any]:
    """A PDF or a sound. One whose words were read goes as a text: the server takes nothing else."""
    if part.text:
        return {"type": "text", "text": written(part)}
    if part.mime.startswith("audio/"):
        return {"type": "input_audio", "input_audio": {"data": part.data, "format": part.mime.rpartition("/")[2]}}
    named = {"filename": part.name.rpartition("/")[2], "file_data": data_url(part)}
    return {"type": "file", "file": named}


def _content(message: Message) -> str | list[dict[str, Any]]:
    pieces: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case TextPart() | FilePart():
                pieces.append({"type": "text", "text": written(part)})
            case ImagePart():
                pieces.append(_image(part))
            case MediaPart():
                pieces.append(_file(part))
    return flat(pieces)
