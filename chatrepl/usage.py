"""Tokens and money: what replies have used, what it cost, and how full a context is. What is unknown is None, not 0."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from chatrepl.config import Profile
from chatrepl.conversation import Conversation, FilePart, Message, TextPart, ThinkingPart
from chatrepl.events import Usage

if TYPE_CHECKING:
    from chatrepl.dialects import ModelInfo

Price = tuple[float, float]
"""Dollars for a million tokens, in and out."""

CHARACTERS = 4
"""So many make a token, roughly, in English."""


class Rates(NamedTuple):
    """Where prices and context sizes are known from: the profiles of the configuration, and what a server told."""

    profile: Profile
    profiles: Iterable[Profile] = ()
    offers: "Iterable[ModelInfo]" = ()

    def price(self, model: str) -> Price | None:
        """The price of a model; the profile's own word comes before its server's, and both before other profiles'."""
        told = [(each.id, each.price) for each in self.offers if each.price]
        for name, price in [*_priced([self.profile]), *told, *_priced(self.profiles)]:
            if price and _is(model, name):
                return price
        return None

    def context(self) -> int | None:
        """How many tokens the model of the profile can hold."""
        told = (each.context for each in self.offers if each.context and each.id == self.profile.model)
        return self.profile.context or next(told, None)


def _priced(profiles: Iterable[Profile]) -> list[tuple[str, Price]]:
    return [(each.model, (each.price[0], each.price[1])) for each in profiles if len(each.price) == 2]


def _is(model: str, name: str) -> bool:
    """Whether a server that calls itself ``model`` is the one asked for by ``name``: it may add a date or a build."""
    return not name or model == name or model.startswith(f"{name}-") or model.endswith(f"/{name}")


def cost(usage: Usage | None, price: Price | None) -> float | None:
    """Dollars. Cached tokens count in full, for what they cost is nobody's to guess: it is at most this."""
    if not price or not usage or usage.input is None or usage.output is None:
        return None
    return (usage.input * price[0] + usage.output * price[1]) / 1_000_000


def tokens(conversation: Conversation) -> tuple[int, bool]:
    """The tokens of a conversation, and whether they were counted by the server rather than estimated here."""
    last = conversation.turns[-1][-1].usage if conversation.turns else None
    if last and last.total is not None:
        return last.total, True
    characters = len(conversation.system) + sum(map(_length, conversation.messages))
    return -(-characters // CHARACTERS), not characters


def _length(message: Message) -> int:
    return sum(len(part.text) for part in message.parts if isinstance(part, TextPart | FilePart | ThinkingPart))


class Sum(NamedTuple):
    """What several replies used together, as far as it is known: ``unknown`` of them told nothing, or have no price."""

    input: int = 0
    output: int = 0
    cost: float = 0.0
    uncounted: int = 0
    unpriced: int = 0


def total(replies: Iterable[Message], rates: Rates) -> Sum:
    """The sum of these replies."""
    into, out, uncounted, unpriced, dollars = 0, 0, 0, 0, 0.0
    for reply in replies:
        used = reply.usage
        paid = cost(used, rates.price(reply.model))
        into += (used and used.input) or 0
        out += (used and used.output) or 0
        dollars += paid or 0.0
        uncounted += used is None or used.input is None or used.output is None
        unpriced += paid is None
    return Sum(into, out, dollars, uncounted, unpriced)


def dollars(amount: float | None) -> str:
    """An amount for people."""
    if amount is None:
        return "unknown"
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.4f}"
