"""OpenAI's responses, ``POST {base}/responses``: items in, items out, and the server asked to keep nothing.

The events of a stream are told apart by the ``type`` in their JSON, for some servers send no event names, and the
outcome by the ``status`` of the last response, for some send it under the wrong type. ``stop`` and ``seed`` are not
in the protocol but go out where the profile has them: llama.cpp takes them, and who does not says so.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation, ThinkingPart
from chatrepl.dialects import certainty, failures, responses_history as history, schemas, search, wire
from chatrepl.dialects.dialect import ALL_PARTS, Dialect, Request
from chatrepl.dialects.failures import Objects, cut_short, refusal
from chatrepl.dialects.framing import Frame, sse
from chatrepl.dialects.model_lists import decode_models, models
from chatrepl.dialects.parts import item_events
from chatrepl.dialects.pieces import Told
from chatrepl.dialects.reasons import finish_reason
from chatrepl.dialects.responses_sources import Sources
from chatrepl.errors import ASK_AGAIN, Refused
from chatrepl.events import Event, Finished, Media, Started, Text, Thinking, ToolCallPiece
from chatrepl.text import urls
from chatrepl.text.shapes import as_text, count, dig, items, table, text

NAMES = {"max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"}
"""The options that have another name here."""


def encode(profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request:
    """The request for the next reply: the whole history, for the server is asked to keep none."""
    body: dict[str, Any] = {"model": profile.model, "input": history.inputs(conversation), "store": False}
    if conversation.system:
        body["instructions"] = conversation.system
    if conversation.tools:
        body["tools"] = [history.tool(each) for each in conversation.tools]
        body["include"] = ["reasoning.encrypted_content"]  # what it thought has to go back with its calls
    if stream:
        body["stream"] = True
    body |= {NAMES.get(name, name): value for name, value in profile.options.items()}
    if body.pop("logprobs", None):
        body["include"] = [*items(body.get("include")), "message.output_text.logprobs"]
    if "verbosity" in body:
        body["text"] = {"verbosity": body.pop("verbosity"), **table(body.get("text"))}
    if conversation.schema:
        shape = {"type": "json_schema", **schemas.openai(conversation.schema)}
        body["text"] = {"format": shape, **table(body.get("text"))}
    return Request("POST", urls.join(profile.base_url, "/responses"), wire.headers(profile, key), body)


def decode(frames: Iterable[Frame]) -> Iterator[Event]:
    """The events of a streamed reply. Its last event is its end, whatever a gateway sends after it."""
    reply, chunks = _Decoder(), Objects(frames)
    for chunk in chunks:
        yield from reply.feed(chunk)
        if reply.finished:
            return
    if not (reply.closed or (chunks.marked and reply.said)):
        raise cut_short()
    yield reply.finish("")  # a gateway left the last event out


def decode_whole(body: object) -> Iterator[Event]:
    """The events of a reply in one piece."""
    if not isinstance(body, dict) or not isinstance(body.get("output"), list) or body.get("error"):
        raise failures.no_reply(body, "output")
    yield from _Decoder().end(body, "completed")


class _Decoder:
    """The events of the protocol into ours.

    What came in pieces comes again as a whole, with the part, with the item and with the response. That is read only
    as far as the pieces did not come.
    """

    def __init__(self) -> None:
        self.finished = False
        self.started = False
        self.closed = False  # whether the last item to come is complete
        self.said, self.thought = Told(), Told()
        self.parts: dict[tuple[str, ...], Told] = {}  # what was told of each part, and of each item
        self.thinking: dict[str, str] = {}  # by which kind of events the reasoning of an item comes
        self.kinds: set[str] = set()  # what the answer is made of: output_text, refusal
        self.media: set[Media] = set()
        self.sources = Sources(lambda: self.said.text)
        self.kept: list[Any] = []  # the reasoning that was kept to go back
        self.filled: list[bool] = []  # of each tool call, whether its arguments have come
        self.calls: dict[str, int] = {}  # the numbers of the tool calls, by all that servers name them by

    def feed(self, chunk: dict[str, Any]) -> Iterator[Event]:
        kind = text(chunk.get("type")).removeprefix("response.")
        stem, _, step = kind.rpartition(".")
        if kind == "error":
            raise refusal(chunk)
        if kind in ("created", "queued", "in_progress"):
            yield from self._start(chunk.get("response"))
        elif kind in _ENDS:
            yield from self.end(chunk.get("response"), _ENDS[kind], chunk.get("usage"))
        elif step == "search_queries":
            yield from self.sources.asked(chunk)
        elif stem in _TEXTS:
            self.closed = False
            yield from certainty.told(chunk.get("logprobs")) if step == "delta" else ()
            yield from self._piece(stem, chunk, done=step == "done")
        elif stem == "function_call_arguments":
            yield from self._arguments(chunk)
        elif kind == "output_text.annotation.added":
            yield from self.sources.cited([chunk.get("annotation")], partial(self._part_of, chunk))
        elif stem == "output_item":
            item, place = chunk.get("item"), count(chunk.get("output_index"))
            yield from self._thought_about(item, done=step == "done")
            yield from self._call(item, place, done=step == "done")
            if step == "done":
                self.closed = dig(item, "type") in ("message", "function_call") and dig(item, "status") != "incomplete"
                yield from self._item(item, _place(chunk, dig(item, "id")))
            yield from self.sources.of_item(item, over=step == "done")

    def _start(self, response: object) -> Iterator[Event]:
        if not self.started and (model := text(dig(response, "model"))):
            self.started = True
            yield Started(model)

    def _piece(self, kind: str, chunk: dict[str, Any], *, done: bool) -> Iterator[Event]:
        place, told = _place(chunk, chunk.get("item_id")), as_text(chunk.get(_TEXTS[kind] if done else "delta"))
        index = count(chunk.get("summary_index" if kind in _REASONING else "content_index")) or 0
        if kind in _REASONING and self.thinking.setdefault(place, kind) != kind:
            return  # the same thought, told a second time in another way
        part = self.parts.setdefault((kind, place, str(index)), Told())
        item = self.parts.setdefault(("" if kind in _REASONING else _ANSWER, place), Told())
        new = kind in _REASONING and not part
        if done:
            told = part.rest(told) if part else item.beyond(told)
        else:
            part.piece(told)
        if told and (not done or part):
            item.piece(told)
        yield from self._thinking(told, apart=new) if kind in _REASONING else self._text(told, kind)

    def _thinking(self, told: str, *, apart: bool) -> Iterator[Event]:
        """A piece of the reasoning. The parts of a summary are paragraphs."""
        if told:
            yield Thinking(self.thought.piece(("\n\n" if apart and self.thought else "") + told))

    def _text(self, told: str, kind: str) -> Iterator[Event]:
        if told:
            self.kinds.add(kind)
            yield Text(self.said.piece(told))

    def _item(self, item: object, place: str) -> Iterator[Event]:
        """What a whole item says beyond its pieces."""
        events = item_events(item)
        yield from self._new_media(events)
        for event in events:
            match event:
                case Thinking(told):
                    known = place in self.thinking or (self.thought and told in self.thought.text)
                    yield from () if known else self._thinking(told, apart=True)
                case Text(told):
                    kind = "refusal" if dig(item, "content", 0, "refusal") else "output_text"
                    yield from self._text(self.parts.setdefault((_ANSWER, place), Told()).rest(told), kind)

    def _part_of(self, chunk: dict[str, Any]) -> str:
        """The text so far of the part that is meant."""
        index = count(chunk.get("content_index")) or 0
        told = self.parts.get(("output_text", _place(chunk, chunk.get("item_id")), str(index)))
        return (told or self.said).text

    def _thought_about(self, item: object, *, done: bool) -> Iterator[Event]:
        """An item of reasoning that the server wants back, once it is whole. Which call it is for tells its place."""
        kept = {key: dig(item, key) for key in ("type", "id", "summary", "content", "encrypted_content")}
        if not done or kept["type"] != "reasoning" or not kept["encrypted_content"] or kept["id"] in self.kept:
            return
        self.kept.append(kept["id"])
        whole = {key: value for key, value in kept.items() if value is not None} | {"summary": kept["summary"] or []}
        yield Thinking("", f"{history.NAME}:{len(self.filled)}:{json.dumps(whole)}\n")

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

    def _new_media(self, events: Iterable[Event]) -> Iterator[Event]:
        new = {event: None for event in events if isinstance(event, Media) and event not in self.media}
        self.media |= new.keys()
        yield from new

    def end(self, response: object, step: str, usage: object = None) -> Iterator[Event]:
        """The last response: what its output holds that has not come, and how it ended."""
        status = text(dig(response, "status")) or step
        if status == "failed" or (status == "cancelled" and failures.message_of(response)):
            raise refusal(response)
        if status == "cancelled":
            raise Refused("the reply was cancelled", ASK_AGAIN, status=200)
        yield from self._start(response)
        yield from self._rest(response)
        if isinstance(usage := dig(response, "usage") or usage, dict):
            yield wire.openai_usage(usage, wire.tier(response), ("input_tokens", "output_tokens"))
        yield self.finish(
            (text(dig(response, "incomplete_details", "reason")) if status == "incomplete" else "") or status
        )

    def finish(self, raw: str) -> Finished:
        """The end of the reply."""
        self.finished = True
        reason = finish_reason(raw, called_tools=bool(self.filled))
        return Finished("content_filter" if self.kinds == {"refusal"} else reason, raw)

    def _rest(self, response: object) -> Iterator[Event]:
        output = items(dig(response, "output"))
        events = [event for item in output for event in item_events(item)]
        thoughts = [event.text for event in events if isinstance(event, Thinking)]
        if not self.thought:
            yield from self._thinking("\n\n".join(thoughts), apart=False)
        whole = "".join(event.text for event in events if isinstance(event, Text))
        for part in (part for item in output for part in items(dig(item, "content")) if dig(item, "type") == "message"):
            self.kinds.add("refusal" if text(dig(part, "refusal")) else "output_text")
        if rest := self.said.rest(whole or as_text(dig(response, "output_text"))):
            yield Text(rest)
        yield from self._new_media(events)
        yield from search.beside(table(response))
        for place, item in enumerate(output):
            yield from self.sources.of_item(item, over=True)
            yield from self._thought_about(item, done=True)
            yield from self._call(item, place, done=True)


_ENDS = {kind: kind for kind in ("completed", "incomplete", "failed", "cancelled")} | {"done": "completed"}
"""The last events, one of which is of the realtime protocol and of gateways; and the status of each without one."""

_ANSWER = "answer"
_REASONING = {"reasoning_summary_text", "reasoning_text", "reasoning_summary", "reasoning"}
_TEXTS = {"output_text": "text", "refusal": "refusal"} | dict.fromkeys(_REASONING, "text")
"""The texts that come in pieces, and the field that holds each as a whole."""


def _place(chunk: dict[str, Any], item_id: object) -> str:
    place = count(chunk.get("output_index"))
    return text(item_id) if place is None else str(place)


def error_text(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What the body of an HTTP error says; many servers do not have this protocol, and that is told."""
    said = failures.error_text(status, headers, body)
    if status not in (404, 405) or "model" in said.lower():
        return said
    missing = "it may have no /responses, which the dialect openai-chat does not need"
    return f"{said} ({missing})" if said else missing


DIALECT = Dialect(
    sse,
    ALL_PARTS - {ThinkingPart},
    encode,
    decode,
    decode_whole,
    error_text,
    models,
    decode_models,
)
