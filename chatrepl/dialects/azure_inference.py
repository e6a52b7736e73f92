"""Azure's model inference, ``POST {base}/chat/completions?api-version=...``, and Azure OpenAI, which is nearly that.

The messages are those of ``openai_chat``. Three options are for this module and do not go into the body:

``api_version``  goes into the URL unless ``base_url`` has one in its query; "" for none, as /openai/v1 wants it.
``auth``         how the key is shown: "api-key", "bearer" (an Entra token), or "both", which is the default.

``deployment``   true for Azure OpenAI's older addresses, which name the deployment in the path: it is the model.

A ``{model}`` in ``base_url`` is replaced; ``deployment`` appends the path that holds it. The header
``extra-parameters: pass-through`` lets options pass that are not in Azure's schema; ``headers`` may say another.
What the content filter found is told in words, as the raw word of ``Finished`` or as the error.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from chatrepl import replace
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation, MediaPart, Message
from chatrepl.dialects import failures, model_lists, openai_chat
from chatrepl.dialects.citations import Citation
from chatrepl.dialects.dialect import Dialect, ModelInfo, Request
from chatrepl.dialects.framing import Frame, sse
from chatrepl.errors import ConfigError, Hint
from chatrepl.events import Event, Finished
from chatrepl.text import urls
from chatrepl.text.shapes import dig, items, parsed, text
from chatrepl.text.urls import root, with_query

FOR_US = ("api_version", "auth", "deployment")
"""The options that are not for the server."""

API_VERSION = "2024-05-01-preview"
"""The version that Azure's own SDK asks for."""


def encode(profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request:
    """The request for the next reply."""
    options = {name: value for name, value in profile.options.items() if name not in FOR_US}
    talk = replace(conversation, turns=[tuple(map(_readable, turn)) for turn in conversation.turns])
    body = openai_chat.encode(replace(profile, options=options), talk, key, stream=stream).body or {}
    if not profile.model:
        body.pop("model", None)  # the endpoint serves one
    if isinstance(stop := body.get("stop"), str):
        body["stop"] = [stop]
    for tool in items(body.get("tools")):
        if said := tool["function"].get("description"):
            tool["function"]["description"] = said[:_DESCRIPTION]
    return Request("POST", _url(profile, "/chat/completions"), _headers(profile, key), body)


def _readable(message: Message) -> Message:
    """The message without files that would be refused: those of which no words were read."""
    return replace(message, parts=tuple(each for each in message.parts if not isinstance(each, MediaPart) or each.text))


_DESCRIPTION = 1024
"""The characters of a tool's description, of which more is refused."""


def _url(profile: Profile, path: str) -> str:
    base = root(profile.base_url, "/chat/completions")
    if profile.options.get("deployment") and "/deployments/" not in base:
        base = urls.join(root(base, "/openai"), "/openai/deployments/{model}")
    if "{model}" in base and not profile.model:
        raise ConfigError(
            "The address names a deployment, and none is set",
            Hint("Name it as the model: -m NAME", "Name it as the model: /model NAME"),
        )
    base = base.replace("{model}", quote(profile.model, safe=""))
    version = profile.options.get("api_version", API_VERSION)
    url = urls.join(base, path)
    return with_query(url, f"api-version={quote(str(version))}") if version and "api-version=" not in url else url


def _headers(profile: Profile, key: str) -> dict[str, str]:
    """What the profile says goes before ours, however it writes the name."""
    given = {name.lower() for name in profile.headers}
    ours = _key_headers(profile.options.get("auth", "both"), key) | {"extra-parameters": "pass-through"}
    return {name: value for name, value in ours.items() if name.lower() not in given} | dict(profile.headers)


def _key_headers(auth: object, key: str) -> dict[str, str]:
    if (names := _AUTH.get(str(auth))) is None:
        raise ConfigError(f"The option auth cannot be {auth!r}", f"It is one of {', '.join(_AUTH)}.")
    return {name: scheme + key for name, scheme in names.items()} if key else {}


_AUTH = {
    "both": {"api-key": "", "Authorization": "Bearer "},
    "api-key": {"api-key": ""},
    "bearer": {"Authorization": "Bearer "},
}
"""The ways to show the key: the headers, and what stands before it in each."""


def decode(frames: Iterable[Frame]) -> Iterator[Event]:
    """The events of a streamed reply."""
    return openai_chat.decode(frames, _Decoder)


def decode_whole(body: object) -> Iterator[Event]:
    """The events of a reply in one piece."""
    return openai_chat.decode_whole(body, partial(_Decoder, "message"))


class _Decoder(openai_chat.Decoder):
    """Chunks into events, with the findings of the content filter in words."""

    def __init__(self, where: str = "delta") -> None:
        super().__init__(where)
        self.prompt: list[str] = []
        self.reply: list[str] = []

    def feed(self, chunk: dict[str, Any]) -> Iterator[Event | Citation]:
        choices = [choice for choice in items(chunk.get("choices")) if not dig(choice, "index")]
        for result in items(chunk.get("prompt_filter_results")) or items(chunk.get("prompt_annotations")):
            self.prompt += _caught(dig(result, "content_filter_results"))
        for choice in choices:
            self.reply += _caught(dig(choice, "content_filter_results"))
        was_finished = self.finished
        for event in super().feed(chunk):
            yield self._filtered() if isinstance(event, Finished) and event.raw == "content_filter" else event
        # A filter that runs beside the model may stop a reply that was already over.
        if was_finished and any(dig(choice, "finish_reason") == "content_filter" for choice in choices):
            yield self._filtered()

    def _filtered(self) -> Finished:
        if self.prompt and not self.reply:
            return Finished("content_filter", _sentence("prompt", self.prompt))
        return Finished("content_filter", _sentence("reply", self.reply) if self.reply else "content_filter")


def _caught(results: object) -> list[str]:
    """The categories that made the filter act, each with its severity where it has one."""
    return [
        name.replace("_", " ") + (f" ({severity})" if (severity := text(dig(verdict, "severity"))) else "")
        for name, verdict in (results.items() if isinstance(results, dict) else ())
        if any(dig(one, "filtered") is True for one in (verdict, *items(verdict)))
    ]


def _sentence(what: str, caught: list[str]) -> str:
    return f"The content filter stopped the {what}: {', '.join(dict.fromkeys(caught))}"


def error_text(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What the body of an HTTP error says, of a prompt that was filtered why."""
    said = failures.error_text(status, headers, body) or headers.get("x-ms-error-code", "")
    error = dig(parsed(body), "error")
    inner = dig(error, "innererror")
    if "content_filter" not in (dig(error, "code"), dig(inner, "code")):
        return said
    caught = _caught(dig(inner, "content_filter_result") or dig(inner, "content_filter_results"))
    return _sentence("prompt", caught or [said])


def models(profile: Profile, key: str) -> Request:
    """The request for the list of models; an endpoint of model inference tells the one it serves."""
    path = "/models" if "/openai/v1" in profile.base_url else "/info"
    return Request("GET", _url(profile, path), _headers(profile, key))


def decode_models(body: object) -> list[ModelInfo]:
    """The models of a list, or the one model of an endpoint."""
    served = text(dig(body, "model_name"))
    return [ModelInfo(served)] if served else model_lists.decode_models(body)


DIALECT = Dialect(
    sse,
    openai_chat.CARRIES - {MediaPart},
    encode,
    decode,
    decode_whole,
    error_text,
    models,
    decode_models,
    modelless=True,
    choices=True,
)
