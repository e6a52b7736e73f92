"""Google's Gemini, ``POST {base}/models/{model}:generateContent``, and its stream as server-sent events."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from chatrepl import replace
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation
from chatrepl.dialects import certainty, choices, gemini_history as history, schemas, search
from chatrepl.dialects.choices import Beside
from chatrepl.dialects.citations import Citation
from chatrepl.dialects.dialect import ALL_PARTS, Dialect, ModelInfo, Request
from chatrepl.dialects.failures import Objects, checked, cut_short, error_text, message_of, no_reply, refusal
from chatrepl.dialects.framing import Frame, sse
from chatrepl.dialects.parts import media
from chatrepl.dialects.pieces import Pieces
from chatrepl.dialects.wire import placed, tier, whole_call
from chatrepl.events import Event, Finished, FinishReason, Started, Text, Thinking, Usage
from chatrepl.text.shapes import as_text, count, dig, items, table, text
from chatrepl.text.urls import join, root, with_query

_NAMES = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "max_tokens": "maxOutputTokens",
    "stop": "stopSequences",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
    "n": "candidateCount",
}
"""What stands in the object ``generationConfig`` of a request, and by which name; anything else stands beside it."""


def encode(profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request:
    """The request for the next reply: the whole history; the model and the wish for a stream are in the URL."""
    body: dict[str, Any] = {}
    generation = history.generation(profile.model)
    constrained = conversation.schema and not (conversation.tools and generation < 3)  # not both, before that
    system = schemas.told(conversation).system if conversation.schema and not constrained else conversation.system
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    body["contents"] = history.contents(conversation, generation)
    if conversation.tools:
        body["tools"] = [{"functionDeclarations": [history.declaration(each) for each in conversation.tools]}]
    body |= placed(profile.options, _NAMES, "generationConfig")
    if conversation.schema and constrained:
        shape = {"responseMimeType": "application/json", "responseJsonSchema": schemas.gemini(conversation.schema)}
        body["generationConfig"] = shape | table(body.get("generationConfig"))
    if "service_tier" in body:
        body["serviceTier"] = body.pop("service_tier")
    model = profile.model if profile.model.startswith(("models/", "tunedModels/")) else f"models/{profile.model}"
    url = _url(profile, f"/{quote(model)}:{'streamGenerateContent' if stream else 'generateContent'}")
    return Request("POST", with_query(url, "alt=sse") if stream else url, _headers(profile, key), body)


def _url(profile: Profile, path: str) -> str:
    base = root(profile.base_url, "/models")
    versioned = re.search(r"/v\d\w*(/|$)", base.partition("?")[0])
    return join(base, path if versioned else f"/v1beta{path}")


def _headers(profile: Profile, key: str) -> dict[str, str]:
    return ({"x-goog-api-key": key} if key else {}) | dict(profile.headers)


def decode(frames: Iterable[Frame]) -> Iterator[Event]:
    """The events of a streamed reply. Errors come as JSON over several lines that are no events: stray frames."""
    yield from _events(Objects(frames))


def _events(chunks: Iterable[dict[str, Any]]) -> Iterator[Event]:
    reply, pieces, beside = _Decoder(), Pieces(), Beside(_Decoder, "candidates")
    for chunk in chunks:
        yield from pieces.news(reply.feed(chunk))
        yield from beside.feed(chunk)
    if not reply.finished:
        raise cut_short()


def decode_whole(body: object) -> Iterator[Event]:
    """The events of a reply in one piece, or of a stream that was not asked for by ``alt=sse``: an array of chunks."""
    if isinstance(body, list):
        yield from _events(map(checked, body))
        return
    if not dig(body, "candidates") and not dig(body, "promptFeedback"):
        raise no_reply(body, "candidates")
    yield from choices.whole(checked(body), _Decoder, "candidates")


class _Decoder:
    """Chunks into events, those of candidate 0."""

    def __init__(self) -> None:
        self.started = False
        self.finished = False
        self.signed = False
        self.calls = 0

    def feed(self, chunk: dict[str, Any]) -> Iterator[Event | Citation]:
        if not self.started and (model := text(chunk.get("modelVersion"))):
            self.started = True
            yield Started(model)
        candidates = [candidate for candidate in items(chunk.get("candidates")) if not dig(candidate, "index")]
        for candidate in candidates:
            yield from self._candidate(candidate)
        yield from _usage(chunk.get("usageMetadata") or dig(candidates, 0, "usageMetadata"))
        feedback = chunk.get("promptFeedback")
        if (blocked := text(dig(feedback, "blockReason"))) and not self.finished:
            self.finished = True
            why = message_of(text(dig(feedback, "blockReasonMessage")))
            yield Finished("content_filter", f"The prompt was blocked: {blocked}" + (f": {why}" if why else ""))

    def _candidate(self, candidate: object) -> Iterator[Event | Citation]:
        for part in items(dig(candidate, "content", "parts")):
            yield from self._part(part)
        yield from certainty.gemini(dig(candidate, "logprobsResult"))
        yield from search.grounding(dig(candidate, "groundingMetadata"))
        if dig(candidate, "error") and message_of(candidate):
            raise refusal(candidate)
        raw = text(dig(candidate, "finishReason"))
        if raw and not self.finished:
            yield self.finish(raw, text(dig(candidate, "finishMessage")))

    def _part(self, part: object) -> Iterator[Event]:
        if said := as_text(dig(part, "text")):
            yield Thinking(said) if dig(part, "thought") is True else Text(said)
        elif found := media(part):
            signature = text(dig(part, "thoughtSignature"))
            yield replace(found, opaque=f"gemini:{signature}") if signature else found
        call = dig(part, "functionCall")
        if not isinstance(call, dict):
            return
        signature = text(dig(part, "thoughtSignature"))
        if signature and not self.signed:  # of several calls at once only the first has one
            self.signed = True
            yield Thinking("", f"gemini:{signature}")
        self.calls += 1
        yield whole_call(self.calls - 1, text(call.get("name")), call.get("args") or {}, text(call.get("id")))

    def finish(self, raw: str, why: str = "") -> Finished:
        self.finished = True
        reason = _REASONS.get(raw.upper(), "other")
        told = raw if reason == "stop" or not why else f"{raw}: {message_of(why)}"
        return Finished("tool_calls" if reason == "stop" and self.calls else reason, told)


_REASONS: dict[str, FinishReason] = {
    **dict.fromkeys(("STOP", "FINISH_REASON_UNSPECIFIED", ""), "stop"),
    **dict.fromkeys(("MAX_TOKENS", "CONTINUATION"), "length"),
    "FUNCTION_CALL": "tool_calls",  # not Google's word, but aimock's
    **dict.fromkeys(
        "SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII LANGUAGE IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT "
        "IMAGE_RECITATION ESCALATION MODEL_ARMOR PUP_LIMITED_DISABLED".split(),
        "content_filter",
    ),
    **dict.fromkeys(
        "MALFORMED_FUNCTION_CALL UNEXPECTED_TOOL_CALL TOO_MANY_TOOL_CALLS MISSING_THOUGHT_SIGNATURE "
        "MALFORMED_RESPONSE NO_IMAGE IMAGE_OTHER OTHER".split(),
        "error",
    ),
}


def _usage(usage: object) -> Iterator[Usage]:
    """Google leaves out what is 0, and counts thoughts beside the answer, a tool's prompt beside the prompt."""
    if isinstance(usage, dict) and usage:
        yield Usage(
            input=_sum(usage, "promptTokenCount", "toolUsePromptTokenCount"),
            cached=count(usage.get("cachedContentTokenCount")),
            output=_sum(usage, "candidatesTokenCount", "thoughtsTokenCount"),
            reasoning=count(usage.get("thoughtsTokenCount")),
            total=count(usage.get("totalTokenCount")),
            tier=tier(usage, "serviceTier"),
        )


def _sum(usage: dict[str, Any], *names: str) -> int | None:
    known = [number for name in names if (number := count(usage.get(name))) is not None]
    return sum(known) if known else None


def _error_text(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What the body of an error says, and how long to wait where it tells that only beside its message."""
    said = error_text(status, headers, body)
    wait = re.search(rb'"retryDelay"\s*:\s*"([\d.]{1,9}s)"', body)
    return f"{said} (retry in {wait[1].decode()})" if said and wait and "retry in" not in said else said


def models(profile: Profile, key: str) -> Request:
    """The request for the list of models."""
    return Request("GET", with_query(_url(profile, "/models"), "pageSize=1000"), _headers(profile, key))


def decode_models(body: object) -> list[ModelInfo]:
    """The models of a list that can chat."""
    return [
        ModelInfo(name.removeprefix("models/"), count(dig(item, "inputTokenLimit")))
        for item in items(dig(body, "models"))
        if (name := text(dig(item, "name")))
        and "generateContent" in (items(dig(item, "supportedGenerationMethods")) or ["generateContent"])
    ]


DIALECT = Dialect(sse, ALL_PARTS, encode, decode, decode_whole, _error_text, models, decode_models, choices=True)
