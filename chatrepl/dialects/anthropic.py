"""Anthropic's messages, ``POST {base}/v1/messages``, as spoken by Anthropic, llama.cpp, LiteLLM and others.

Two options are for this module and do not go into the body: ``auth`` "bearer" shows the key as gateways want it that
take it in the header ``Authorization`` alone, "x-api-key" is the default; ``cache`` tells how long the vendor keeps
what was asked, for the next request: "5m", "1h" or "off".
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chatrepl import replace
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation
from chatrepl.dialects import anthropic_history as history, schemas
from chatrepl.dialects.anthropic_pausing import Blocks
from chatrepl.dialects.anthropic_searching import Searching
from chatrepl.dialects.dialect import ALL_PARTS, Dialect, Request
from chatrepl.dialects.failures import Objects, cut_short, error_text, message_of, no_reply, refusal
from chatrepl.dialects.framing import Frame, sse
from chatrepl.dialects.model_lists import decode_models
from chatrepl.dialects.parts import part_events
from chatrepl.dialects.pieces import Told
from chatrepl.dialects.reasons import finish_reason
from chatrepl.dialects.wire import arguments_text, placed, tier, total
from chatrepl.errors import ConfigError
from chatrepl.events import Event, Finished, Started, Text, Thinking, ToolCallPiece, Usage
from chatrepl.text.shapes import as_text, count, dig, items, table, text
from chatrepl.text.urls import join, root, with_query

_MAX_TOKENS = 8192
"""What is asked for where the profile says nothing: the protocol has no default, and models refuse more than theirs."""

_NAMES = {"stop": "stop_sequences", "seed": "", "auth": "", "cache": ""}
_SAMPLING = {"temperature": "", "top_p": "", "top_k": ""}
_VERSION = "2023-06-01"
_VERSION_WITHOUT_SAMPLING = "2026-10-21"


def encode(profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request:
    """The request for the next reply: the whole history, with the system prompt beside it."""
    headers = _headers(profile, key)
    plain = headers["anthropic-version"] < _VERSION_WITHOUT_SAMPLING
    budget = count(dig(dict(profile.options), "thinking", "budget_tokens")) or 0  # has to be below max_tokens
    body: dict[str, Any] = {"model": profile.model, "max_tokens": _MAX_TOKENS + budget}
    body |= {"system": conversation.system} if conversation.system else {}
    body["messages"] = history.messages(conversation)
    body |= history.offered(conversation, body["messages"])
    body |= {"stream": True} if stream else {}
    body |= _cached(profile.options.get("cache", "5m"))
    body |= placed(profile.options, _NAMES if plain else _NAMES | _SAMPLING)
    if conversation.schema:
        body["output_config"] = {"format": schemas.anthropic(conversation.schema), **table(body.get("output_config"))}
    return Request("POST", _url(profile, "/messages"), headers, history.with_whole_thinking(body))


def _cached(how: object) -> dict[str, Any]:
    """That all up to the last message is to be kept, which the next request begins with: it is read for a tenth of
    the price, and written for a quarter more."""
    if not isinstance(how, str | bool) or how not in _CACHES:
        raise ConfigError(f"The option cache cannot be {how!r}", "It is one of 5m, 1h, off.")
    return _CACHES[how]


_CACHES: dict[object, dict[str, Any]] = {
    "5m": {"cache_control": {"type": "ephemeral"}},
    "1h": {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
    **{off: {} for off in ("off", False)},
}
"""How long that is kept."""


def _url(profile: Profile, path: str) -> str:
    return join(root(profile.base_url, "/messages", "/v1"), f"/v1{path}")


def _headers(profile: Profile, key: str) -> dict[str, str]:
    auth = str(profile.options.get("auth", "x-api-key"))
    if auth not in _AUTH:
        raise ConfigError(f"The option auth cannot be {auth!r}", f"It is one of {', '.join(_AUTH)}.")
    own = _AUTH[auth](key) if key else {}
    return own | {"anthropic-version": _VERSION} | {name.lower(): value for name, value in profile.headers.items()}


_AUTH: dict[str, Callable[[str], dict[str, str]]] = {
    "x-api-key": lambda key: {"x-api-key": key},
    "bearer": lambda key: {"authorization": f"Bearer {key}"},
}
"""The ways to show the key."""


def decode(frames: Iterable[Frame]) -> Iterator[Event]:
    """The events of a streamed reply. The JSON tells what a frame is: not every server names it beside."""
    reply = _Decoder()
    for event in Objects(frames):
        yield from reply.feed(event)
        if event.get("type") == "message_stop":
            return
    if not reply.finished:
        raise cut_short()


def decode_whole(body: object) -> Iterator[Event]:
    """The events of a reply in one piece."""
    said = dig(body, "content")
    if not isinstance(said, list | str) or dig(body, "error"):
        raise no_reply(body, "content")
    reply = _Decoder()
    yield from started(body)
    for index, block in enumerate(_as_blocks(said)):
        yield from reply.begin(index, block)
        yield from reply.close()
    yield from reply.report(dig(body, "usage"))
    yield from reply.finish(text(dig(body, "stop_reason")))


def _as_blocks(said: object) -> list[Any]:
    """The blocks of a content, which some imitators give as a text."""
    return [{"type": "text", "text": said}] if isinstance(said, str) else items(said)


def started(message: object) -> Iterator[Started]:
    """The event for a message that begins."""
    if model := text(dig(message, "model")):
        yield Started(model)


class _Decoder:
    """The events of a stream into ours. Any of them may be missing or unknown."""

    def __init__(self) -> None:
        self.finished = False
        self.block = -1  # the index of the last block begun
        self.calls: dict[int, int] = {}  # which tool call a block is
        self.argued: set[int] = set()  # the calls whose arguments have begun
        self.opening: Event | None = None  # what the start of the block said: its first piece may say it again
        self.held: ToolCallPiece | None = None  # a call that was whole at its start
        self.texts = {Text: Told(), Thinking: Told()}
        self.thought = 0  # characters of thinking in the block
        self.signature = ""  # of the block
        self.usage: dict[str, Any] = {}
        self.blocks = Blocks()
        self.searching = Searching(self.texts[Text])

    def feed(self, event: dict[str, Any]) -> Iterator[Event]:
        index = count(event.get("index"))
        match event.get("type"):
            case "message_start":
                yield from started(event.get("message"))
                yield from (told for told in self.report(dig(event, "message", "usage")) if told.input)  # LiteLLM: 0
            case "content_block_start":
                yield from self.begin(self.block + 1 if index is None else index, event.get("content_block"))
            case "content_block_delta":
                yield from self._delta(self.block if index is None else index, event.get("delta"))
            case "content_block_stop":
                yield from self.close()
            case "message_delta" | "message_stop" as kind:
                yield from self._end(event, over=kind == "message_stop")
            case "error":
                raise refusal(event)

    def _end(self, event: dict[str, Any], *, over: bool) -> Iterator[Event]:
        yield from self.close()
        delta = event.get("delta")
        blocks = _as_blocks(dig(event, "message", "content"))  # the whole message again
        for said in (said for block in blocks for said in part_events(block) if isinstance(said, Text | Thinking)):
            if rest := self.texts[type(said)].rest(said.text):
                yield replace(said, text=rest)
        yield from self.report(event.get("usage") or dig(delta, "usage") or dig(event, "message", "usage"))
        if dig(delta, "error") and message_of(delta):
            raise refusal(delta)
        if (reason := text(dig(delta, "stop_reason"))) or over:
            yield from self.finish(reason)

    def begin(self, index: int, block: object) -> Iterator[Event]:
        yield from self.close()
        self.block = index
        self.blocks.begin(block)
        for event in self.searching.begin(block):
            yield self._told(event)
        for event in self._said(index, block):
            if isinstance(event, ToolCallPiece) and event.arguments:
                self.held = event  # the arguments come in pieces, unless nothing else comes
            else:
                self.opening = event
                yield self._told(event)

    def _delta(self, index: int, delta: object) -> Iterator[Event]:
        self.blocks.add(delta)
        for event in self._said(index, delta):
            held, self.held = self.held, None
            if held:
                yield replace(held, arguments="")
            opening, self.opening = self.opening, None
            event = _without(opening, event)
            if event not in (Text(""), Thinking("")):
                yield self._told(event)

    def _told(self, event: Event) -> Event:
        """The event, taken note of."""
        match event:
            case Text(said) | Thinking(said):
                self.texts[type(event)].piece(said)
                self.thought += len(said) if isinstance(event, Thinking) else 0
            case ToolCallPiece(number, arguments=arguments) if arguments:
                self.argued.add(number)
        return event

    def _said(self, index: int, piece: object) -> Iterator[Event]:
        """What a block at its start says, or a delta to it: they name their texts alike."""
        match text(dig(piece, "type")).removesuffix("_delta"):
            case "thinking" | "signature":
                self.signature += text(dig(piece, "signature"))
                if thought := as_text(dig(piece, "thinking")):
                    yield Thinking(thought)
            case "redacted_thinking" if data := text(dig(piece, "data")):
                yield Thinking("", f"anthropic:redacted:{data}\n")
            case "tool_use" | "input_json" as kind:
                if kind == "tool_use" or index in self.calls:  # else a server's tool
                    number = self.calls.setdefault(index, len(self.calls))
                    said = text(dig(piece, "partial_json")) or arguments_text(dig(piece, "input") or "")
                    yield ToolCallPiece(number, text(dig(piece, "id")), text(dig(piece, "name")), said)
            case "text" | "reasoning" | "image" | "audio" | "video" | "document":
                yield from part_events(piece)

    def close(self) -> Iterator[Event]:
        """The end of a block: what it leaves to be said."""
        if self.held:
            yield self._told(self.held)
        self.held = self.opening = None
        number = self.calls.get(self.block)
        if number is not None and number not in self.argued:
            self.argued.add(number)
            yield ToolCallPiece(number, arguments="{}")
        yield from self.searching.end(self.blocks.end())
        if self.signature:
            yield Thinking("", f"anthropic:{self.thought}:{self.signature}\n")
        self.thought, self.signature = 0, ""

    def report(self, usage: object) -> Iterator[Usage]:
        """A report is cumulative, but may leave out what an earlier one told."""
        if not isinstance(usage, dict):
            return
        self.usage |= {name: value for name, value in usage.items() if value is not None}
        sides = [known for name in _INPUT if (known := count(self.usage.get(name))) is not None]
        taken, given = sum(sides) if sides else None, count(self.usage.get("output_tokens"))
        yield Usage(
            input=taken,
            cached=count(self.usage.get("cache_read_input_tokens")),
            output=given,
            reasoning=count(dig(self.usage, "output_tokens_details", "thinking_tokens")),
            total=total(None, taken, given),
            written=count(self.usage.get("cache_creation_input_tokens")),
            written_long=count(dig(self.usage, "cache_creation", "ephemeral_1h_input_tokens")) or None,
            tier=tier(self.usage),
        )

    def finish(self, raw: str) -> Iterator[Event]:
        if not self.finished:
            self.finished = True
            paused = self.blocks.paused() if raw == "pause_turn" else ""
            yield Finished(finish_reason(raw, called_tools=bool(self.calls)), raw, paused)


def _without(opening: Event | None, event: Event) -> Event:
    """The first piece of a block without what the start of the block said already."""
    if isinstance(event, Text | Thinking) and isinstance(opening, Text | Thinking) and type(event) is type(opening):
        return replace(event, text=event.text.removeprefix(opening.text))
    return event


_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def models(profile: Profile, key: str) -> Request:
    """The request for the list of models. What comes has the shape of OpenAI's, also from Anthropic."""
    return Request("GET", with_query(_url(profile, "/models"), "limit=1000"), _headers(profile, key))


DIALECT = Dialect(sse, ALL_PARTS, encode, decode, decode_whole, error_text, models, decode_models, prefill=True)
