"""What is told of a reply that is over: how it ended, and its figures."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from typing import NamedTuple

from chatrepl import dataclass, replace
from chatrepl.chat.rates import CHARACTERS, counts, dollars
from chatrepl.chat.reply import Reply
from chatrepl.chat.session import Session
from chatrepl.conversation import BROKEN_OFF, Message
from chatrepl.dialects.reasons import finish_reason
from chatrepl.errors import ASK_AGAIN, BrokenReply, Hint
from chatrepl.text import safe
from chatrepl.text.amounts import seconds
from chatrepl.usage import Price, Usage, cost, together

ENDINGS = {
    "interrupted": ("Stopped. What came is kept", "/continue goes on with it"),
    "failed": ("The reply is incomplete. What came is kept", "/continue goes on with it"),
    "length": (
        "The reply was cut at the token limit",
        "/continue goes on with it, /set max_tokens raises the limit",
    ),
    "content_filter": ("The provider's content filter ended the reply", ""),
    "tool_calls": ("The model called a tool, and none is on", "/tools lists them"),
    "error": ("The server reports that the reply failed", ""),
    "other": ("The reply ended for an unknown reason", ""),
}
"""What is said of a reply that did not simply stop, and which command helps."""


IN_ITS_WORDS = ("content_filter", "error", "other")
"""The endings of which the server's own words tell more."""


LATER = 31
"""So many days before a model is shut down nothing is said of it."""

MEASURABLE = 0.2
"""Below that many seconds the speed of a reply is mostly noise."""


@dataclass()
class Timing:
    """When a reply was asked for, when its first word came and when it was over, in seconds of any clock."""

    asked_at: float
    first: float | None = None
    over: float | None = None


class Exchange(NamedTuple):
    """A reply, and when it came."""

    reply: Reply
    timing: Timing

    @property
    def until_first(self) -> float:
        """The seconds to its first word, or to its end where none came."""
        return self._first - self.timing.asked_at

    @property
    def making(self) -> float:
        """The seconds from its first word to its end."""
        return self._over - self._first

    @property
    def _over(self) -> float:
        return self.timing.over or self.timing.asked_at

    @property
    def _first(self) -> float:
        return self._over if self.timing.first is None else self.timing.first


def tell_ending(session: Session, reply: Message) -> None:
    """Tell how a reply ended, if it did not simply stop, and what helps where a command can be typed."""
    if reply.ending in ENDINGS:
        ended, helps = ENDINGS[reply.ending]
        ended = with_words(ended, reply) if reply.ending in IN_ITS_WORDS else ended
        session.screen.say("; ".join([ended, helps] if helps and session.user.has_prompt else [ended]) + ".", "warning")


def of_aside(reply: Message) -> str:
    """What is said of an unfinished reply that no command goes on with."""
    return f"{ENDINGS[reply.ending][0]}."


ANOTHER = "/retry asks for another."


def of_nothing(reply: Reply, *, going_on: bool = False) -> BrokenReply:
    """The failure that a reply is in which nothing stands; it may be asked to go on, and have no more to say."""
    if reply.ending == "content_filter":
        return BrokenReply(
            with_words("The provider's content filter stopped it", reply.message()), "Say it in other words."
        )
    if reply.ending == "length":
        line = f"The model reached its token limit before the first word ({reply.raw_ending})"
        raise_it = "-o max_tokens=N raises the limit.", "/set max_tokens N raises the limit."
        return BrokenReply(line, Hint(*raise_it))
    complete = going_on and reply.ending == "stop"
    reply.ending = "failed"
    if complete:
        return BrokenReply("The model adds nothing: to it the reply is complete", Hint(at_prompt=ANOTHER))
    return BrokenReply(f"The model sent an empty reply ({reply.raw_ending or 'no reason given'})", ASK_AGAIN)


def with_words(ended: str, reply: Message) -> str:
    """That line with the server's own word for it, if it says more; a sentence of the server's takes its place."""
    said = safe.line(reply.raw_ending, 300).rstrip(".")
    if not said or finish_reason(said) == "stop":  # it stopped, and refused: the dialect knows that from elsewhere
        return ended
    return said if " " in said else f"{ended} ({said})"


def ending_soon(session: Session) -> str:
    """What there is to say, once for each model, of one that is shut down soon; "" for nothing."""
    model, left = session.answering.model, LATER
    ends = session.rates().ends(model) if model and model not in session.warned else ""
    with suppress(ValueError):  # no day, or none that there is
        left = (date.fromisoformat(ends) - session.today()).days
    if not 0 <= left < LATER:
        return ""
    session.warned.add(model)
    when = "today" if not left else "tomorrow" if left == 1 else f"in {left} days"
    new = safe.line(session.rates().facts(model).next, 60)
    instead = f"its vendor names {new} in its place, and /model {new} asks it" if new else "/model picks another"
    return f"{safe.line(model, 60)} ends {when}, on {ends}; {instead}."


def _rough(exchanges: Sequence[Exchange], used: Usage) -> int:
    """How many tokens came, roughly, where they were not counted to the end; else 0."""
    rough = sum(each.reply.characters for each in exchanges) // CHARACTERS
    broken_off = exchanges[-1].reply.ending in BROKEN_OFF
    return rough if used.output is None or (broken_off and used.output < rough) else 0


def statistics(exchanges: Sequence[Exchange], price: Callable[[str, str], Price | None]) -> list[str]:
    """Time to the first word, speed, tokens and cost of a reply, as far as they are known. Of a turn of several
    requests, between which tools ran, it is what they took and used together; ``price`` is that of a model of a
    profile."""
    used = together(*(each.reply.usage for each in exchanges))
    making = sum(each.making for each in exchanges)
    first = exchanges[0].until_first
    parts = [seconds(first)]
    if len(exchanges) > 1:
        parts = [f"{len(exchanges)} requests", seconds(sum(each.until_first for each in exchanges) + making)]
    rough = _rough(exchanges, used)
    if (came := rough or used.output) and making >= MEASURABLE:
        parts.append(f"{'~' * bool(rough)}{came / making:.0f} tok/s")
    parts += [*counts(replace(used, output=None)), f"~{rough:,} out"] if rough else counts(used)
    prices = [price(each.reply.model, each.reply.profile) for each in exchanges]
    paid = [cost(each.reply.usage, rate) for each, rate in zip(exchanges, prices, strict=True)]
    known = [each for each in paid if each is not None]
    if not known:
        return [] if parts == ["<0.1 s"] else parts
    as_of = max(rate.as_of for rate in prices if rate)
    return [*parts, dollars(sum(known)) + "+" * (len(known) < len(paid)), *([f"as of {as_of}"] if as_of else [])]
