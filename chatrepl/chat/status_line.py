"""The status line below the prompt: who is talked to, how full the context is, what it cost, what it is about."""

from collections.abc import Mapping

from chatrepl import NamedTuple
from chatrepl.chat import rates
from chatrepl.chat.session import Session
from chatrepl.config.config import Profile, address, model_of
from chatrepl.text import safe, urls, width

SEPARATOR = " · "

NEW = "new session"
"""Stands where the title will stand."""


class Facts(NamedTuple):
    """What the line may say, each part as text; "" for what is not known."""

    mode: str
    profile: str
    model: str
    tokens: str
    cost: str
    title: str
    place: str = ""


def facts(session: Session, *, table: bool = True) -> Facts:
    """What there is to say now. Worked out once per prompt, never while a key waits. Without the ``table`` of models,
    which takes a while to load, nothing is said that rests on it."""
    count, counted = session.gauge.tokens(session.conversation)
    known = session.rates() if table else session.rates()._replace(table=None)
    size = known.context(session.answering)
    about = "" if counted else "~"
    spent = session.transcript.state.spent.total(known.price)
    answering = session.answering
    return Facts(
        "multiline" if session.ui.multiline else "",
        safe.line(answering.name, 60),
        safe.line(model_of(answering).rpartition("/")[2], 60),
        f"{about}{rates.short(count)}/{rates.short(size)}" if size else f"{about}{count:,} tokens",
        rates.dollars(spent.cost) + "+" * bool(spent.unpriced) + f" as of {spent.as_of}" * bool(spent.as_of)
        if spent.cost
        else "",
        safe.line(session.transcript.state.title, 60) or ("" if session.conversation.turns else NEW),
        _place(answering, session.env),
    )


def _place(profile: Profile, env: Mapping[str, str]) -> str:
    """Where the profile is talked to, if that is not its own address: the same before the first question and after."""
    url = address(profile, env)
    return f" at {urls.origin(url)}" if profile.moved or url != profile.base_url else ""


def text(facts: Facts, columns: int) -> str:
    """The line in so many columns. What tells least goes first, and the model is cut short last."""
    parts = [facts.mode, facts.profile + facts.place, facts.model, facts.tokens, facts.cost, facts.title]
    for place, less in ((5, ""), (1, facts.profile), (1, ""), (4, "")):
        if _width(parts) < columns:
            break
        room = columns - 1 - _width([part for part in parts if part is not parts[place]]) - len(SEPARATOR)
        parts[place] = safe.line(parts[place], room) if place == 5 and room > 10 else less
    over = _width(parts) - columns + 1
    if over > 0:
        parts[2] = safe.line(parts[2], max(width.width(parts[2]) - over, 4))
    return width.cut(_joined(parts), columns - 1)


def _joined(parts: list[str]) -> str:
    return SEPARATOR.join(filter(None, parts))


def _width(parts: list[str]) -> int:
    return width.width(_joined(parts))
