"""A list of models in the shape of OpenAI's, which nearly all servers give, whatever they speak."""

import re
from math import inf
from typing import Any

from chatrepl.config.config import Profile
from chatrepl.dialects.dialect import ModelInfo, Request
from chatrepl.dialects.wire import headers
from chatrepl.text.shapes import count, dig, items, text
from chatrepl.text.urls import join, root
from chatrepl.usage import Price


def models(profile: Profile, key: str) -> Request:
    """The request for it, in OpenAI's protocols."""
    base = root(profile.base_url, "/chat/completions", "/completions", "/responses")
    return Request("GET", join(base, "/models"), headers(profile, key))


def decode_models(body: object) -> list[ModelInfo]:
    """The models of a list: an object with ``data``, or the bare list some gateways give."""
    return [_model(item) for item in items(dig(body, "data")) or items(body) if text(dig(item, "id"))]


def _model(item: dict[str, Any]) -> ModelInfo:
    sizes = [count(dig(item, *path)) for path in _CONTEXT_SIZES]
    ends = next((found[0] for name in _ENDS if (found := _DAY.match(text(item.get(name))))), "")
    return ModelInfo(item["id"], next((size for size in sizes if size), None), _price(item.get("pricing")), ends)


_ENDS = ("shutdown_date", "retires_at", "expiration_date", "deprecation")
"""Where a list tells when a model ends: OpenAI's, Anthropic's, OpenRouter's and Mistral's."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?=\b|T|$)")


_CONTEXT_SIZES = (
    ("context_length",),
    ("max_model_len",),
    ("max_input_tokens",),
    ("meta", "n_ctx"),
    ("context_window",),
    ("max_context_length",),
)
"""Where a list of models tells the size of the context: OpenRouter, vLLM, LiteLLM, llama.cpp, Groq, LM Studio and
Mistral."""


def _price(pricing: object) -> Price | None:
    """OpenRouter tells dollars a token, as texts; a price that varies is -1."""
    names = ("prompt", "completion", "input_cache_read", "input_cache_write")
    into, out, cached, written = (_dollars(dig(pricing, name)) for name in names)
    return None if into is None or out is None else Price(into, out, cached, written)


def _dollars(told: object) -> float | None:
    try:
        amount = float(told) * 1e6  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return amount if 0 <= amount < inf else None
