"""Prices, and how full a context is. What is unknown is None, not 0."""

import re
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chatrepl import NamedTuple
from chatrepl.config.config import Profile
from chatrepl.config.place import Embedded
from chatrepl.usage import Price, Usage

if TYPE_CHECKING:
    from chatrepl.config.facts import Facts
    from chatrepl.dialects import ModelInfo

T = TypeVar("T")

CHARACTERS = 4
"""So many make a token, roughly, in English."""


class Rates(NamedTuple):
    """Where prices, context sizes and the end of a model are known from: the profiles of the configuration, what a
    server told, and the table of models.

    A price belongs to a model of a profile, a size and an end to a model. What a profile says of the model it names
    holds for no other; what it says without naming one holds for all of its own, and for no other profile.
    """

    profile: Profile
    profiles: Iterable[Profile] = ()
    offers: "Iterable[ModelInfo]" = ()
    table: Path | None = None
    """The table of models, where it was renewed; None where nobody may wait for any."""

    def price(self, model: str, profile: str = "") -> Price | None:
        """The price of a model of that profile, or of this one."""
        name = profile or self.profile.name
        told = [(each.id, each.price) for each in self.offers if name == self.profile.name]
        return _first(model, self._own(name, _price), told) or self.facts(model, name).price

    def facts(self, model: str, profile: str = "") -> "Facts":
        """What the table says of a model of that profile, or of this one."""
        from chatrepl.config import facts  # not for the first key

        if not (self.table and model):
            return facts.Facts()
        table = facts.load(self.table)
        found = table.facts(profile or self.profile.name, model)
        return found._replace(price=found.price._replace(as_of=table.as_of)) if found.price else found

    def ends(self, model: str) -> str:
        """The day on which a model of this profile is shut down, "" for none that is known."""
        return next((each.ends for each in self.offers if each.ends and each.id == model), "") or self.facts(model).ends

    def context(self, answering: Profile) -> int | None:
        """How many tokens the model can hold that answers."""
        offers = list(self.offers) if answering.name == self.profile.name else []
        told = [(each.id, each.context) for each in offers]
        if not answering.model:  # then the first one answers
            told = [("", context) for _, context in told[:1]]
        if isinstance(answering.place, Embedded):
            told = [(answering.model, answering.place.context)]
        others = [(each.model, each.context) for each in self.profiles if each.model]
        known = _first(answering.model, self._own(answering.name, lambda profile: profile.context), told, others)
        if known or not self.table:
            return known
        return self.facts(answering.model, answering.name).context or None

    def _own(self, name: str, of: Callable[[Profile], T]) -> list[tuple[str, T]]:
        """What the profile of that name says of the model that it names, or of all of its own."""
        return [(each.model, of(each)) for each in (*self.profiles, self.profile) if each.name == name][:1]


def _first(model: str, *said: Iterable[tuple[str, T | None]]) -> T | None:
    """The first that is known of a model, of facts with the models that they hold for, "" for all."""
    return next((fact for known, fact in chain(*said) if fact and (not known or _is(model, known))), None)


def _price(profile: Profile) -> Price | None:
    return Price(*profile.price) if profile.price else None


def _is(model: str, name: str) -> bool:
    """Whether a server that calls itself ``model`` is the one asked for by ``name``: it may say whose it is, and add a
    date or a build."""
    return name in model and bool(re.fullmatch(rf"(?:.*/)?{re.escape(name)}(?:-\d{{3,}}[\d-]*)?", model))


def counts(used: Usage) -> list[str]:
    """The tokens of an exchange, for people, as far as they are known."""
    sent = _count(used.input, "in") + (f" ({used.cached:,} cached)" if used.cached else "")
    out = _count(used.output, "out") + (f" ({used.reasoning:,} thinking)" if used.reasoning else "")
    return [count for count in (sent, out) if count]


def _count(tokens: int | None, what: str) -> str:
    return "" if tokens is None else f"{tokens:,} {what}"


def tokens(characters: int) -> int:
    """How many tokens so many characters are, roughly."""
    return -(-characters // CHARACTERS)


def dollars(amount: float) -> str:
    """An amount for people."""
    if 0 < amount < 0.00005:
        return "<$0.0001"
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.4f}"


def short(tokens: int) -> str:
    """A number of tokens in few characters: 41k, 1M, 1.05M."""
    if tokens < 1000:
        return str(tokens)
    return f"{tokens / 1000:.0f}k" if tokens < 999_500 else f"{tokens / 1_000_000:.3g}M"
