"""Scale's EGP (Spellbook) chat completions, ``POST {base}/chat-completions``, with a hyphen.

A stream has no end mark and need not tell a reason: its end is the end of the bytes. The model's turns go back in the
role the server gives them, which is ``agent``, but on version 4 ``assistant``; the option ``assistant_role`` says
another. That role alone can hold a tool call.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from chatrepl.config.config import Profile
from chatrepl.conversation import (
    Conversation,
    ImagePart,
    MediaPart,
    Message,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.dialects.dialect import ALL_PARTS, Dialect, Request
from chatrepl.dialects.failures import Objects, cut_short, error_text, message_of, no_reply, refusal
from chatrepl.dialects.framing import Frame, sse
from chatrepl.dialects.parts import spoken
from chatrepl.dialects.pieces import Pieces
from chatrepl.dialects.reasons import finish_reason
from chatrepl.dialects.wire import (
    alternating,
    arguments,
    arguments_text,
    placed,
    result_text,
    said,
    told,
    total,
    whole_call,
)
from chatrepl.events import Event, Finished, Thinking, Usage
from chatrepl.text.shapes import count, dig, table, text
from chatrepl.text.urls import join

_NAMES = {
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "stop": "stop_sequences",
    "top_p": "topP",
    "top_k": "topK",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "",
    "assistant_role": "",
}
"""What stands in the object ``model_parameters`` of a request, and by which name; anything else stands beside it."""


def encode(profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request:
    """The request for the next reply: the whole history; the system prompt is beside it, never also a message."""
    role = text(profile.options.get("assistant_role")) or ("assistant" if "/v4" in profile.base_url else "agent")
    body: dict[str, Any] = {"model": profile.model}
    if conversation.system:
        body["instructions"] = conversation.system
    body["messages"] = messages(conversation, role)
    if stream:
        body["stream"] = True
    body |= placed(profile.options, _NAMES, "model_parameters")
    headers = ({"x-api-key": key} if key else {}) | dict(profile.headers)
    return Request("POST", join(profile.base_url, "/chat-completions"), headers, body)


def messages(conversation: Conversation, role: str) -> list[dict[str, Any]]:
    """The messages of a conversation in this protocol's shape: a content is a text, and images cannot be held."""
    found: list[dict[str, Any]] = []
    for turn in conversation.turns:
        results = {
            part.id: result_text(part) for message in turn for part in message.parts if isinstance(part, ToolResultPart)
        }
        known = [] if role == "agent" else told(turn)
        for message in turn:
            if message.role == "user":
                found.append({"role": "user", "content": "\n\n".join([said(message), *known])})
            elif message.role == "assistant":
                found += _replied(message, role, results)
    return alternating(found)


def _replied(message: Message, role: str, results: dict[str, str]) -> Iterator[dict[str, Any]]:
    """A turn of the model. A message holds one call, and its result tells only the name: so the two stand together."""
    reply = {"role": role, "content": said(message)}
    for call in message.parts:
        if isinstance(call, ToolCallPart) and call.id in results and role == "agent":
            yield reply | {"tool_request": {"name": call.name, "arguments": arguments_text(arguments(call))}}
            yield {"role": "tool", "name": call.name, "content": results[call.id]}
            reply = {"role": role, "content": ""}
    if reply["content"]:
        yield reply


def decode(frames: Iterable[Frame]) -> Iterator[Event]:
    """The events of a streamed reply."""
    reply, pieces = _Decoder(), Pieces()
    for chunk in Objects(frames):
        yield from pieces.news(reply.feed(chunk))
    if not reply.begun:
        raise cut_short()
    yield from reply.finish("")


def decode_whole(body: object) -> Iterator[Event]:
    """The events of a reply in one piece."""
    if not isinstance(body, dict) or not _completion(body) or body.get("error"):
        raise no_reply(body, "completion")
    reply = _Decoder()
    yield from reply.feed(body)
    yield from reply.finish("")


def _completion(chunk: dict[str, Any]) -> Any:
    """What holds the message in this chat's envelope, in that of plain completions, or in OpenAI's; else None."""
    return chunk.get("chat_completion") or chunk.get("completion") or dig(chunk, "choices", 0)


class _Decoder:
    """Chunks into events."""

    def __init__(self) -> None:
        self.begun = False  # whether anything of a reply has come
        self.finished = False
        self.calls = 0

    def feed(self, chunk: dict[str, Any]) -> Iterator[Event]:
        completion = _completion(chunk)
        if not completion and message_of(chunk):
            raise refusal(chunk)
        message = dig(completion, "message") or dig(completion, "delta") or completion
        words = dig(message, "content")
        for event in spoken(table(message), dig(message, "text") if words is None else words):
            self.begun |= not isinstance(event, Thinking)
            yield event
        if isinstance(request := dig(message, "tool_request"), dict):
            self.begun, self.calls = True, self.calls + 1
            yield whole_call(self.calls - 1, text(request.get("name")), request.get("arguments"))
        for holder in (completion, message):
            if dig(holder, "error") and message_of(holder):
                raise refusal(holder)
        yield from _usage(chunk.get("token_usage") or dig(completion, "token_usage") or dig(message, "token_usage"))
        if raw := text(dig(completion, "finish_reason")):
            yield from self.finish(raw)

    def finish(self, raw: str) -> Iterator[Event]:
        if not self.finished:
            self.begun = self.finished = True
            yield Finished(finish_reason(raw, called_tools=self.calls > 0), raw)


def _usage(usage: object) -> Iterator[Usage]:
    if isinstance(usage, dict):
        taken, given = count(usage.get("prompt")), count(usage.get("completion"))
        yield Usage(input=taken, output=given, total=total(count(usage.get("total")), taken, given))


CARRIES = ALL_PARTS - {ThinkingPart, ImagePart, MediaPart}

DIALECT = Dialect(sse, CARRIES, encode, decode, decode_whole, error_text, tools=False, schema=False)
