"""Commands about who is talked to."""

from collections.abc import Iterable

from chatrepl.chat import guard
from chatrepl.chat.commands.table import WHO, Suggestion, command, offered
from chatrepl.chat.rates import Rates, short
from chatrepl.chat.session import NO_SYSTEM, Session
from chatrepl.config.config import model_of
from chatrepl.config.place import Embedded
from chatrepl.dialects import ModelInfo
from chatrepl.errors import CommandError
from chatrepl.sessions.entries import Mark
from chatrepl.text import safe
from chatrepl.text.fuzzy import nearest


def profile_names(session: Session, words: str) -> Iterable[Suggestion]:
    """The profiles, for completion."""
    return offered(words, ((profile.name, profile.about) for profile in session.config.profiles.values()))


def model_names(session: Session, words: str) -> Iterable[Suggestion]:
    """The models the server was last seen to offer, for completion."""
    session.look_for_models()
    rates = session.rates()
    return offered(words, [(each.id, facts(each, rates)) for each in list(session.offers)])


def facts(model: ModelInfo, rates: Rates) -> str:
    """What is known of a model: what the server tells, else what the table of models says."""
    listed = rates.facts(model.id)
    price = model.price or rates.price(model.id)
    context, ends = model.context or listed.context, model.ends or listed.ends
    known = [f"{short(context)} tokens of context"] if context else []
    if price:
        as_of = f" (as of {price.as_of})" if price.as_of else ""
        known.append(f"${price.input:g} in, ${price.output:g} out for a million tokens{as_of}")
    known += [f"takes {', '.join(sorted(listed.takes & _TAKEN))}"] if listed.takes and listed.takes & _TAKEN else []
    return " · ".join([*known, *([f"ends {ends}"] if ends else [])])


_TAKEN = {"images", "pdf", "audio"}
"""What a model may take beside text, of what the table knows."""


@command("/model", WHO, "[name]", complete=model_names)
def model(session: Session, words: str) -> None:
    """Show the model, or talk to another one from now on. The conversation stays."""
    if words:
        session.profile = session.config.with_model(session.profile, words)
        names = [each.id for each in session.offers]
        if names and words not in names and not isinstance(session.profile.place, Embedded):
            near = nearest(words, names) or ": /models shows what it does"
            session.screen.say(f"The server does not list {safe.line(words, 60)!r}{near}", "warning")
    asked = session.profile
    told = next((each for each in session.offers if each.id == asked.model), ModelInfo(asked.model))
    known = facts(told, session.rates()) if asked.model else ""
    session.screen.say(" · ".join(filter(None, (asked.name, model_of(asked), known))), "dim")


@command("/models", WHO, "[words]")
def models(session: Session, words: str) -> None:
    """List the models that the server offers. With words: those whose names contain them all."""
    offered = session.offered()
    wanted = words.lower().split()
    chosen = [each for each in offered if all(word in each.id.lower() for word in wanted)]
    if not chosen:
        raise CommandError(f"No model matches {safe.line(words, 60)!r}{nearest(words, [each.id for each in offered])}")
    rates = session.rates()
    for each in sorted(chosen, key=lambda each: each.id):
        mark = "*" if each.id == session.answering.model else " "
        session.screen.say(" · ".join(filter(None, (f"{mark} {safe.line(each.id)}", facts(each, rates)))))


@command("/profile", WHO, "[name]", complete=profile_names)
def profile(session: Session, words: str) -> None:
    """List the profiles, or switch to another one. The conversation stays, and so does its system prompt if you set
    one."""
    former = session.config.profiles.get(session.profile.name, session.profile)
    if words:
        session.switch(session.config.profile(words))
    else:
        session.screen.table([(each.name, each.about) for each in session.config.profiles.values()])
    chosen, answering = session.profile, session.answering
    known = model_of(answering if answering.name == chosen.name else chosen)
    session.screen.say(f"{chosen.name} · {known} · {chosen.dialect} · {chosen.place.shown}", "dim")
    if words:
        _take_system(session, former.system)
    guard.warn(session)


def _take_system(session: Session, former: str) -> None:
    """Let the system prompt of the profile take the place of none, or of that of the former profile."""
    now, new = session.conversation.system, session.profile.system
    if now in ("", former) and now != new:
        session.transcript.add(Mark("system", new))
        session.screen.say(f"The system prompt is that of {session.profile.name}: {new}" if new else NO_SYSTEM, "dim")
