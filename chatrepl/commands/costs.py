"""The command about tokens and money."""

from chatrepl import safe, usage
from chatrepl.commands.table import TALK, command
from chatrepl.conversation import Message
from chatrepl.session import Session
from chatrepl.usage import Rates


@command("/usage", TALK)
def usage_(session: Session, words: str) -> None:
    """Show the tokens and the cost of each turn. The conversation is summed up. Tokens are what the
    server counted, prices are those of the profile or of the server; what nobody told is unknown. Cached tokens are
    priced in full."""
    replies = [turn[-1] for turn in session.conversation.turns]
    if not replies:
        session.screen.say("Nothing was used yet.")
        return
    rates = session.rates()
    for place, reply in enumerate(replies, 1):
        session.screen.say(f"[{place}] {_used(reply, rates)}")
    whole = session.used.total(rates)
    known = f"{whole.input:,} tokens in · {whole.output:,} out · {usage.dollars(whole.cost)}"
    if whole.uncounted == whole.replies:
        known = "tokens unknown · cost unknown"
    elif whole.unpriced:
        known = f"{whole.input:,} tokens in · {whole.output:,} out · cost {_partly(whole)}"
    session.screen.say(f"In all: {known}", "bold")
    count, counted = session.used.tokens(session.conversation)
    size = rates.context()
    of = f" of {size:,}" if size else ", the context size is unknown"
    session.screen.say(f"The conversation holds {'' if counted else 'about '}{count:,} tokens{of}.", "dim")


def _partly(whole: usage.Sum) -> str:
    if whole.unpriced == whole.replies:
        return "unknown"
    return f"{usage.dollars(whole.cost)} and an unknown part"


def _used(reply: Message, rates: Rates) -> str:
    used = reply.usage
    parts = [safe.line(reply.model, 40) or "unknown model"]
    if used is None or (used.input is None and used.output is None):
        return " · ".join([*parts, "tokens unknown · cost unknown"])
    parts.append(f"{_count(used.input)} tokens in" + (f" ({used.cached:,} cached)" if used.cached else ""))
    parts.append(f"{_count(used.output)} out" + (f" ({used.reasoning:,} thinking)" if used.reasoning else ""))
    paid = usage.cost(used, rates.price(reply.model, reply.profile))
    return " · ".join([*parts, usage.dollars(paid) if paid is not None else "cost unknown"])


def _count(tokens: int | None) -> str:
    return "unknown" if tokens is None else f"{tokens:,}"
