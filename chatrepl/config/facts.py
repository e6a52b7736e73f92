"""Facts about models: how much one holds, what it costs, what it takes. A table that comes with the program says so.

The table is made from the open one of LiteLLM (MIT), of which ``converted`` takes what is asked for here, for the
vendors that are built in. ``--update-models`` puts a newer one into the data folder; nothing else ever fetches it, and
nothing of it is needed to talk. A table that cannot be read is as good as none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from chatrepl.config.vendors import EFFORTS
from chatrepl.text.shapes import table, text
from chatrepl.usage import Price

SOURCE = "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"
"""Where ``--update-models`` fetches the open table from."""

FILE = "table.json"
"""The file of a newer one, in the folder of the models."""

VERSION = 1
"""The form of the table in a file. One of another form is left alone."""

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

ALIASES = {"openai-chat": "openai", "openai-completions": "openai", "openai-responses": "openai"}
"""The profiles that are another one's vendor."""

_MODES = ("chat", "responses", "completion", None)
_LONGEST_NAME = 200
_PER_MILLION = 1_000_000


class Facts(NamedTuple):
    """What is known of a model. What is unknown is 0, None or empty."""

    context: int = 0
    """How many tokens it holds."""
    output: int = 0
    """How many tokens a reply can have."""
    price: Price | None = None
    takes: frozenset[str] | None = None
    """The words of ``TAKES`` that apply; None where the table does not know the model."""
    sampling: bool = True
    """Whether it takes temperature and top_p."""
    efforts: tuple[str, ...] = ()
    """The words of ``EFFORTS`` that the table names; others may work."""
    ends: str = ""
    """The day on which the vendor shuts it down, as YYYY-MM-DD."""


class Table(NamedTuple):
    """The facts of all vendors, and the day they were read."""

    as_of: str = ""
    vendors: Mapping[str, Mapping[str, Any]] = {}

    def facts(self, vendor: str, model: str) -> Facts:
        """What is known of a model of that vendor, the profile's name. A date or a build at the end of the model's name
        does not hide it."""
        known = self.vendors.get(ALIASES.get(vendor, vendor), {})
        for name in _names(model):
            if isinstance(known.get(name), Mapping):
                return _facts(known[name])
        return Facts()

    def models(self, vendor: str) -> list[str]:
        """The models of that vendor that the table knows."""
        return list(self.vendors.get(ALIASES.get(vendor, vendor), {}))


def _names(model: str) -> Iterator[str]:
    """How the table may call a model: as it is, without what it begins with, without the date it ends in."""
    bare = model.removeprefix("models/")
    yield bare
    yield re.sub(r"[-@](?:\d{4}-?\d{2}-?\d{2}|latest)$", "", bare)


def _facts(data: Mapping[str, Any]) -> Facts:
    return Facts(
        context=_whole(data.get("context")),
        output=_whole(data.get("output")),
        price=_price(data),
        takes=frozenset(text(data.get("takes")).split()),
        sampling=data.get("sampling") is not False,
        efforts=tuple(each for each in text(data.get("efforts")).split() if each in EFFORTS),
        ends=_day(data.get("ends")),
    )


def _price(data: Mapping[str, Any]) -> Price | None:
    numbers = data.get("price")
    if not isinstance(numbers, list) or len(numbers) < 2 or not all(map(_is_amount, numbers[:2])):
        return None
    cached, written, *_ = [*(each if _is_amount(each) else None for each in numbers[2:]), None, None]
    above = [
        (limit, price) for limit, prices in _pairs(data.get("above")) if limit and (price := _price({"price": prices}))
    ]
    return Price(numbers[0], numbers[1], cached, written, tuple(sorted(above)))


def _pairs(value: object) -> Iterator[tuple[int, object]]:
    for name, prices in table(value).items():
        yield int(name) if name.isdigit() and len(name) < 12 else 0, prices


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _PER_MILLION


def _whole(value: object) -> int:
    return value if type(value) is int and 0 < value < 10**12 else 0


def _day(value: object) -> str:
    day = text(value)
    return day if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) else ""


# in files


@cache
def load(renewed: Path | None = None) -> Table:
    """The table in that file, if there is one that is newer than the one that comes with the program; else that one."""
    own = _read(Path(__file__).with_name("models.json"))
    newer = _read(renewed) if renewed else Table()
    return newer if newer.as_of > own.as_of else own


def _read(path: Path) -> Table:
    try:
        return parsed(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return Table()


def parsed(data: bytes) -> Table:
    """The table in these bytes; ValueError where there is none."""
    found = json.loads(data)
    if not isinstance(found, dict) or found.get("version") != VERSION or not _day(found.get("as_of")):
        raise ValueError("no table of models")
    return Table(found["as_of"], {vendor: table(models) for vendor, models in table(found.get("vendors")).items()})


def written(vendors: Mapping[str, Mapping[str, Any]], as_of: str, source: str) -> bytes:
    """The table as a file."""
    lines = [json.dumps({"version": VERSION, "as_of": as_of, "source": source, "vendors": {}})[:-2]]
    lines[0] = lines[0].rstrip("{")
    body = ",\n".join(
        f"{json.dumps(vendor)}: {{\n"
        + ",\n".join(f"{json.dumps(name)}:{json.dumps(facts, separators=(',', ':'))}" for name, facts in models.items())
        + "\n}"
        for vendor, models in vendors.items()
    )
    return f"{lines[0]}{{\n{body}\n}}}}\n".encode()


# from the open table


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
    names = {
        "context": _whole(entry.get("max_input_tokens")),
        "output": _whole(entry.get("max_output_tokens")),
        "price": _amounts(entry, ""),
        "above": {limit: _amounts(entry, f"_above_{limit[:-3]}k_tokens") for limit in _limits(entry)},
        "takes": " ".join(word for word, theirs in TAKES.items() if entry.get(theirs) is True),
        "efforts": " ".join(each for each in EFFORTS if entry.get(f"supports_{each}_reasoning_effort") is True),
        "ends": _day(entry.get("deprecation_date")),
    }
    facts = {name: value for name, value in names.items() if value}
    return {**facts, "sampling": False} if entry.get("supports_sampling_params") is False else facts


def _limits(entry: Mapping[str, Any]) -> list[str]:
    found = {re.fullmatch(r"input_cost_per_token_above_(\d{1,6})k_tokens", name) for name in entry}
    return sorted(f"{each[1]}000" for each in found if each)


def _amounts(entry: Mapping[str, Any], ending: str) -> list[float | None]:
    """Dollars for a million tokens: in, out, read from the cache, written to it; nothing where the first two are not
    known."""
    costs = [
        entry.get(f"{name}{ending}")
        for name in (
            "input_cost_per_token",
            "output_cost_per_token",
            "cache_read_input_token_cost",
            "cache_creation_input_token_cost",
        )
    ]
    amounts = [round(cost * _PER_MILLION, 6) if isinstance(cost, int | float) and cost >= 0 else None for cost in costs]
    if amounts[0] is None or amounts[1] is None:
        return []
    while amounts[-1] is None:
        amounts.pop()
    return amounts
