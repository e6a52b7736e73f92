"""The command about tokens and money."""

from collections.abc import Iterator
from itertools import zip_longest

from chatrepl.chat.commands.table import TALK, command
from chatrepl.chat.rates import Rates, dollars, short
from chatrepl.chat.session import Session
from chatrepl.conversation import Turn
from chatrepl.text import width
from chatrepl.usage import Sum, Tally, Usage, cost, together

UNKNOWN = "–"

_HEAD = ("", "in", "cached", "out", "cost")


@command("/usage", TALK)
def usage_(session: Session, words: str) -> None:
    """Show the tokens and the cost of each turn. The sums are those of the conversation and of the whole session, in
    which everything counts that was undone, replaced or forgotten. Tokens are counted by the server, prices come from
    the profile, the server, or the table of models; a + behind an amount means that the price of some replies is
    unknown."""
    if not session.spent.replies:
        session.screen.say("Nothing was used yet.")
        return
    rates, tally = session.rates(), Tally()
    rows = [[*_HEAD]]
    for place, turn in enumerate(session.conversation.turns, 1):
        rows.append([str(place), *_row(turn, rates)])
        for reply in turn[1:]:
            if reply.role == "assistant":
                tally.add(reply.model, reply.profile, reply.usage)
    here, whole = tally.total(rates.price), session.spent
    cached = any(row[2] != UNKNOWN for row in rows[1:])
    rows.append(["all", *_sums(here, cached=cached)])
    if whole != here:
        rows.append(["session", *_sums(whole, cached=cached)])
    for row, style in zip_longest(aligned(rows, session.screen.columns - 1), ["dim"], fillvalue=""):
        session.screen.say(row or "", style or "")
    for line in _below(session, whole, rates):
        session.screen.say(line, "dim")


def _row(turn: Turn, rates: Rates) -> Iterator[str]:
    """The figures of a turn, which may be those of several replies."""
    replies = [message for message in turn if message.role == "assistant"]
    used = together(*(reply.usage for reply in replies)) if replies else Usage()
    paid = [cost(reply.usage, rates.price(reply.model, reply.profile)) for reply in replies]
    known = [each for each in paid if each is not None]
    yield from (UNKNOWN if each is None else f"{each:,}" for each in (used.input, used.cached, used.output))
    yield dollars(sum(known)) + "+" * (len(known) < len(paid)) if known else UNKNOWN


def _sums(whole: Sum, *, cached: bool) -> Iterator[str]:
    """The figures of many replies; ``cached`` tells whether it is known of any what was cached."""
    counted = whole.uncounted < whole.replies
    yield f"{whole.input:,}" if counted else UNKNOWN
    yield f"{whole.cached:,}" if cached or whole.cached else UNKNOWN
    yield f"{whole.output:,}" if counted else UNKNOWN
    yield dollars(whole.cost) + "+" * bool(whole.unpriced) if whole.unpriced < whole.replies else UNKNOWN


def aligned(rows: list[list[str]], columns: int) -> Iterator[str]:
    """The rows as lines, their columns to the right but the last. Where there are not so many columns of the
    terminal they move together, and what was cached is left out."""
    widths = [max(map(width.width, column)) for column in zip(*rows, strict=True)]
    gap = min((columns - sum(widths)) // (len(widths) - 1), 4)
    if gap < 1 and len(widths) == len(_HEAD):
        yield from aligned([row[:2] + row[3:] for row in rows], columns)
        return
    for row in rows:
        cells = [" " * (size - width.width(cell)) + cell for cell, size in zip(row, widths, strict=True)]
        yield (" " * max(gap, 1)).join([*cells[:-1], row[-1]]).rstrip()


def _below(session: Session, whole: Sum, rates: Rates) -> Iterator[str]:
    """What the figures rest on, what a whole column lacks, and how full the context is."""
    if whole.saved > 0:
        yield f"The cache saved {dollars(whole.saved)}."
    if whole.uncounted == whole.replies:
        yield "The server does not tell tokens, so they and the cost are unknown."
    elif whole.unpriced == whole.replies:
        yield f"The cost is unknown: price in [profiles.{session.profile.name}] sets the prices."
    count, counted = session.gauge.tokens(session.conversation)
    size = rates.context(session.answering)
    about = f"{'' if counted else '~'}{short(count)}"
    held = f"{about} of {short(size)} used" if size else f"{about} tokens in the conversation"
    yield " · ".join([f"prices as of {whole.as_of}"] * bool(whole.as_of) + [held])
