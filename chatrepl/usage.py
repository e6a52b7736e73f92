"""What replies used together, and what that cost. What is unknown is None, not 0."""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

Price = tuple[float, float]
"""Dollars for a million tokens, in and out."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of the whole exchange so far; every report replaces the last. None is unknown, which is not 0.

    ``input`` includes ``cached``, ``output`` includes ``reasoning``.
    """

    input: int | None = None
    cached: int | None = None
    output: int | None = None
    reasoning: int | None = None
    total: int | None = None

    def __post_init__(self) -> None:
        for name in ("input", "cached", "output", "reasoning", "total"):
            value = getattr(self, name)
            if value is not None and type(value) is not int:  # True is an int too
                raise TypeError(f"Usage.{name} cannot be {value!r}")


def cost(usage: Usage | None, price: Price | None) -> float | None:
    """Dollars. Cached tokens count in full, for what they cost is nobody's to guess: it is at most this."""
    if not price or not usage or usage.input is None or usage.output is None:
        return None
    return (usage.input * price[0] + usage.output * price[1]) / 1_000_000


class Sum(NamedTuple):
    """What several replies used together, as far as it is known: ``uncounted`` of them did not tell, and ``unpriced``
    did not tell or have no price."""

    replies: int = 0
    input: int = 0
    output: int = 0
    uncounted: int = 0
    cost: float = 0.0
    unpriced: int = 0


@dataclass(slots=True)
class Tally:
    """What replies add up to. One more costs the same after many as after none."""

    _used: dict[tuple[str, str], Sum] = field(default_factory=dict)
    """By model and profile."""

    def add(self, model: str, profile: str, usage: Usage | None) -> None:
        """Count a reply."""
        whose = model, profile
        self._used[whose] = _added(self._used.get(whose, Sum()), _counted(usage))

    def total(self, price: Callable[[str, str], Price | None]) -> Sum:
        """The sum of all replies, at the prices of their models and profiles."""
        whole = Sum()
        for whose, used in self._used.items():
            paid = cost(Usage(input=used.input, output=used.output), price(*whose))
            unpriced = used.replies if paid is None else used.uncounted
            whole = _added(whole, used._replace(cost=paid or 0.0, unpriced=unpriced))
        return whole


def _counted(usage: Usage | None) -> Sum:
    if usage is None or usage.input is None or usage.output is None:
        return Sum(1, uncounted=1)
    return Sum(1, usage.input, usage.output)


def _added(one: Sum, other: Sum) -> Sum:
    return Sum(*map(operator.add, one, other))
