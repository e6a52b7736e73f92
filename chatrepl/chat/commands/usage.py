"""The command about tokens and money."""

from chatrepl.chat import rates as usage
from chatrepl.chat.commands.table import TALK, command
from chatrepl.chat.rates import Rates
from chatrepl.chat.session import Session
from chatrepl.conversation import Message
from chatrepl.text import safe
from chatrepl.usage import Sum, Tally, cost


@command("/usage", TALK)
def usage_(session: Session, words: str) -> None:
    """Show the tokens and the cost of each turn. The sums are those of the conversation and of the whole session, in
    which everything counts that was undone, replaced or forgotten. Tokens are counted by the server, prices come from
    the profile or the server; a + behind the amount in the status line means that the price of some replies is unknown.
    Cached tokens are priced in full."""
    if not session.spent.replies:
        session.screen.say("Nothing was used yet.")
        return
    rates, tally = session.rates(), Tally()
    for place, (*_, reply) in enumerate(session.conversation.turns, 1):
        session.screen.say(f"[{place}] {_used(reply, rates)}")
        tally.add(reply.model, reply.profile, reply.usage)
    here, in_all = _summed(tally.total(rates.price)), _summed(session.spent)
    session.screen.say(f"This conversation: {here}", "bold")
    if in_all != here:
        session.screen.say(f"The whole session: {in_all}", "bold")
    count, counted = session.length.tokens(session.conversation)
    size = rates.context(session.answering)
    of = f" of {size:,}" if size else ", the context size is unknown"
    session.screen.say(f"The conversation holds {'' if counted else 'about '}{count:,} tokens{of}.", "dim")


def _summed(whole: Sum) -> str:
    if whole.replies and whole.uncounted == whole.replies:
        return "tokens unknown · cost unknown"
    paid = usage.dollars(whole.cost)
    if whole.unpriced:
        paid = "cost unknown" if whole.unpriced == whole.replies else f"cost {paid} and an unknown part"
    return f"{whole.input:,} tokens in · {whole.output:,} out · {paid}"


def _used(reply: Message, rates: Rates) -> str:
    used = reply.usage
    parts = [safe.line(reply.model, 40) or "unknown model"]
    if used is None or (used.input is None and used.output is None):
        return " · ".join([*parts, "tokens unknown · cost unknown"])
    parts += usage.counts(used, "unknown", "tokens in")
    paid = cost(used, rates.price(reply.model, reply.profile))
    return " · ".join([*parts, usage.dollars(paid) if paid is not None else "cost unknown"])
