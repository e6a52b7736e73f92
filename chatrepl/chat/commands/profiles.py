"""Commands about who is talked to."""

from collections.abc import Iterable, Mapping

from chatrepl.chat import guard
from chatrepl.chat.commands.table import NUMBERED, WHO, Suggestion, command, numbered, offered, pick
from chatrepl.chat.rates import Rates, short
from chatrepl.chat.session import NO_SYSTEM, Session
from chatrepl.client import keys
from chatrepl.config.config import Profile, address, model_of
from chatrepl.config.place import Embedded
from chatrepl.dialects import ModelInfo
from chatrepl.errors import ChatError, CommandError
from chatrepl.sessions.entries import Mark
from chatrepl.terminal.choices import Choices, Row
from chatrepl.text import safe, urls
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
    then = f", then {safe.line(listed.next, 60)}" if listed.next else ""
    return " · ".join([*known, *([f"ends {ends}{then}"] if ends else [])])


_TAKEN = {"images", "pdf", "audio"}
"""What a model may take beside text, of what the table knows."""


@command("/model", WHO, "[name]", complete=model_names)
def model(session: Session, words: str) -> None:
    """Choose the model, or name it: another one answers from now on. The conversation stays."""
    words = words or _chosen_model(session)
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


def _chosen_model(session: Session) -> str:
    """The model that the user chooses of those the server offers, "" for none, and where there is nothing to choose."""
    if not session.user.has_prompt:
        return ""
    try:
        offered = sorted(session.offered(), key=lambda each: each.id)
    except ChatError as error:
        session.screen.error(error)
        return ""
    now, rates = session.answering.model, session.rates()

    def about(row: Row) -> str:
        return " · ".join(filter(None, ("in use" if row.text == now else "", facts(row.what, rates))))

    if len(offered) > NUMBERED and not session.user.choose:
        session.screen.say(f"The server offers {len(offered):,} models: /models lists them, /model NAME takes one.")
        return ""
    chosen = pick(session.user, session.screen, Choices("model", [Row(each.id, each) for each in offered], about))
    return chosen.text if chosen else ""


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
    words = words or _chosen_profile(session)
    if words:
        session.switch(session.config.profile(words))
    chosen, answering = session.profile, session.answering
    known = model_of(answering if answering.name == chosen.name else chosen)
    place = urls.shown(address(chosen, session.env)) if chosen.place.remote else chosen.place.shown
    session.screen.say(f"{chosen.name} · {known} · {chosen.dialect} · {place}", "dim")
    if words:
        _take_system(session, former.system)
    guard.warn(session)
    if words and isinstance(chosen.place, Embedded):  # who names it wants it, weights and all
        with session.interrupts.awaited():
            session.connection.ready(chosen, lambda _question: True)


def _chosen_profile(session: Session) -> str:
    """The profile that the user chooses, "" for none."""
    choices, choose = _profile_choices(session), session.user.choose
    chosen = choose(choices) if choose else numbered(session.user, session.screen, list(choices.rows), choices)
    return chosen.text if chosen else ""


def key_state(profile: Profile, env: Mapping[str, str]) -> str:
    """Whether the profile has its key."""
    if not profile.needs_key:
        return "no key needed"
    if not profile.key_env:
        return "key by command" if profile.key_command else "key in a file"
    return "✓ key" if keys.has_key(profile, env) else f"– {profile.key_env} is not set"


def _profile_choices(session: Session) -> Choices:
    """The profiles, those first that can be talked to as it is."""

    def told(row: Row) -> str:
        model = model_of(row.what).rpartition("/")[2]
        used = "in use" if row.text == session.profile.name else ""
        return " · ".join(filter(None, (used, key_state(row.what, session.env), model)))

    def lacks_key(each: Profile) -> bool:
        return bool(each.key_env) and not keys.has_key(each, session.env)

    known = session.config.profiles.values()
    listed = sorted(known, key=lambda each: (each.name != session.profile.name, lacks_key(each)))
    return Choices("profile", [Row(each.name, each, words=each.about) for each in listed], told)


def _take_system(session: Session, former: str) -> None:
    """Let the system prompt of the profile take the place of none, or of that of the former profile."""
    now, new = session.conversation.system, session.profile.system
    if now in ("", former) and now != new:
        session.transcript.add(Mark("system", new))
        session.screen.say(f"The system prompt is that of {session.profile.name}: {new}" if new else NO_SYSTEM, "dim")
