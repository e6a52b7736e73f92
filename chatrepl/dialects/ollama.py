"""Ollama's own protocol, ``POST {base}/api/chat``: JSON lines, and options that its OpenAI imitation does not take."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation, ImagePart, MediaPart, Message, ToolResultPart
from chatrepl.dialects import chat_history, complaints, tools
from chatrepl.dialects.dialect import ALL_PARTS, Dialect, ModelInfo, Request
from chatrepl.dialects.failures import Objects, cut_short, error_text, message_of, no_reply, refusal
from chatrepl.dialects.framing import Frame, json_lines
from chatrepl.dialects.parts import media, spoken
from chatrepl.dialects.pieces import Pieces
from chatrepl.dialects.reasons import finish_reason
from chatrepl.dialects.wire import (
    alternating,
    answered,
    arguments,
    called,
    headers,
    placed,
    result_text,
    results,
    said,
    total,
    whole_call,
)
from chatrepl.events import Event, Finished, Started, ToolCallPiece, Usage
from chatrepl.text.shapes import count, dig, items, table, text
from chatrepl.text.urls import join, root

_OPTIONS = {
    name: name
    for name in (
        "num_ctx num_predict num_keep num_batch num_gpu main_gpu num_thread use_mmap "
        "temperature top_k top_p min_p typical_p seed stop "
        "repeat_last_n repeat_penalty presence_penalty frequency_penalty"
    ).split()
} | {"max_tokens": "num_predict"}
"""What stands in the object ``options`` of a request, and by which name; anything else stands beside it."""


def encode(profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request:
    """The request for the next reply: the whole history. A stream is the default, so its absence is said."""
    body: dict[str, Any] = {"model": profile.model, "messages": messages(conversation), "stream": stream}
    if conversation.tools:
        body["tools"] = [chat_history.tool(each) for each in conversation.tools]
    if conversation.schema:
        body["format"] = dict(conversation.schema)
    options = profile.options
    if profile.context and "num_ctx" not in {*options, *table(options.get("options"))}:
        options = {"num_ctx": profile.context, **options}  # else a long talk would lose its beginning unseen
    body |= placed(options, _OPTIONS, "options")
    return Request("POST", _url(profile, "/chat"), headers(profile, key), body)


def _url(profile: Profile, path: str) -> str:
    return join(root(profile.base_url, "/api/chat", "/api", "/v1"), f"/api{path}")


def messages(conversation: Conversation) -> list[dict[str, Any]]:
    """The messages of a conversation in this protocol's shape: a content is a text, never a list of parts."""
    found: list[dict[str, Any]] = []
    if conversation.system:
        found.append({"role": "system", "content": conversation.system})
    *_, last = conversation.turns or [()]
    for turn in conversation.turns:
        calls = answered(turn)
        for message in turn:
            if message.role == "tool":
                found += [_result(result, calls, shown) for result, shown in results(message, calls)]
            else:
                found.append(_message(message, calls, open_turn=turn is last))
    return alternating(found)


def _message(message: Message, calls: dict[str, str], *, open_turn: bool) -> dict[str, Any]:
    """A message. In the turn that goes on a model gets back what it thought before its calls."""
    data: dict[str, Any] = {"role": message.role, "content": said(message)}
    if images := [part.data for part in message.parts if isinstance(part, ImagePart)]:
        data["images"] = images
    if made := tools.calls(message, calls):
        data["tool_calls"] = [
            {"id": call.id, "function": {"name": called(call), "arguments": arguments(call)}} for call in made
        ]
        data |= {"thinking": message.thinking} if open_turn and message.thinking else {}
    return data


def _result(result: ToolResultPart, calls: dict[str, str], shown: list[ImagePart]) -> dict[str, Any]:
    pictures = {"images": [part.data for part in shown]} if shown else {}
    named = {"role": "tool", "tool_name": calls[result.id], "tool_call_id": result.id}
    return {**named, "content": result_text(result), **pictures}


def decode(frames: Iterable[Frame]) -> Iterator[Event]:
    """The events of a streamed reply."""
    reply, pieces = _Decoder(), Pieces()
    for line in Objects(frames):
        yield from pieces.news(reply.feed(line))
        if line.get("done") is True:
            return
    raise cut_short()


def decode_whole(body: object) -> Iterator[Event]:
    """The events of a reply in one piece: an object like the last line of a stream, with the whole message."""
    if not isinstance(body, dict) or not _REPLYING & table(body.get("message")).keys() or body.get("error"):
        raise no_reply(body, "message")
    reply = _Decoder()
    yield from reply.feed(body | {"done": True})


_REPLYING = {"role", "content", "thinking", "tool_calls", "images"}
"""The fields of a message, some of which are in every reply."""


class _Decoder:
    """The lines of a stream into events."""

    def __init__(self) -> None:
        self.started = False
        self.finished = False
        self.calls = 0

    def feed(self, line: dict[str, Any]) -> Iterator[Event]:
        if not self.started and (model := text(line.get("model"))):
            self.started = True
            yield Started(model)
        message = table(line.get("message"))
        yield from spoken(message, message.get("content"))  # imitators call it as OpenAI's imitators do
        for image in items(message.get("images")):
            if found := media(image):
                yield found
        for call in items(message.get("tool_calls")):
            yield self._call(call)
        if message.get("error") and message_of(message):
            raise refusal(message)
        if line.get("done") is True:
            yield from self._finish(line)

    def _call(self, call: object) -> ToolCallPiece:
        """A call comes whole. Older servers give it no id, which a result needs to name its call."""
        self.calls += 1
        name, given = text(dig(call, "function", "name")), dig(call, "function", "arguments")
        return whole_call(self.calls - 1, name, given, text(dig(call, "id")))

    def _finish(self, line: dict[str, Any]) -> Iterator[Event]:
        """The last line: how it ended, and the tokens. The server leaves out a 0, so one says nobody counted."""
        taken, given = count(line.get("prompt_eval_count")) or None, count(line.get("eval_count")) or None
        if taken or given:
            yield Usage(input=taken, output=given, total=total(None, taken, given))
        if not self.finished:
            self.finished = True
            raw = text(line.get("done_reason"))
            yield Finished(finish_reason(raw, called_tools=self.calls > 0), raw)


def _error_text(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What the body of an error says; of one for want of an account also where to get one."""
    told = error_text(status, headers, body)
    where = text(dig(complaints.value_of(body), "signin_url"))
    return f"{told} (sign in at {where})" if where else told


def models(profile: Profile, key: str) -> Request:
    """The request for the list of models."""
    return Request("GET", _url(profile, "/tags"), headers(profile, key))


def decode_models(body: object) -> list[ModelInfo]:
    """The models of a list, which does not tell the size of their contexts."""
    names = [text(dig(item, "model")) or text(dig(item, "name")) for item in items(dig(body, "models"))]
    return [ModelInfo(name) for name in names if name]


DIALECT = Dialect(json_lines, ALL_PARTS - {MediaPart}, encode, decode, decode_whole, _error_text, models, decode_models)
