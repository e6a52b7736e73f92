"""Several opinions on one question: asked at once, drawn and kept as they come, and one of them counts."""

import time
from collections.abc import Iterator, Sequence

from chatrepl import chat, replace
from chatrepl.chat import aside, others
from chatrepl.chat.endings import Exchange, Timing, of_aside, statistics
from chatrepl.chat.others import Other
from chatrepl.chat.rates import tokens
from chatrepl.chat.session import Session
from chatrepl.conversation import Conversation, Message, Turn
from chatrepl.sessions.entries import Aside, Mark, Said
from chatrepl.terminal.screen.screen import changing
from chatrepl.text import safe
from chatrepl.text.amounts import seconds


def named(session: Session, names: str) -> list[Other]:
    """Those whom the names between commas mean, each once."""
    each_once = dict.fromkeys(name.strip() for name in names.split(",") if name.strip())
    return [Other(name, aside.meant(session, name), Timing(0.0)) for name in each_once]


def ask(
    session: Session, chosen: Sequence[Other], new: Message | None = None, *, quiet: bool = False
) -> list[list[Message]]:
    """Ask all of them the new question, or the last one once more. Each reply is drawn and kept when it is there; those
    that are none are empty messages, and a request that brings several has several. The first whole reply to a new
    question is the one that counts. ``quiet`` draws none of them."""
    turns = session.conversation.turns
    if session.titling:
        session.titling.stop()
    for each in chosen:
        with session.interrupts.awaited():  # a command for the key may take its time
            session.connection.fetch_key(each.profile)
    session.note_who()
    asked = new or turns[-1][0]
    if new:
        session.attachments = []
        session.transcript.add(Said(new))
    asking = replace(session.asking(turns if new else turns[:-1], asked), tools=())
    found = {}
    for each in _ended(session, chosen, asking):
        found[each.name] = [replace(message, profile=each.profile.name) for message in each.reply.leading().messages()]
        for message in found[each.name]:
            if message.parts:
                session.transcript.add(Aside("reply", (asked, message)))
        if not quiet:
            _show(session, each, *found[each.name])
        elif each.failure:
            session.screen.error(each.failure)
    if new:
        answers = session.transcript.state.replies()
        session.transcript.add(Mark("choose", count=_best(answers)) if answers else Mark("withdraw"))
    return [found[each.name] for each in chosen]


def _best(replies: list[Turn]) -> int:
    """The first that is whole, else the first."""
    return next((place for place, turn in enumerate(replies, 1) if not turn[-1].unfinished), 1)


def _ended(session: Session, chosen: Sequence[Other], asking: Conversation) -> Iterator[Other]:
    for each in chosen:
        each.timing.asked_at = time.monotonic()
    running = list(chosen)
    with session.user.listening(), changing(session.screen) as show:

        def tick() -> None:
            rows = [*map(_progress, running)]
            show([*rows[:-1], *([*last, "Ctrl-C stops all"] for last in rows[-1:])])

        awaited = session.interrupts.awaited
        for each in others.asked(chosen, asking, session.connection, tick, awaited, stream=session.ui.stream):
            running.remove(each)
            each.timing.over = each.timing.over or time.monotonic()
            yield each


def _progress(other: Other) -> list[str]:
    """How far it is: who, for how long, and about how many tokens have come."""
    seconds, came = time.monotonic() - other.timing.asked_at, other.reply.size
    about = [f"~{tokens(came):,} tok"] if came else []
    return [safe.line(other.name, 40), f"{seconds:.0f} s", *about]


def _show(session: Session, other: Other, message: Message, *beside: Message) -> None:
    took = (other.timing.over or other.timing.asked_at) - other.timing.asked_at
    who = safe.line(other.name, 60)
    for told in other.told:
        session.screen.say(told, "dim")
    if message.parts:
        chat.choices.show(session, f"{who} · {seconds(took)}", message)
        if message.unfinished and not other.failure:
            session.screen.say(of_aside(message), "warning")
    else:
        session.screen.say(f"{who} · {seconds(took)}", "bold")
    if other.failure:
        session.screen.error(other.failure)
    elif not message.parts:
        stopped = message.ending == "interrupted"
        session.screen.say("Stopped before the first word." if stopped else "It answered nothing.", "warning")
    if beside and session.user.has_prompt:
        session.screen.say(f"{chat.choices.more(beside)}.", "dim")
    for number, each in enumerate(() if session.user.has_prompt else beside, 2):
        chat.choices.show(session, f"{who}, reply {number}", each)
    if other.reply.usage and session.ui.statistics:
        session.screen.parts(statistics([Exchange(other.reply, other.timing)], session.rates().price))
    if session.user.has_prompt:
        session.screen.say("")
