"""Prices, and how full a context is. What is unknown is None, not 0."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from chatrepl.config.config import Profile
from chatrepl.config.place import Embedded
from chatrepl.conversation import Conversation, FilePart, Message, TextPart, ThinkingPart, Turn
from chatrepl.events import Usage
from chatrepl.usage import Price

if TYPE_CHECKING:
    from chatrepl.dialects import ModelInfo

T = TypeVar("T")

CHARACTERS = 4
"""So many make a token, roughly, in English."""


class Rates(NamedTuple):
    """Where prices and context sizes are known from: the profiles of the configuration, and what a server told.

    Both are the model's. What a profile says of the one it names holds for no other; what it says without naming one
    holds for all of its own, and for no other profile.
    """

    profile: Profile
    profiles: Iterable[Profile] = ()
    offers: "Iterable[ModelInfo]" = ()

    def price(self, model: str, profile: str = "") -> Price | None:
        """The price of a model of that profile, or of this one."""
        told = [(each.id, each.price) for each in self.offers if not profile]
        return self._known(profile or self.profile.name, model, _price, told)

    def context(self, answering: Profile) -> int | None:
        """How many tokens the model can hold that answers."""
        told = [(each.id, each.context) for each in self.offers if answering.name == self.profile.name]
        if isinstance(answering.place, Embedded):
            told = [(answering.model, answering.place.context)]
        return self._known(answering.name, answering.model, lambda profile: profile.context, told)

    def _known(
        self, name: str, model: str, of: Callable[[Profile], T | None], told: Iterable[tuple[str, T | None]]
    ) -> T | None:
        """What is known of a model: what the profile of that name says comes before what its server tells, and both
        before what other profiles say."""
        own = [each for each in (*self.profiles, self.profile) if each.name == name][:1]
        others = [each for each in self.profiles if each.model]
        said = [(each.model, of(each)) for each in own], told, [(each.model, of(each)) for each in others]
        return next((fact for known, fact in chain(*said) if fact and (not known or _is(model, known))), None)


def _price(profile: Profile) -> Price | None:
    return Price(*profile.price) if len(profile.price) == 2 else None


def _is(model: str, name: str) -> bool:
    """Whether a server that calls itself ``model`` is the one asked for by ``name``: it may say whose it is, and add a
    date or a build."""
    return name in model and bool(re.fullmatch(rf"(?:.*/)?{re.escape(name)}(?:-\d{{3,}}[\d-]*)?", model))


class Length:
    """How long a conversation is. It follows the conversation: only turns that are new are looked at, so that one costs
    the same in a long conversation as in a short one."""

    def __init__(self) -> None:
        self.characters = 0
        """Of all that was said and thought, and of the files that went along."""
        self._count = 0
        self._last: Turn | None = None

    def follow(self, turns: Sequence[Turn]) -> None:
        """Measure the turns that are new. Before the same turn there always stand the same; who goes back begins
        anew."""
        if len(turns) < self._count or (self._count and turns[self._count - 1] is not self._last):
            self.characters, self._count = 0, 0
        self.characters += sum(_length(message) for turn in turns[self._count :] for message in turn)
        self._count, self._last = len(turns), turns[-1] if turns else None

    def tokens(self, conversation: Conversation) -> tuple[int, bool]:
        """The tokens of the conversation, and whether they were counted by the server rather than estimated here."""
        last = conversation.turns[-1][-1].usage if conversation.turns else None
        if last and last.total is not None:
            return last.total, True
        characters = len(conversation.system) + self.characters
        return -(-characters // CHARACTERS), not characters


def _length(message: Message) -> int:
    return sum(len(part.text) for part in message.parts if isinstance(part, TextPart | FilePart | ThinkingPart))


def counts(used: Usage, unknown: str = "", into: str = "in") -> list[str]:
    """The tokens of an exchange, for people. A number that nobody told is ``unknown``, or left out."""
    sent = _count(used.input, unknown, into) + (f" ({used.cached:,} cached)" if used.cached else "")
    out = _count(used.output, unknown, "out") + (f" ({used.reasoning:,} thinking)" if used.reasoning else "")
    return [count for count in (sent, out) if count]


def _count(tokens: int | None, unknown: str, what: str) -> str:
    told = unknown if tokens is None else f"{tokens:,}"
    return told and f"{told} {what}"


def dollars(amount: float | None) -> str:
    """An amount for people."""
    if amount is None:
        return "unknown"
    if 0 < amount < 0.00005:
        return "<$0.0001"
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.4f}"
