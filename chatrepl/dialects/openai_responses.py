"""OpenAI's responses, ``POST {base}/responses``: items in, items out, and the server asked to keep nothing.

The events of a stream are told apart by the ``type`` in their JSON, for some servers send no event names, and the
outcome by the ``status`` of the last response, for some send it under the wrong type. ``stop`` and ``seed`` are not
in the protocol but go out where the profile has them: llama.cpp takes them, and who does not says so.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation, FilePart, ImagePart, Message, TextPart, ToolCallPart, ToolResultPart
from chatrepl.dialects import failures, openai_chat, wire
from chatrepl.dialects.dialect import Dialect, Request
from chatrepl.dialects.failures import Objects, cut_short, refusal
from chatrepl.dialects.framing import Frame, sse
from chatrepl.dialects.wire import finish_reason, written
from chatrepl.errors import ASK_AGAIN, BrokenReply, Refused
from chatrepl.events import Event, Finished, Started, Text, Thinking, ToolCallPiece, Usage
from chatrepl.text import urls
from chatrepl.text.shapes import count, dig, items, text

NAMES = {"max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"}
"""The options that have another name here."""


def encode(profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request:
    """The request for the next reply: the whole history, for the server is asked to keep none."""
    body: dict[str, Any] = {"model": profile.model, "input": _input(conversation), "store": False}
    if conversation.system:
        body["instructions"] = conversation.system
    if stream:
        body["stream"] = True
    body |= {NAMES.get(name, name): value for name, value in profile.options.items()}
    return Request("POST", urls.join(profile.base_url, "/responses"), openai_chat.headers(profile, key), body)


def _input(conversation: Conversation) -> list[dict[str, Any]]:
    return [item for turn in conversation.turns for message in turn for item in _items(message, wire.answered(turn))]


def _items(message: Message, calls: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The items of a message. Each names its type, without which llama.cpp takes no message of the assistant."""
    others = [item for part in message.parts if (item := _tool_item(part, calls))]
    content = _content(message)
    if content or not others:
        yield {"type": "message", "role": message.role, "content": content}
    yield from others


def _tool_item(part: object, calls: dict[str, str]) -> dict[str, Any] | None:
    """A tool call or its result. A call that has none, say of a reply that was stopped, would be refused."""
    match part:
        case ToolCallPart(call_id, name, arguments) if call_id in calls:
            return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}
        case ToolResultPart(call_id, output) if call_id in calls:
            return {"type": "function_call_output", "call_id": call_id, "output": output}
    return None


def _content(message: Message) -> str | list[dict[str, Any]]:
    """A plain text, which all servers take for both roles, unless there is an image."""
    pieces: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case TextPart() | FilePart():
                pieces.append({"type": "input_text", "text": written(part)})
            case ImagePart(mime, data) if message.role == "user":
                pieces.append({"type": "input_image", "image_url": f"data:{mime};base64,{data}"})
    if any(piece["type"] == "input_image" for piece in pieces):
        return pieces
    return "".join(piece["text"] for piece in pieces)


def decode(frames: Iterable[Frame]) -> Iterator[Event]:
    """The events of a streamed reply. Its last event is its end, whatever a gateway sends after it."""
    reply = _Decoder()
    for chunk in Objects(frames):
        yield from reply.feed(chunk)
        if reply.finished:
            return
    raise cut_short()


