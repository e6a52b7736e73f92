"""One turn: a question goes out, and its reply is drawn, written down and told about while it comes."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from chatrepl.chat import attaching, compacting, guard
from chatrepl.chat.endings import Timing, ending_soon, statistics, tell_ending, with_words
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.reply import Reply
from chatrepl.chat.session import OLD_STAYS, Session
from chatrepl.chat.stream import Gathering, HidingSecrets
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation, FilePart, MediaPart, Message, TextPart, question as user_message
from chatrepl.dialects import dialect
from chatrepl.dialects.hints import is_known
from chatrepl.errors import ASK_AGAIN, BrokenReply, ChatError, CommandError, Hint, Refused
from chatrepl.events import Event, Media, Text, Thinking, Wait
from chatrepl.sessions.entries import Mark, Piece, Said
from chatrepl.terminal.screen.pictures import Picture
from chatrepl.text import lookalikes, safe

if TYPE_CHECKING:
    from chatrepl.client import Attempts

GO_ON = "Go on exactly where you stopped, in the middle of a word if need be. Repeat nothing and explain nothing."
"""What a model is asked whose server does not go on with a reply by itself."""


LONG = 10.0
"""A reply that took so many seconds is worth a bell, for those who want one."""


def ask(session: Session, question: Message) -> Outcome:
    """One turn. The question is on disk before the request leaves."""
    question = _fitted(session, question)
    with session.interrupts.awaited():  # a command for the key may take its time
        session.connection.fetch_key(session.profile)
    for what, text in _words(session, question):
        guard.refuse_key(session, what, text)
    session.attachments = []
    session.note_who()
    if session.user.has_prompt and not session.rates().context(session.profile):
        session.look_for_models()  # for the size of the context, which is there when the reply is
    session.transcript.add(Said(question))
    return _turn(session, question, session.asking(session.conversation.turns, question))


def _fitted(session: Session, question: Message) -> Message:
    if all(isinstance(part, TextPart | FilePart) for part in question.parts):
        return question
    from chatrepl.chat import fitting  # not for the first key

    return fitting.fitted(session, question)


def _words(session: Session, question: Message) -> Iterator[tuple[str, str]]:
    """What goes out for the first time, and what to call it."""
    for part in question.parts:
        match part:
            case TextPart(text):
                yield "The question", text
            case FilePart(name, text) | MediaPart(name=name, text=text):
                yield safe.line(name), text
    yield "The system prompt", session.system


def retry(session: Session, model: str = "") -> Outcome:
    """Ask the last question again, this once of another model if one is named; the new reply takes the place of the old
    one once it is there."""
    session.note_who()
    *before, last = session.conversation.turns
    session.transcript.add(Mark("retry"))
    asking = session.asking(before, last[0])
    if not model:
        return _turn(session, last[0], asking, again=True)
    profile = session.profile
    session.profile = session.config.with_model(profile, model)
    try:
        return _turn(session, last[0], asking, again=True)
    finally:
        session.profile = profile


def go_on(session: Session) -> Outcome:
    """Let the last reply go on where it ended. What comes is added to it.

    A server that goes on with a reply the request ends with gets it so; any other, and one that refuses, is asked
    to go on.
    """
    *before, last = session.conversation.turns
    if not last[-1].text:
        return retry(session)
    session.note_who()
    who = (session.profile.name, session.profile.model)
    takes = session.profile.prefill or dialect(session.profile.dialect).prefill
    if takes and who not in session.unprefilled and not _refuses_prefill(session):
        outcome = _continued(session, session.asking(before, *last))
        if outcome.kept or not _may_be_the_prefill(outcome.failure):
            return outcome
        session.screen.say("Asking it to go on instead.", "dim")
        outcome = _continued(session, session.asking(session.conversation.turns, user_message(GO_ON)))
        if outcome.kept:
            session.unprefilled.add(who)
        return outcome
    return _continued(session, session.asking(session.conversation.turns, user_message(GO_ON)))


def _refuses_prefill(session: Session) -> bool:
    """Whether the table of models knows that the model takes no reply to go on with."""
    takes = session.rates().facts(session.profile.model).takes
    return takes is not None and "prefill" not in takes and not session.profile.prefill


def _may_be_the_prefill(failure: ChatError | None) -> bool:
    """Whether a server refused the request because it ended with a reply."""
    return isinstance(failure, Refused) and failure.status in (400, 422) and not is_known(failure.status, failure.said)


def _continued(session: Session, asking: Conversation) -> Outcome:
    session.transcript.add(Mark("continue"))
    return _turn(session, asking.turns[-1][0], asking, again=True)


def _turn(session: Session, question: Message, conversation: Conversation, *, again: bool = False) -> Outcome:
    reply = Reply()
    timing = Timing(session.clock())
    failure = _collect(session, reply, conversation, timing)
    timing.over = session.clock()
    if reply.empty and reply.ending not in ("interrupted", "failed"):
        failure = _of_nothing(reply)
    message = reply.message()
    session.transcript.add(Mark("withdraw") if reply.empty else Said(message))
    back = session.put_back(question) if reply.empty and not again else ""
    _tell(session, reply, failure, timing)
    if timing.over - timing.asked_at >= LONG:
        session.screen.window.notify(session.ui.notify, f"chatrepl: {session.transcript.state.title}")
    return Outcome(message, not reply.empty, failure, back)


def _of_nothing(reply: Reply) -> BrokenReply:
    """The failure that a reply is in which nothing stands."""
    if reply.ending == "content_filter":
        return BrokenReply(
            with_words("The provider's content filter stopped it", reply.message()), "Say it in other words."
        )
    if reply.ending == "length":
        line = f"The model reached its token limit before the first word ({reply.raw_ending})"
        raise_it = "-o max_tokens=N raises the limit.", "/set max_tokens N raises the limit."
        return BrokenReply(line, Hint(*raise_it))
    reply.ending = "failed"
    if reply.media:
        return BrokenReply(f"The model answered with {_named(reply.media)}, which chatrepl does not show")
    return BrokenReply(f"The model sent an empty reply ({reply.raw_ending or 'no reason given'})", ASK_AGAIN)


def _named(media: list[Media]) -> str:
    """What came that is no text: "2 images (image/png)"."""
    kinds = Counter((each.kind, safe.line(each.mime, 40)) for each in media)
    return ", ".join(
        f"{'an' if kind == 'image' else 'a'} {kind} ({mime})" if many == 1 else f"{many} {kind}s ({mime})"
        for (kind, mime), many in kinds.items()
    )


def _tell(session: Session, reply: Reply, failure: ChatError | None, timing: Timing) -> None:
    """Tell what went wrong, what became of the words, and the figures, in this order."""
    if failure:
        if session.user.has_prompt and not reply.empty and not session.transcript.state.undone:
            failure.hint = failure.hint.without(ASK_AGAIN)  # it is told below how the reply goes on
        session.screen.error(failure)
    if reply.empty and reply.ending == "interrupted":
        session.screen.say("Stopped before the first word.", "dim")
    elif not reply.empty and session.transcript.state.undone:
        session.screen.say(OLD_STAYS, "warning")
    elif not reply.empty:
        tell_ending(session, reply.message())
    if not (failure or reply.media or reply.calls):
        session.screen.tell_of_nothing(reply.text, session.ui)
    if not reply.empty and reply.media:
        session.screen.say(f"With {_named(reply.media)}, which chatrepl does not show.", "warning")
    if not reply.empty and session.ui.statistics:
        price = session.rates().price(reply.model, reply.profile)
        session.screen.parts(statistics(reply, timing, price))
    if not reply.empty and session.user.has_prompt and (told := ending_soon(session)):
        session.screen.say(told, "warning")
    _leave_room(session)


def _leave_room(session: Session) -> None:
    """An empty line between what is typed and what is answered."""
    if session.user.has_prompt:
        session.screen.say("")


def _collect(session: Session, reply: Reply, conversation: Conversation, timing: Timing) -> ChatError | None:
    """Feed the reply, its picture and the journal until it ends, one way or another; the failure if it failed."""
    attempts = session.connection.attempts(session.profile)
    try:
        with session.interrupts.awaited():
            attempts.ready()
        _leave_room(session)
        secrets = session.connection.keys.secrets
        timing.asked_at = session.clock()  # not before: fetching or loading a model is no part of the answer
        with (
            session.user.listening(),
            session.screen.picture(lambda: attempts.answering.model, session.ui) as picture,
            HidingSecrets(secrets, reply.feed, partial(_journal, session), picture.feed) as hiding,
            Gathering(hiding.feed) as gathering,
            closing(_events(session, attempts, conversation, gathering, picture)) as events,
        ):
            for event in session.interrupts.over(events):
                if timing.first is None and isinstance(event, Text | Thinking):
                    timing.first = session.clock()
                gathering.feed(event)
    except KeyboardInterrupt:
        reply.ending = "interrupted"
    except ChatError as error:
        reply.ending = "failed"
        return error
    finally:
        answering = attempts.answering
        reply.model = reply.model or answering.model
        reply.profile = answering.name if answering.name != session.profile.name else ""
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

    def waiting(wait: Wait) -> None:
        with session.interrupts.shielded():
            gathering.flush()
            picture.waiting(wait)

    return attempts.events(conversation, stream=session.ui.stream, waiting=waiting)


def _journal(session: Session, event: Event) -> None:
    """Write down what came, for the case that the rest never comes."""
    match event:
        case Text(text):
            session.transcript.add(Piece(text))
        case Thinking(text) if text:
            session.transcript.add(Piece(thinking=text))


def send(session: Session, text: str, named: Iterable[str] = ()) -> Outcome:
    """Ask it, with the files it names. A secret goes out only after a yes."""
    question = _fitted(session, attaching.question(session, text, named))
    for part in question.parts:
        if isinstance(part, TextPart | FilePart | MediaPart) and (secret := lookalikes.kind(part.text)):
            what = "The question" if isinstance(part, TextPart) else safe.line(part.name)
            session.screen.say(f"{what} contains what looks like {secret}.", "warning")
            if not session.user.permit("Send it anyway?"):
                return _unsent(session, text)
    if session.config.compact:
        compacting.by_itself(session, question)
    outcome = ask(session, question)
    if outcome.question_back and compacting.is_overflow(outcome.failure) and _compacted(session):
        session.attachments = []
        return ask(session, question)
    return outcome


def _compacted(session: Session) -> bool:
    """Whether the user wants a conversation that is too long compacted, and it was."""
    try:
        plan = compacting.planned(session.conversation, session.config.compact_keep, compacting.room(session))
    except CommandError:  # it is the question that is too long
        return False
    if not (session.user.has_prompt and session.user.agrees(f"Compact {plan.count} turns and ask again?")):
        return False
    compacting.compact(session, plan)
    return True


def _unsent(session: Session, text: str) -> Outcome:
    """The question back in the prompt; where there is none, that is a CommandError."""
    if session.user.has_prompt:
        return Outcome(question_back=text)
    raise CommandError("The question was not sent: it may hold a secret", "--yes sends it all the same.")
