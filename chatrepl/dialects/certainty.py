"""How certain a model was of each token, as the protocols tell it."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

from chatrepl.events import Certainty
from chatrepl.text.shapes import dig, items, table, text


def told(logprobs: object) -> Iterator[Certainty]:
    """The tokens in OpenAI's shape: of chat, of Responses and Ollama as a list, or of completions as columns."""
    found = items(logprobs) or items(dig(logprobs, "content"))
    for each in found:
        yield from _token(each, [_pair(other) for other in items(dig(each, "top_logprobs"))])
    if not found:
        yield from _columns(table(logprobs))


def _columns(columns: dict[str, Any]) -> Iterator[Certainty]:
    tops = items(columns.get("top_logprobs"))
    for place, (token, logprob) in enumerate(
        zip(items(columns.get("tokens")), items(columns.get("token_logprobs")), strict=False)
    ):
        others = table(tops[place]) if place < len(tops) else {}
        pairs = [(str(name), _number(value)) for name, value in others.items()]
        yield from _token({"token": token, "logprob": logprob}, pairs)


def gemini(result: object) -> Iterator[Certainty]:
    """The tokens of Gemini's ``logprobsResult``."""
    tops = items(dig(result, "topCandidates"))
    for place, each in enumerate(items(dig(result, "chosenCandidates"))):
        others = items(dig(tops[place], "candidates")) if place < len(tops) else []
        yield from _token(each, [_pair(other) for other in others])


def _token(each: object, others: list[tuple[str, float | None]]) -> Iterator[Certainty]:
    token = dig(each, "token")
    if isinstance(token, str):
        yield Certainty(token, _pair(each)[1], tuple(others))


def _pair(each: object) -> tuple[str, float | None]:
    value = dig(each, "logprob")
    return text(dig(each, "token")), _number(dig(each, "logProbability") if value is None else value)


def _number(value: object) -> float | None:
    """The logarithm; None for what JSON has no number for."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if known else None  # type: ignore[arg-type]
