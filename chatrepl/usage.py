"""What replies used together, and what that cost. What is unknown is None, not 0."""

import operator
from collections.abc import Callable, Sequence
from itertools import accumulate

from chatrepl import NamedTuple, dataclass, field, replace, values


class Price(NamedTuple):
    """Dollars for a million tokens. ``cached`` is for those read from a cache, ``written`` for those written to one,
    each None where it costs what any input does, and ``written_long`` for those that are kept there for an hour or
    longer, None where that costs no more; ``above`` are the prices of a question longer than so many tokens."""

    input: float
    output: float
    cached: float | None = None
    written: float | None = None
    above: "tuple[tuple[int, Price], ...]" = ()
    as_of: str = ""
    """The day of the table that it is from, "" where the profile or the server says it."""

    written_long: float | None = None
    tiers: tuple[tuple[str, float], ...] = ()
    """How many times as much the vendor's other service tiers cost."""

    def of(self, tokens: int, tier: str = "") -> "Price | None":
        """The price of a question of so many tokens in that service tier, "" for the usual one; None where a table does
        not know the tier. What a profile or a server says holds for all."""
        rate = next((price for limit, price in reversed(self.above) if tokens > limit), self)
        if not tier or not (self.as_of or self.tiers):
            return rate
        factor = dict(self.tiers).get(tier)
        return rate.times(factor) if factor else None

    def times(self, factor: float) -> "Price":
        """So many times as much, of a question of any length."""
        rates = self.input, self.output, self.cached, self.written, self.written_long
        into, out, cached, written, long = (each if each is None else each * factor for each in rates)
        return Price(into or 0.0, out or 0.0, cached, written, written_long=long)


@dataclass(frozen=True)
class Usage:
    """Tokens of the whole exchange so far; every report replaces the last. None is unknown, which is not 0.

    ``input`` includes ``cached`` (read from a cache) and ``written`` (to one), which includes ``written_long`` (for an
    hour or longer); ``output`` includes ``reasoning``. ``tier`` is the service tier in the vendor's word, "" for the
    usual one.
    """

    input: int | None = None
    cached: int | None = None
    output: int | None = None
    reasoning: int | None = None
    total: int | None = None
    written: int | None = None
    written_long: int | None = None
    tier: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.tier, str):
            raise TypeError(f"Usage.tier cannot be {self.tier!r}")
        for name in (*_ADDED, "total"):
            value = getattr(self, name)
            if value is not None and type(value) is not int:  # True is an int too
                raise TypeError(f"Usage.{name} cannot be {value!r}")


def as_data(usage: Usage) -> dict[str, int | str | None]:
    """The numbers by name, None where unknown; what few servers tell is there only where one did."""
    return {name: value for name, value in values(usage).items() if name not in _OF_FEW or value not in (None, "")}


_OF_FEW = ("written", "written_long", "tier")


def together(*used: Usage | None) -> Usage:
    """What several exchanges used: the sum of what was told. In all, what the conversation holds after the last one."""
    known = [each for each in used if each]
    told = {name: [n for each in known if (n := getattr(each, name)) is not None] for name in _ADDED}
    sums = {name: sum(numbers) if numbers else None for name, numbers in told.items()}
    return Usage(**sums, total=known[-1].total, tier=known[-1].tier) if known else Usage()


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
        found.append(own if not place else Usage(0, output=out, reasoning=thought, total=total, tier=usage.tier))
    return found


def _parts(number: int | None, sizes: Sequence[int]) -> list[int | None]:
    """The number in whole parts that add up to it."""
    if number is None:
        return [None] * len(sizes)
    whole = sum(sizes) or len(sizes)
    ends = [number * end // whole for end in accumulate(size if sum(sizes) else 1 for size in sizes)]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


_ADDED = ("input", "cached", "output", "reasoning", "written", "written_long")


def cost(usage: Usage | None, price: Price | None) -> float | None:
    """Dollars; None where tokens or price are unknown."""
    if not price or not usage or usage.input is None or usage.output is None:
        return None
    rate = price.of(usage.input, usage.tier)
    if not rate:
        return None
    long = min(usage.written_long or 0, usage.written or 0)
    kept = rate.written if rate.written_long is None else rate.written_long
    whole = usage.input * rate.input + usage.output * rate.output
    less = (
        (usage.cached or 0) * _less(rate, rate.cached)
        + ((usage.written or 0) - long) * _less(rate, rate.written)
        + long * _less(rate, kept)
    )
    return (whole - less) / 1_000_000


def saved(usage: Usage | None, price: Price | None) -> float:
    """The dollars that the cache saved: what was read from it would have cost as much as any input."""
    if not price or not usage or usage.input is None:
        return 0.0
    rate = price.of(usage.input, usage.tier)
    return (usage.cached or 0) * _less(rate, rate.cached) / 1_000_000 if rate else 0.0


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
    written_long: int = 0


@dataclass()
class Tally:
    """What replies add up to. One more costs the same after many as after none."""

    _used: dict[tuple[str, str, int, str], Sum] = field(default_factory=dict)
    """By model, profile, length of the question in thousands of tokens, for a long one may have another price, and
    service tier."""

    def add(self, model: str, profile: str, usage: Usage | None) -> None:
        """Count a reply."""
        counted = _counted(usage)
        whose = model, profile, -(-counted.input // 1000), usage.tier if usage else ""
        self._used[whose] = _added(self._used.get(whose, Sum()), counted)

    def total(self, price: Callable[[str, str], Price | None]) -> Sum:
        """The sum of all replies, at the prices of their models and profiles."""
        whole = Sum()
        prices = {whose: price(*whose) for whose in dict.fromkeys(each[:2] for each in self._used)}
        for (model, profile, _, tier), used in self._used.items():
            known = prices[model, profile]
            rate = known and known.of(used.input // used.replies, tier)
            rate = rate and rate._replace(above=())
            usage = Usage(used.input, used.cached, used.output, written=used.written, written_long=used.written_long)
            paid = cost(usage, rate)
            unpriced = used.replies if paid is None else used.uncounted
            whole = _added(whole, used._replace(cost=paid or 0.0, unpriced=unpriced, saved=saved(usage, rate)))
        return whole._replace(as_of=max((price.as_of for price in prices.values() if price), default=""))


def _counted(usage: Usage | None) -> Sum:
    if usage is None or usage.input is None or usage.output is None:
        return Sum(1, uncounted=1)
    cached, written, long = (each or 0 for each in (usage.cached, usage.written, usage.written_long))
    return Sum(1, usage.input, usage.output, cached=cached, written=written, written_long=long)


def _added(one: Sum, other: Sum) -> Sum:
    return Sum(*map(operator.add, one, other))
