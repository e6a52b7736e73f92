"""Facts about models: how much one holds, what it costs, what it takes. A table that comes with the program says so.

The table is made from the open one of LiteLLM (MIT), see ``open_table``, for the vendors that are built in.
``--update-models`` puts a newer one into the data folder; nothing else ever fetches it, and nothing of it is needed to
talk. A table that cannot be read is as good as none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from chatrepl.text.shapes import table, text
from chatrepl.usage import Price

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""The words for how much a model thinks, from least to most."""

FILE = "table.json"
"""The file of a newer one, in the folder of the models."""

VERSION = 1
"""The form of the table in a file. One of another form is left alone."""

ALIASES = {"openai-chat": "openai", "openai-completions": "openai", "openai-responses": "openai"}
"""The profiles that are another one's vendor."""

MAKERS = ("openai", "anthropic", "gemini", "mistral", "xai", "deepseek", "moonshot", "zai", "cohere", "minimax")
"""The vendors whose models others offer by the same names."""

PER_MILLION = 1_000_000


class Facts(NamedTuple):
    """What is known of a model. What is unknown is 0, None or empty."""

    context: int = 0
    """How many tokens it holds."""
    output: int = 0
    """How many tokens a reply can have."""
    price: Price | None = None
    takes: frozenset[str] | None = None
    """The words of ``open_table.TAKES`` that apply; None where the table does not know the model."""
    sampling: bool = True
    """Whether it takes temperature and top_p."""
    efforts: tuple[str, ...] = ()
    """The words of ``EFFORTS`` that the table names; others may work."""
    ends: str = ""
    """The day on which the vendor shuts it down, as YYYY-MM-DD."""
    next: str = ""
    """The model that the vendor names in its place."""
    by_name: bool = False
    """Whether the table does not know it of who offers it, but knows a model of that name of who made it."""


class Table(NamedTuple):
    """The facts of all vendors, and the day they were read."""

    as_of: str = ""
    vendors: Mapping[str, Mapping[str, Any]] = {}

    def facts(self, vendor: str, model: str) -> Facts:
        """What is known of a model of that vendor, the profile's name. A date or a build at the end of the model's name
        does not hide it. Of one that somebody else offers it is known what it takes and holds, not what it costs."""
        vendor = ALIASES.get(vendor, vendor)
        makers = () if vendor in MAKERS else MAKERS
        if (known := self._of(vendor, model)) or not makers:
            return known or Facts()
        found = next(filter(None, (self._of(maker, model.rpartition("/")[2]) for maker in makers)), None)
        return found._replace(price=None, ends="", next="", by_name=True) if found else Facts()

    def _of(self, vendor: str, model: str) -> Facts | None:
        known = self.vendors.get(vendor, {})
        return next((_facts(known[name]) for name in _names(model) if isinstance(known.get(name), Mapping)), None)

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
        context=whole(data.get("context")),
        output=whole(data.get("output")),
        price=_price(data),
        takes=frozenset(text(data.get("takes")).split()),
        sampling=data.get("sampling") is not False,
        efforts=tuple(each for each in text(data.get("efforts")).split() if each in EFFORTS),
        ends=day(data.get("ends")),
        next=text(data.get("next")),
    )


def _price(data: Mapping[str, Any]) -> Price | None:
    numbers = data.get("price")
    if not isinstance(numbers, list) or len(numbers) < 2 or not all(map(_is_amount, numbers[:2])):
        return None
    cached, written, long, *_ = [*(each if _is_amount(each) else None for each in numbers[2:]), None, None, None]
    above = [
        (limit, price) for limit, prices in _pairs(data.get("above")) if limit and (price := _price({"price": prices}))
    ]
    tiers = tuple((name, factor) for name, factor in table(data.get("tiers")).items() if _is_amount(factor) and factor)
    return Price(numbers[0], numbers[1], cached, written, tuple(sorted(above)), written_long=long, tiers=tiers)


def _pairs(value: object) -> Iterator[tuple[int, object]]:
    for name, prices in table(value).items():
        yield int(name) if name.isdigit() and len(name) < 12 else 0, prices


def _is_amount(value: object) -> bool:
    return is_number(value) and 0 <= value < PER_MILLION


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(value: object) -> int:
    """A size; 0 for what is none."""
    return value if type(value) is int and 0 < value < 10**12 else 0


def day(value: object) -> str:
    """A day as YYYY-MM-DD; "" for what is none."""
    told = text(value)
    return told if re.fullmatch(r"\d{4}-\d{2}-\d{2}", told) else ""


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
    if not isinstance(found, dict) or found.get("version") != VERSION or not day(found.get("as_of")):
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
