"""What replies used together, and what that cost. What is unknown is None, not 0."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from itertools import accumulate
from typing import NamedTuple

from chatrepl import dataclass


class Price(NamedTuple):
    """Dollars for a million tokens. ``cached`` is for those read from a cache, ``written`` for those written to one,
    each None where it costs what any input does; ``above`` are the prices of a question longer than so many tokens."""

    input: float
    output: float
    cached: float | None = None
    written: float | None = None
    above: "tuple[tuple[int, Price], ...]" = ()
    as_of: str = ""
    """The day of the table that it is from, "" where the profile or the server says it."""

    def of(self, tokens: int) -> "Price":
        """The price of a question of so many tokens."""
        return next((price for limit, price in reversed(self.above) if tokens > limit), self)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of the whole exchange so far; every report replaces the last. None is unknown, which is not 0.

    ``input`` includes ``cached`` (read from a cache) and ``written`` (to one), ``output`` includes ``reasoning``.
    """

    input: int | None = None
    cached: int | None = None
    output: int | None = None
    reasoning: int | None = None
    total: int | None = None
    written: int | None = None

    def __post_init__(self) -> None:
        for name in ("input", "cached", "output", "reasoning", "total", "written"):
            value = getattr(self, name)
            if value is not None and type(value) is not int:  # True is an int too
                raise TypeError(f"Usage.{name} cannot be {value!r}")


def together(*used: Usage | None) -> Usage:
    """What several exchanges used: the sum of what was told. In all, what the conversation holds after the last one."""
    known = [each for each in used if each]
    told = {name: [n for each in known if (n := getattr(each, name)) is not None] for name in _ADDED}
    sums = {name: sum(numbers) if numbers else None for name, numbers in told.items()}
    return Usage(**sums, total=known[-1].total if known else None)


def shared(usage: Usage | None, sizes: Sequence[int]) -> list[Usage | None]:
    """The part that each of several replies has in what their one request used: what was asked counts with the first,
    what came by the sizes of the replies, and ``total`` is what the conversation would hold after each."""
    if usage is None or len(sizes) < 2:
        return [usage] * len(sizes)
    output, reasoning = _parts(usage.output, sizes), _parts(usage.reasoning, sizes)
    found: list[Usage | None] = []
    for place, (out, thought) in enumerate(zip(output, reasoning, strict=True)):
        total = None if usage.input is None or out is None else usage.input + out
        own = replace(usage, output=out, reasoning=thought, total=total)
        found.append(own if not place else Usage(0, output=out, reasoning=thought, total=total))
    return found


def _parts(number: int | None, sizes: Sequence[int]) -> list[int | None]:
    """The number in whole parts that add up to it."""
    if number is None:
        return [None] * len(sizes)
    whole = sum(sizes) or len(sizes)
    ends = [number * end // whole for end in accumulate(size if sum(sizes) else 1 for size in sizes)]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


_ADDED = ("input", "cached", "output", "reasoning", "written")


def cost(usage: Usage | None, price: Price | None) -> float | None:
    """Dollars; None where tokens or price are unknown."""
    if not price or not usage or usage.input is None or usage.output is None:
        return None
    rate = price.of(usage.input)
    cached, written = usage.cached or 0, usage.written or 0
    whole = usage.input * rate.input + usage.output * rate.output
    return (whole - cached * _less(rate, rate.cached) - written * _less(rate, rate.written)) / 1_000_000


def saved(usage: Usage | None, price: Price | None) -> float:
    """The dollars that the cache saved: what was read from it would have cost as much as any input."""
    if not price or not usage or usage.input is None:
        return 0.0
    rate = price.of(usage.input)
    return (usage.cached or 0) * _less(rate, rate.cached) / 1_000_000


def _less(rate: Price, special: float | None) -> float:
    """How much less a token costs than any other of the input."""
    return 0.0 if special is None else rate.input - special


class Sum(NamedTuple):
    """What several replies used together, as far as it is known: ``uncounted`` of them did not tell, and ``unpriced``
    did not tell or have no price."""

    replies: int = 0
    input: int = 0
    output: int = 0
    uncounted: int = 0
    cost: float = 0.0
    unpriced: int = 0
    cached: int = 0
    written: int = 0
    saved: float = 0.0
    as_of: str = ""
    """The day of the table that prices are from, where they are from one."""


@dataclass()
class Tally:
    """What replies add up to. One more costs the same after many as after none."""

    _used: dict[tuple[str, str, int], Sum] = field(default_factory=dict)
    """By model, profile and length of the question in thousands of tokens, for a long one may have another price."""

    def add(self, model: str, profile: str, usage: Usage | None) -> None:
        """Count a reply."""
        counted = _counted(usage)
        whose = model, profile, -(-counted.input // 1000)
        self._used[whose] = _added(self._used.get(whose, Sum()), counted)

    def total(self, price: Callable[[str, str], Price | None]) -> Sum:
        """The sum of all replies, at the prices of their models and profiles."""
        whole = Sum()
        prices = {whose: price(*whose) for whose in dict.fromkeys(each[:2] for each in self._used)}
        for (model, profile, thousands), used in self._used.items():
            rate = prices[model, profile]
            rate = rate.of(thousands * 1000)._replace(above=()) if rate else None
            usage = Usage(used.input, used.cached, used.output, written=used.written)
            paid = cost(usage, rate)
            unpriced = used.replies if paid is None else used.uncounted
            whole = _added(whole, used._replace(cost=paid or 0.0, unpriced=unpriced, saved=saved(usage, rate)))
        return whole._replace(as_of=max((price.as_of for price in prices.values() if price), default=""))


def _counted(usage: Usage | None) -> Sum:
    if usage is None or usage.input is None or usage.output is None:
        return Sum(1, uncounted=1)
    return Sum(1, usage.input, usage.output, cached=usage.cached or 0, written=usage.written or 0)


def _added(one: Sum, other: Sum) -> Sum:
    return Sum(*map(operator.add, one, other))
