"""The table of models out of LiteLLM's open one (MIT): what is asked for here, for the vendors that are built in."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chatrepl.config.facts import EFFORTS, PER_MILLION, day, is_number, whole
from chatrepl.text.shapes import items, table, text

SOURCE = "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"
"""Where ``--update-models`` fetches the open table from."""

TAKES = {
    "images": "supports_vision",
    "pdf": "supports_pdf_input",
    "audio": "supports_audio_input",
    "tools": "supports_function_calling",
    "schema": "supports_response_schema",
    "search": "supports_web_search",
    "prefill": "supports_assistant_prefill",
    "thinking": "supports_reasoning",
}
"""What a model may take, and the name LiteLLM's table has for it."""

PREFIXES = {
    "anthropic": "anthropic",
    "cerebras": "cerebras",
    "cohere": "cohere_chat",
    "dashscope": "dashscope",
    "deepinfra": "deepinfra",
    "deepseek": "deepseek",
    "fireworks": "fireworks_ai",
    "gemini": "gemini",
    "groq": "groq",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "nebius": "nebius",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "sambanova": "sambanova",
    "scaleway": "scaleway",
    "together": "together_ai",
    "vercel": "vercel_ai_gateway",
    "xai": "xai",
    "zai": "zai",
}
"""The vendors, and what LiteLLM's table calls them."""

TIERS = ("flex", "priority", "ultrafast")
"""The service tiers that cost another price."""

_MODES = ("chat", "responses", "completion", None)
_LONGEST_NAME = 200


def converted(raw: object) -> dict[str, dict[str, dict[str, Any]]]:
    """What is asked for here of LiteLLM's table, by vendor and model. ValueError where it is no such table."""
    found: dict[str, dict[str, dict[str, Any]]] = {vendor: {} for vendor in sorted(PREFIXES)}
    own = {theirs: vendor for vendor, theirs in PREFIXES.items()}
    for name, entry in table(raw).items():
        vendor = own.get(text(table(entry).get("litellm_provider")).partition("-")[0])
        bare = name.removeprefix(f"{PREFIXES.get(vendor or '', '')}/")
        if vendor and entry.get("mode") in _MODES and _is_model(bare) and (facts := _converted(entry)):
            found[vendor].setdefault(bare, facts)
    if not found["openai"] or not found["anthropic"]:
        raise ValueError("it is not the table that was expected")
    return {vendor: dict(sorted(models.items())) for vendor, models in found.items() if models}


def _is_model(name: str) -> bool:
    """Whether that is the name of one model, not of a class or a size of them, nor of one made by its user."""
    return len(name) <= _LONGEST_NAME and not re.search(r"^ft:|^container$|[^\w./:@-]|-above-|^\d|/\d+-x-\d+/", name)


def _converted(entry: Mapping[str, Any]) -> dict[str, Any]:
    ranges = [(_start(each), _amounts(table(each))) for each in items(entry.get("tiered_pricing"))]
    above = {limit: _amounts(entry, f"_above_{limit[:-3]}k_tokens") for limit in _limits(entry)}
    names = {
        "context": whole(entry.get("max_input_tokens")),
        "output": whole(entry.get("max_output_tokens")),
        "price": _amounts(entry) or next((amounts for start, amounts in ranges if not start), []),
        "above": above or {str(start): amounts for start, amounts in ranges if start and amounts},
        "tiers": dict(_tiers(entry)),
        "takes": " ".join(word for word, theirs in TAKES.items() if entry.get(theirs) is True),
        "efforts": " ".join(each for each in EFFORTS if entry.get(f"supports_{each}_reasoning_effort") is True),
        "ends": day(entry.get("deprecation_date")),
        "next": _next(entry),
    }
    facts = {name: value for name, value in names.items() if value}
    return {**facts, "sampling": False} if entry.get("supports_sampling_params") is False else facts


def _limits(entry: Mapping[str, Any]) -> list[str]:
    found = {re.fullmatch(r"input_cost_per_token_above_(\d{1,6})k_tokens", name) for name in entry}
    return sorted(f"{each[1]}000" for each in found if each)


def _start(tier: object) -> int:
    """How long a question is at least that has this price; 0 where that is not told."""
    first = (*items(table(tier).get("range")), None)[0]
    return int(first) if is_number(first) and 0 <= first < 10**12 else 0


def _tiers(entry: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The service tiers, each with how many times as much it costs; none that costs more of one thing than another."""
    for name in TIERS:
        usual, other = _amounts(entry), _amounts(entry, f"_{name}")
        if other and usual and usual[0] and usual[1]:
            into, out = ((more or 0.0) / (known or 1.0) for more, known in zip(other[:2], usual[:2], strict=True))
            if into and abs(into - out) < 0.01:
                yield name, round(into, 3)


def _next(entry: Mapping[str, Any]) -> str:
    name, vendor = text(entry.get("successor_model")), text(entry.get("litellm_provider"))
    bare = name.removeprefix(f"{vendor}/")
    return bare if bare and _is_model(bare) else ""


def _amounts(entry: Mapping[str, Any], ending: str = "") -> list[float | None]:
    """Dollars for a million tokens: in, out, read from the cache, written to it, written to it for long; nothing where
    the first two are not known, or thoughts cost something else."""
    if entry.get("output_cost_per_reasoning_token", out := entry.get("output_cost_per_token")) != out:
        return []
    costs = [
        entry.get(f"{name}{ending}")
        for name in (
            "input_cost_per_token",
            "output_cost_per_token",
            "cache_read_input_token_cost",
            "cache_creation_input_token_cost",
        )
    ]
    longs = (entry.get(f"cache_creation_input_token_cost_above_{hours}hr{ending}") for hours in (1, 12))
    costs.append(next((each for each in longs if each is not None), None))
    amounts = [round(cost * PER_MILLION, 6) if is_number(cost) and cost >= 0 else None for cost in costs]
    if amounts[0] is None or amounts[1] is None:
        return []
    while amounts[-1] is None:
        amounts.pop()
    return amounts