def decode_whole(body: object) -> Iterator[Event]:
    """The events of a reply in one piece."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), list) or body.get("error"):
        raise (
            refusal(body)
            if failures.message_of(body)
            else BrokenReply("The reply holds no output", "Check the base URL.")
        )
    yield from _Decoder().end(body, "completed")


class _Decoder:
    """The events of the protocol into ours.

    What came in pieces comes again as a whole, with the part, with the item and with the response. That is read only
    as far as the pieces did not come.
    """

    def __init__(self) -> None:
        self.finished = False
        self.started = False
        self.thought = False
        self.parts: set[str] = set()  # the parts of which something has come
        self.kinds: set[str] = set()  # what the answer is made of: output_text, refusal
        self.said: list[str] = []
        self.filled: list[bool] = []  # of each tool call, whether its arguments have come
        self.calls: dict[str, int] = {}  # the numbers of the tool calls, by all that servers name them by

    def feed(self, chunk: dict[str, Any]) -> Iterator[Event]:
        kind = text(chunk.get("type")).removeprefix("response.")
        stem, _, step = kind.rpartition(".")
        if kind == "error":
            raise refusal(chunk)
        if kind in ("created", "queued", "in_progress"):
            yield from self._start(chunk.get("response"))
        elif kind in ("completed", "incomplete", "failed", "cancelled"):
            yield from self.end(chunk.get("response"), kind)
        elif stem in _TEXTS:
            yield from self._piece(stem, chunk, done=step == "done")
        elif stem == "function_call_arguments":
            yield from self._arguments(chunk)
        elif stem == "output_item":
            yield from self._call(chunk.get("item"), count(chunk.get("output_index")), done=step == "done")

    def _start(self, response: object) -> Iterator[Event]:
        if not self.started and (model := text(dig(response, "model"))):
            self.started = True
            yield Started(model)

    def _piece(self, kind: str, chunk: dict[str, Any], *, done: bool) -> Iterator[Event]:
        index = count(chunk.get("summary_index")) or count(chunk.get("content_index")) or 0
        place = count(chunk.get("output_index"))
        part = f"{kind} {text(chunk.get('item_id')) if place is None else place} {index}"
        new = part not in self.parts
        told = text(chunk.get(_TEXTS[kind] if done else "delta"))
        if told and (new or not done):
            self.parts.add(part)
            yield self._thinking(told, new) if kind.startswith("reasoning") else self._text(told, kind)

    def _thinking(self, told: str, new: bool) -> Event:
        """A piece of the reasoning. The parts of a summary are paragraphs."""
        apart = "\n\n" if new and self.thought else ""
        self.thought = True
        return Thinking(apart + told)

    def _text(self, told: str, kind: str) -> Event:
        self.kinds.add(kind)
        self.said.append(told)
        return Text(told)

    def _call(self, item: object, place: int | None, *, done: bool) -> Iterator[Event]:
        """A tool call: its name when it is added, and when it is done its arguments if they did not come before."""
        if dig(item, "type") != "function_call":
            return
        call_id = text(dig(item, "call_id")) or text(dig(item, "id"))
        names = [name for name in (call_id, text(dig(item, "id"))) if name] or [f"#{place}"]
        number = next((self.calls[name] for name in names if name in self.calls), None)
        arguments = text(dig(item, "arguments")) if done else ""
        if number is None:
            number = len(self.filled)
            self.filled.append(bool(arguments))
            self.calls |= dict.fromkeys([*names, f"#{place}"], number)
            yield ToolCallPiece(number, call_id, text(dig(item, "name")), arguments)
        elif arguments and not self.filled[number]:
            self.filled[number] = True
            yield ToolCallPiece(number, arguments=arguments)

    def _arguments(self, chunk: dict[str, Any]) -> Iterator[Event]:
        names = (text(chunk.get("item_id")), text(chunk.get("call_id")), f"#{count(chunk.get('output_index'))}")
        number = next((self.calls[name] for name in names if name in self.calls), len(self.filled) - 1)
        if number < 0:
            return  # of a call that was not told: it stands in the response at the end
        told = text(chunk.get("delta")) or ("" if self.filled[number] else text(chunk.get("arguments")))
        if told:
            self.filled[number] = True
            yield ToolCallPiece(number, arguments=told)

    def end(self, response: object, step: str) -> Iterator[Event]:
        """The last response: what its output holds that has not come, and how it ended."""
        status = text(dig(response, "status")) or step
        if status == "failed" or (status == "cancelled" and failures.message_of(response)):
            raise refusal(response)
        if status == "cancelled":
            raise Refused("the reply was cancelled", ASK_AGAIN, status=200)
        yield from self._start(response)
        yield from self._rest(items(dig(response, "output")))
        if isinstance(usage := dig(response, "usage"), dict):
            yield _usage(usage)
        self.finished = True
        raw = (text(dig(response, "incomplete_details", "reason")) if status == "incomplete" else "") or status
        reason = finish_reason(raw, called_tools=bool(self.filled))
        yield Finished("content_filter" if self.kinds == {"refusal"} else reason, raw)

    def _rest(self, output: list[Any]) -> Iterator[Event]:
        thoughts = [thought for item in output for thought in _thoughts(item)]
        if thoughts and not self.thought:
            yield Thinking("\n\n".join(thoughts))
        parts = [part for item in output if dig(item, "type") == "message" for part in items(dig(item, "content"))]
        whole, said = "".join(map(_said, parts)), "".join(self.said)
        self.kinds |= {"refusal" if text(dig(part, "refusal")) else "output_text" for part in parts if _said(part)}
        if whole.startswith(said) and whole != said:
            yield Text(whole[len(said) :])
        for place, item in enumerate(output):
            yield from self._call(item, place, done=True)


_TEXTS = {"output_text": "text", "refusal": "refusal", "reasoning_summary_text": "text", "reasoning_text": "text"}
"""The texts that come in pieces, and the field that holds each as a whole."""


def _thoughts(item: object) -> list[str]:
    """The reasoning in an item: its summary, or as models with open weights have it, itself."""
    if dig(item, "type") != "reasoning":
        return []
    return [said for part in items(dig(item, "summary")) or items(dig(item, "content")) if (said := _said(part))]


def _said(part: object) -> str:
    return text(dig(part, "text")) or text(dig(part, "refusal"))


def _usage(usage: object) -> Usage:
    taken, given = count(dig(usage, "input_tokens")), count(dig(usage, "output_tokens"))
    return Usage(
        input=taken,
        cached=count(dig(usage, "input_tokens_details", "cached_tokens")),
        output=given,
        reasoning=count(dig(usage, "output_tokens_details", "reasoning_tokens")),
        total=wire.total(count(dig(usage, "total_tokens")), taken, given),
    )


def error_text(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What the body of an HTTP error says; many servers do not have this protocol, and that is told."""
    said = failures.error_text(status, headers, body)
    if status not in (404, 405) or "model" in said.lower():
        return said
    missing = "it may have no /responses, which the dialect openai-chat does not need"
    return f"{said} ({missing})" if said else missing


DIALECT = Dialect(
    sse,
    openai_chat.CARRIES,
    encode,
    decode,
    decode_whole,
    error_text,
    openai_chat.models,
    openai_chat.decode_models,
)
