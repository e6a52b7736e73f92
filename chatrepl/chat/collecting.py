"""Collects a reply: its events reach the message, the journal and the picture while they come."""

from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from chatrepl import chat, replace
from chatrepl.chat.endings import Timing
from chatrepl.chat.reply import Reply
from chatrepl.chat.session import Session
from chatrepl.chat.stream import Gathering, HidingSecrets, Sink
from chatrepl.config.config import Profile
from chatrepl.config.place import Embedded
from chatrepl.conversation import Conversation
from chatrepl.errors import ChatError
from chatrepl.events import Choice, Event, Media, Source, Text, Thinking, Wait
from chatrepl.sessions.entries import Piece
from chatrepl.terminal.screen.pictures import Picture

if TYPE_CHECKING:
    from chatrepl.client import Attempts


def leave_room(session: Session) -> None:
    """An empty line between what is typed and what is answered."""
    if session.user.has_prompt:
        session.screen.say("")


PAUSES = 10
"""So often a server may pause in a reply before it is taken to be over."""


def collect(session: Session, reply: Reply, conversation: Conversation, timing: Timing) -> ChatError | None:
    """Feed the reply, its picture and the journal until it ends, one way or another; the failure if it failed. A server
    that pauses in the middle of it, as Anthropic's does when it searches for long, is asked to go on."""
    if session.profile.search:
        chat.searching.warn(session)
    ask = partial(received, session, session.profile, reply, timing=timing, journal=partial(_journal, session))
    failure = ask(conversation)
    if not failure and session.profile.dialect == "anthropic":
        chat.fitting.warn_of_dropped(session, conversation.turns[-1][0])
    for _ in range(PAUSES):
        if failure or not reply.paused:
            return failure
        asked_at = timing.asked_at
        failure = ask(conversation.going_on(reply.go_on()))
        timing.asked_at = asked_at
    if reply.paused:
        reply.ending = "other"
    return failure


def received(
    session: Session,
    profile: Profile,
    reply: Reply,
    conversation: Conversation,
    *,
    timing: Timing,
    journal: Sink | None = None,
    enough: Callable[[Reply], bool] = lambda _reply: False,
) -> ChatError | None:
    """Feed one reply of that profile and its picture until it ends, or until there is ``enough`` of it; the failure if
    it failed. One that is asked aside has no ``journal``."""
    attempts = session.connection.attempts(profile)
    try:
        place = session.connection.memory.answering(profile).place
        if session.user.has_prompt and isinstance(place, Embedded) and not place.url:
            session.screen.passing("Starting the model on this machine · Ctrl-C cancels")
        with session.interrupts.awaited():
            attempts.ready()
        if journal:
            leave_room(session)
        secrets, sinks = session.connection.keys.secrets, [reply.feed, *([journal] if journal else [])]
        timing.asked_at = session.clock()  # not before: fetching or loading a model is no part of the answer
        is_json = conversation.schema is not None
        with (
            session.user.listening(),
            session.screen.picture(lambda: attempts.answering.model, session.ui, is_json=is_json) as picture,
            closing(HidingSecrets(secrets, *sinks, partial(_paint, session, reply, picture))) as hiding,
            closing(Gathering(hiding.feed)) as gathering,
            closing(_events(session, attempts, conversation, gathering, picture)) as events,
        ):
            for event in session.interrupts.over(events):
                if timing.first is None and isinstance(event, Text | Thinking):
                    timing.first = session.clock()
                gathering.feed(event)
                if enough(reply):
                    reply.stop("length")
                    break
    except KeyboardInterrupt:
        reply.stop("interrupted")
    except ChatError as error:
        reply.ending = "failed"
        return error
    finally:
        answering = attempts.answering
        reply.model = reply.model or answering.model
        reply.profile = answering.name
        _follow(session, answering)
    return None


def _follow(session: Session, answering: Profile) -> None:
    """Talk from now on to the model that took the place of the profile's default, if one did."""
    mine = session.profile
    if mine.default_model and (answering.name, answering.default_model) == (mine.name, mine.default_model):
        session.profile = replace(mine, model=answering.model, context=answering.context, price=answering.price)


def _events(
    session: Session, attempts: "Attempts", conversation: Conversation, gathering: Gathering, picture: Picture
) -> Generator[Event, None, None]:
    """The events of the reply; what was gathered is passed on, whole, before anything is waited for."""

    def waiting(wait: Wait) -> bool:
        with session.interrupts.shielded():
            gathering.flush()
            return picture.waiting(wait)

    return attempts.events(conversation, stream=session.ui.stream, waiting=waiting)


def _paint(session: Session, reply: Reply, picture: Picture, event: Event) -> None:
    """Let the picture show what comes; of what is no text, at a prompt, that it stands there."""
    if isinstance(event, Media) and session.user.has_prompt:
        event = Text(f"\n\n*[{chat.media.kind(event)}]*\n\n")
    picture.feed(event)
    for cited in reply.sources.new_marks(lambda: reply.text) if isinstance(event, Source) else ():
        picture.feed(cited)


def _journal(session: Session, event: Event, choice: int = 0) -> None:
    """Write down what came, for the case that the rest never comes."""
    match event:
        case Text(text):
            session.transcript.add(Piece(text, choice=choice))
        case Thinking(text) if text:
            session.transcript.add(Piece(thinking=text, choice=choice))
        case Choice(place, inner):
            _journal(session, inner, place)
