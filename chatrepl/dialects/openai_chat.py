"""OpenAI's chat completions, ``POST {base}/chat/completions``, as spoken by OpenAI and by everybody else.

Deviations known of each server: see the captures of this dialect in the tests.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation, ThinkingPart
from chatrepl.dialects import certainty, chat_history, choices, schemas, search
from chatrepl.dialects.choices import Beside
from chatrepl.dialects.citations import Citation
from chatrepl.dialects.dialect import ALL_PARTS, Dialect, Request
from chatrepl.dialects.failures import Objects, cut_short, error_text, message_of, no_reply, refusal
from chatrepl.dialects.framing import Frame, sse
from chatrepl.dialects.model_lists import decode_models, models
from chatrepl.dialects.parts import made, spoken
from chatrepl.dialects.pieces import Pieces
from chatrepl.dialects.reasons import finish_reason
from chatrepl.dialects.wire import arguments_text, headers, usages
from chatrepl.events import Event, Finished, Media, Started, Text, Thinking, ToolCallPiece
from chatrepl.text.shapes import count, dig, items, table, text
from chatrepl.text.urls import join


def encode(profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request:
    """The request for the next reply: the whole history, for the server keeps none."""
    body: dict[str, Any] = {
        "model": profile.model,
        "messages": chat_history.messages(conversation, chat_history.server(profile)),
    }
    if conversation.tools:
        body["tools"] = [chat_history.tool(each) for each in conversation.tools]
    if conversation.schema:
        body["response_format"] = {"type": "json_schema", "json_schema": schemas.openai(conversation.schema)}
    if stream:
        body["stream"] = True
        if profile.usage:
            body["stream_options"] = {"include_usage": True}
    body |= profile.options
    return Request("POST", join(profile.base_url, "/chat/completions"), headers(profile, key), body)


def decode(frames: Iterable[Frame], begin: "Callable[[], Decoder] | None" = None) -> Iterator[Event]:
    """The events of a streamed reply; ``begin`` makes what reads one."""
    begin = begin or Decoder
    reply, pieces, beside, chunks = begin(), Pieces(), Beside(begin), Objects(frames)
    for chunk in chunks:
        if reply.begun and (said := reply.only_text(chunk)) and (piece := pieces.text(said)):
            yield piece
            continue
        whole = reply.begun and chunk.get("object") == "chat.completion"
        yield from pieces.news(reply.feed(chunk), whole=whole)
        yield from beside.feed(chunk)
    if chunks.marked:
        yield from beside.end()
    if not reply.finished:
        if not (chunks.marked and reply.begun):
            raise cut_short() if reply.chosen else no_reply(None, "choices", reply.hint)
        yield reply.finish("")


def only_choice(chunk: dict[str, Any]) -> dict[str, Any]:
    """The one choice of a chunk in which nothing stands but a piece of it, as in nearly all; {} of others."""
    choices = chunk.get("choices")
    choice = choices[0] if type(choices) is list and len(choices) == 1 else None
    if type(choice) is not dict or any(map(choice.get, _IN_CHOICE)) or any(map(chunk.get, _IN_CHUNK)):
        return {}
    return choice


_IN_CHOICE = "finish_reason index message error usage logprobs".split()
_IN_CHUNK = "error usage x_groq citations search_results web_search".split()
"""What else may stand there, and is looked at."""


def decode_whole(body: object, begin: "Callable[[], Decoder] | None" = None) -> Iterator[Event]:
    """The events of a reply in one piece."""
    begin = begin or partial(Decoder, "message")
    if not items(dig(body, "choices")) or dig(body, "error"):
        raise no_reply(body, "choices", begin().hint)
    yield from choices.whole(table(body), begin)


class Decoder:
    """Chunks into events, those of choice 0, in which ``where`` is the field of the message."""

    hint = "Check the base URL."
    """What to do about a reply without choices."""

    def __init__(self, where: str = "delta") -> None:
        self.where = where
        self.started = False
        self.chosen = False  # whether a choice has come
        self.begun = False  # whether anything of the answer has come
        self.finished = False
        self.refused = False
        self.calls = 0  # how many tool calls were begun
        self.numbers: dict[str, int] = {}  # which of them an id means
        self.places: dict[int, int] = {}  # which of them an index means: a few servers give all of them the same
        self.details: dict[tuple[object, object], dict[str, Any]] = {}  # OpenRouter's reasoning, by index and type

    def only_text(self, chunk: dict[str, Any]) -> str:
        """The text of a chunk that holds a piece of it and nothing else to be looked at; "" for others. Nothing comes
        of it that does not come of ``feed``, but that takes four times as long."""
        delta = only_choice(chunk).get("delta")
        if type(delta) is not dict or len(delta) > 1 + ("role" in delta) or chunk.get("object") == "chat.completion":
            return ""
        said = delta.get("content")
        return said if type(said) is str else ""

    def feed(self, chunk: dict[str, Any]) -> Iterator[Event | Citation]:
        if not self.started and (model := text(chunk.get("model"))):
            self.started = True
            yield Started(model, text(chunk.get("system_fingerprint")))
        found = list(map(table, items(chunk.get("choices"))))
        for choice in found:
            self.chosen = True
            for event in self._choice(choice) if not choice.get("index") else ():
                self.begun = self.begun or isinstance(event, Text | ToolCallPiece | Media)
                yield event
        yield from search.beside(chunk)
        yield from usages(chunk, chunk.get("x_groq"), *found, *(choice.get(self.where) for choice in found))

    def message(self, choice: dict[str, Any]) -> dict[str, Any]:
        """The message of a choice, or the piece of it."""
        return table(choice.get(self.where) or choice.get("message") or choice.get("delta"))

    def _choice(self, choice: dict[str, Any]) -> Iterator[Event | Citation]:
        said = self.message(choice)
        yield from spoken(said, said.get("content"))
        yield from made(said)
        yield from search.annotations(said.get("annotations"))
        yield from search.executed(said.get("executed_tools"))
        yield from certainty.told(choice.get("logprobs"))
        if refusal_text := text(said.get("refusal")):
            self.refused = True
            yield Text(refusal_text)
        for detail in map(table, items(said.get("reasoning_details"))):
            whole = self.details.setdefault((detail.get("index"), detail.get("type")), {})
            joined = {key: text(whole.get(key)) + text(detail[key]) for key in _JOINED & detail.keys()}
            whole |= {key: value for key, value in detail.items() if value is not None} | joined
        for call in items(said.get("tool_calls")):
            yield self._call(call)
        for holder in (choice, said):
            if holder.get("error") and message_of(holder):
                raise refusal(holder)
        raw = text(choice.get("finish_reason"))  # "" stands in every chunk of some servers
        if raw and not self.finished:
            yield from self._details()
            yield self.finish(raw)

    def finish(self, raw: str) -> Finished:
        """The end of the reply; "" is an end for which no reason was given."""
        self.finished = True
        reason = finish_reason(raw, called_tools=bool(self.calls))
        return Finished("content_filter" if self.refused else reason, raw)

    def _call(self, call: object) -> ToolCallPiece:
        arguments = arguments_text(dig(call, "function", "arguments"))  # objects have been seen
        call_id, name = text(dig(call, "id")), text(dig(call, "function", "name"))
        extra = dig(call, "extra_content")
        opaque = f"{chat_history.EXTRA}{json.dumps(extra)}" if isinstance(extra, dict) else ""
        return ToolCallPiece(self._call_number(dig(call, "index"), call_id), call_id, name, arguments, opaque)

    def _call_number(self, index: object, call_id: str) -> int:
        """Which call a piece belongs to. An unknown id begins a new call, whatever the index says."""
        place = count(index)
        if call_id and call_id in self.numbers:
            number = self.numbers[call_id]
        elif call_id or not self.calls or (place is not None and place not in self.places):
            number = self.numbers[call_id] = self.calls
            self.calls += 1
        else:
            number = self.calls - 1 if place is None else self.places[place]
        self.places[number if place is None else place] = number
        return number

    def _details(self) -> Iterator[Thinking]:
        """OpenRouter's reasoning, which it wants back beside the calls as it came, its pieces joined."""
        if self.details and self.calls:
            yield Thinking("", f"{chat_history.DETAILS}:{json.dumps(list(self.details.values()))}\n")


_JOINED = {"text", "summary", "data"}
"""What of OpenRouter's reasoning comes in pieces."""

CARRIES = ALL_PARTS - {ThinkingPart}
"""The reasoning is not wanted back, by DeepSeek not even taken."""

DIALECT = Dialect(sse, CARRIES, encode, decode, decode_whole, error_text, models, decode_models, choices=True)
