"""OpenAI's legacy text completions, ``POST {base}/completions``: one prompt, one text that goes on from it.

The protocol knows no roles, so two options are for this module and do not go into the body: ``template``, how the
conversation becomes a prompt (see ``templates``), and ``raw``, which sends the typed text as it is and nothing else.
Images cannot be held and are left out. A reply that was begun is continued, for the prompt simply ends with it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation, FilePart, TextPart, ToolCallPart, ToolResultPart, Turn
from chatrepl.dialects import openai_chat
from chatrepl.dialects.dialect import Dialect, Request
from chatrepl.dialects.failures import error_text
from chatrepl.dialects.framing import Frame, sse
from chatrepl.dialects.model_lists import decode_models, models
from chatrepl.dialects.templates import template
from chatrepl.dialects.wire import headers, said, told
from chatrepl.events import Event
from chatrepl.text.shapes import items
from chatrepl.text.urls import is_loopback, join

FOR_US = ("template", "raw")
"""The options that are not for the server."""

MAX_TOKENS = 1024
"""The length of a reply unless the profile says another; OpenAI would stop after 16 tokens."""


def encode(profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request:
    """The request for the next reply."""
    prompt, stop = _raw(conversation) if profile.options.get("raw") else _templated(profile, conversation)
    body: dict[str, Any] = {"model": profile.model, "prompt": prompt, "max_tokens": MAX_TOKENS}
    best_of = profile.options.get("best_of")
    if stream and not (isinstance(best_of, int) and best_of > 1):  # the best one is known in the end alone
        body["stream"] = True
        if profile.usage:
            body["stream_options"] = {"include_usage": True}
    if conversation.schema and is_loopback(profile.base_url):  # llama.cpp knows it, and no other says that it does not
        body["json_schema"] = dict(conversation.schema)
    body |= {name: value for name, value in profile.options.items() if name not in FOR_US}
    if stop:
        body["stop"] = _stops(body.get("stop"), stop)
    return Request("POST", join(profile.base_url, "/completions"), headers(profile, key), body)


def _raw(conversation: Conversation) -> tuple[str, str]:
    """The open turn alone, and no stop sequence."""
    return "".join(_pair(conversation.turns[-1])) if conversation.turns else "", ""


def _templated(profile: Profile, conversation: Conversation) -> tuple[str, str]:
    chosen = template(profile.options.get("template", "plain"))
    return chosen.prompt(conversation.system, _pairs(conversation.turns)), chosen.stop


def _pairs(turns: Iterable[Turn]) -> list[tuple[str, str]]:
    """Questions and answers; a question of which no answer can be sent stands before the next one."""
    pairs: list[tuple[str, str]] = []
    for question, answer in map(_pair, turns):
        unanswered = pairs.pop()[0] if pairs and not pairs[-1][1].strip() else ""
        pairs.append(("\n\n".join(filter(None, (unanswered, question))), answer))
    return pairs


def _pair(turn: Turn) -> tuple[str, str]:
    """The question and the answer of a turn; what tools gave stands with the question."""
    user, assistant = ([said(message) for message in turn if message.role == role] for role in ("user", "assistant"))
    return "\n\n".join(filter(None, (*user, *told(turn)))), "\n\n".join(filter(None, assistant))


def _stops(given: object, ours: str) -> list[Any]:
    """The user's stop sequences and the template's."""
    stops = [given] if isinstance(given, str) else items(given)
    return stops if ours in stops else [*stops, ours]


def decode(frames: Iterable[Frame]) -> Iterator[Event]:
    """The events of a streamed reply."""
    return openai_chat.decode(frames, _Decoder)


def decode_whole(body: object) -> Iterator[Event]:
    """The events of a reply in one piece, which looks like a piece of a stream."""
    return openai_chat.decode_whole(body, _Decoder)


class _Decoder(openai_chat.Decoder):
    """Chunks into events: the choice is the message itself, but some answer as chats do."""

    hint = "Check the base URL: most end in /v1, and llama.cpp answers otherwise without it."

    def only_text(self, chunk: dict[str, Any]) -> str:
        choice = openai_chat.only_choice(chunk)
        words = choice.get("text") if choice.keys() <= _USUAL else ""
        return words if type(words) is str else ""

    def message(self, choice: dict[str, Any]) -> dict[str, Any]:
        words = choice.get("text")
        return {**choice, "content": super().message(choice).get("content") if words is None else words}


_USUAL = {"text", "index", "logprobs", "finish_reason"}
"""The fields of a choice."""

DIALECT = Dialect(
    sse,
    frozenset({TextPart, FilePart, ToolCallPart, ToolResultPart}),
    encode,
    decode,
    decode_whole,
    error_text,
    models,
    decode_models,
    prefill=True,
    tools=False,
    schema=False,
    choices=True,
)
