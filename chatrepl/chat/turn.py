"""One turn: a question goes out, and its reply is drawn, written down and told about while it comes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from chatrepl import chat, replace
from chatrepl.chat import attaching, budget, compacting, fullness, guard
from chatrepl.chat.collecting import collect, leave_room
from chatrepl.chat.endings import Exchange, Timing, ending_soon, of_nothing, statistics, tell_ending
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.reply import Reply
from chatrepl.chat.session import OLD_STAYS, Session
from chatrepl.chat.tooling import Counting
from chatrepl.conversation import (
    Conversation,
    FilePart,
    MediaPart,
    Message,
    TextPart,
    question as user_message,
    with_own_ids,
)
from chatrepl.dialects import dialect
from chatrepl.dialects.hints import is_known
from chatrepl.errors import ASK_AGAIN, ChatError, CommandError, Refused
from chatrepl.sessions.entries import Mark, Said, Step
from chatrepl.text import lookalikes, safe
from chatrepl.usage import together

if TYPE_CHECKING:
    from chatrepl.files.attachments import Attachment

GO_ON = "Go on exactly where you stopped, in the middle of a word if need be. Repeat nothing and explain nothing."
"""What a model is asked whose server does not go on with a reply by itself."""


HELD_A_SECRET = "(hidden) stands where a reply repeats your key or another secret, even if that is a common word."
"""What is said once, for a key like changeme hides a word."""

LONG = 10.0
"""A reply that took so many seconds is worth a bell, for those who want one."""


def ask(session: Session, question: Message) -> Outcome:
    """One turn. The question is on disk before the request leaves."""
    question = _fitted(session, question)
    with session.interrupts.awaited():  # a command for the key may take its time
        session.connection.fetch_key(session.profile)
    _prepare(session)
    for what, text in _words(session, question):
        guard.refuse_key(session, what, text)
    session.attachments = []
    session.note_who()
    if session.user.has_prompt:
        fullness.find_out(session)
    session.transcript.add(Said(question))
    return _answered(session, question, session.asking(session.conversation.turns, question))


def _answered(session: Session, question: Message, asking: Conversation, *, again: bool = False) -> Outcome:
    """The turn of a question. An answer that is to have a shape, and has not, is asked for once more."""
    outcome = _turn(session, question, asking, again=again)
    if not session.answer_schema:
        return outcome

    def mended(complaint: str) -> Outcome:
        asking = session.asking(session.conversation.turns, user_message(complaint))
        session.transcript.add(Mark("retry"))
        return _turn(session, question, asking, again=True)

    return chat.json_answers.checked(session, session.answer_schema, outcome, mended)


def _fitted(session: Session, question: Message) -> Message:
    if all(isinstance(part, TextPart | FilePart) for part in question.parts):
        return question
    return chat.fitting.fitted(session, question)


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
    _prepare(session)
    session.note_who()
    *before, last = session.conversation.turns
    session.transcript.add(Mark("retry"))
    asking = session.asking(before, last[0])
    if not model:
        return _answered(session, last[0], asking, again=True)
    profile = session.profile
    session.profile = session.config.with_model(profile, model)
    try:
        return _answered(session, last[0], asking, again=True)
    finally:
        session.profile = profile


def go_on(session: Session) -> Outcome:
    """Let the last reply go on where it ended. What comes is added to it.

    A server that goes on with a reply the request ends with gets it so; any other, and one that refuses, is asked
    to go on.
    """
    *before, last = session.conversation.turns
    if not last[-1].text and last[-2].role != "tool":
        return retry(session)
    _prepare(session)
    session.note_who()
    if not last[-1].text:  # the calls have their results, and nothing was said to them yet
        return _continued(session, session.asking(before, *last[:-1]))
    who = (session.profile.name, session.profile.model)
    takes = session.profile.prefill or dialect(session.profile.dialect).prefill
    tries = takes and who not in session.unprefilled and not _refuses_prefill(session)
    if tries:
        outcome = _continued(session, session.asking(before, *last))
        if outcome.kept or not _may_be_the_prefill(outcome.failure):
            return outcome
        session.screen.say("Asking it to go on instead.", "dim")
    outcome = _continued(session, session.asking(session.conversation.turns, user_message(GO_ON)))
    if tries and outcome.kept:
        session.unprefilled.add(who)
    return outcome


def _refuses_prefill(session: Session) -> bool:
    """Whether the table of models knows that the model takes no reply to go on with."""
    takes = session.rates().facts(session.profile.model).takes
    return takes is not None and "prefill" not in takes and not session.profile.prefill


def _may_be_the_prefill(failure: ChatError | None) -> bool:
    """Whether a server refused the request because it ended with a reply."""
    return isinstance(failure, Refused) and failure.status in (400, 422) and not is_known(failure.status, failure.said)


def _continued(session: Session, asking: Conversation) -> Outcome:
    session.transcript.add(Mark("continue"))
    return _turn(session, asking.turns[-1][0], replace(asking, schema=None), again=True)  # a part of it has no shape


def _prepare(session: Session) -> None:
    """Let what the model may call be ready, if it may call anything."""
    if session.tooling.is_on:
        with session.interrupts.awaited():
            chat.calling.prepare(session)
    else:
        session.tooling.offered = {}


def _turn(session: Session, question: Message, conversation: Conversation, *, again: bool = False) -> Outcome:
    """Ask, and ask again with the results of the calls, until there is an answer in words or an end."""
    if session.titling:
        session.titling.stop()
    began, counting = session.clock(), Counting(session.ui.calls)
    while True:
        reply, timing = Reply(), Timing(session.clock())
        asking = replace(conversation, tools=session.tooling.definitions)
        failure = collect(session, reply, asking, timing)
        timing.over = session.clock()
        if session.tooling.offered and reply.empty and chat.calling.goes_without(session, failure):
            continue
        if counting.asks_again(reply):
            session.screen.say("The model wrote a call that cannot be read; asking again.", "dim")
            continue
        counting.exchanges.append(Exchange(reply, timing))
        reply = reply.leading()
        message = with_own_ids(reply.message(), conversation.messages)
        if not (session.tooling.offered and chat.calling.wanted(session, message)):
            break
        if reply.beside:
            chat.choices.keep(session, reply, conversation.messages)
        session.transcript.add(Step(message))
        if reply.text or message.thinking:
            leave_room(session)
        results, stopped = chat.calling.answer(session, message, counting)
        conversation = conversation.going_on(message, results)
        if stopped:
            failure = chat.calling.unanswered(session, counting)
            reply = Reply(message.model, "failed" if failure else "interrupted")
            break
    outcome = _closed(session, reply, failure, counting.exchanges)
    if session.clock() - began >= LONG:
        session.screen.window.notify(session.ui.notify, f"chatrepl: {session.transcript.state.title}")
    back = "" if outcome.kept or again else session.put_back(question)
    used = together(*(each.reply.usage for each in counting.exchanges)) if counting.called else None
    return outcome._replace(question_back=back, calls=tuple(counting.called), used=used)


def _closed(session: Session, reply: Reply, failure: ChatError | None, exchanges: Sequence[Exchange]) -> Outcome:
    """End the turn: it is kept if anything stands in it."""
    if reply.empty and reply.ending not in ("interrupted", "failed"):
        failure = of_nothing(reply, going_on=session.transcript.state.reopened == "continue")
    steps = session.transcript.state.steps.messages
    before = [*session.conversation.messages, *steps]
    message = _numbered(with_own_ids(reply.message(), before), reply, before)
    kept = not reply.empty or bool(steps)
    beside = chat.choices.keep(session, reply, before) if reply.beside else ()
    session.transcript.add(Said(message) if kept else Mark("withdraw"))
    _tell(session, reply, failure, exchanges, kept=kept)
    if reply.media:
        chat.media.tell(session, message)
    if reply.sources.found:
        chat.searching.tell(session, message, reply.sources.missed)
    elif reply.ending == "stop" and chat.searching.is_offered(session):
        session.connection.tell_once(chat.searching.NONE_CAME)
    if beside or session.profile.options.get("n"):
        chat.choices.tell(session, [each.reply for each in beside])
    session.certainties = tuple(reply.certainties)
    return Outcome(message, kept, failure, beside=beside, certainties=session.certainties)


def _numbered(message: Message, reply: Reply, before: Iterable[Message]) -> Message:
    return chat.media.numbered(message, before) if reply.media else message


def _tell(
    session: Session, reply: Reply, failure: ChatError | None, exchanges: Sequence[Exchange], *, kept: bool
) -> None:
    """Tell what went wrong, what became of the words, and the figures, in this order."""
    if failure:
        if session.user.has_prompt and kept and not session.transcript.state.history.undone:
            failure.hint = failure.hint.without(ASK_AGAIN)  # it is told below how the reply goes on
        session.screen.error(failure)
    if not kept and reply.ending == "interrupted":
        session.screen.say("Stopped before the first word.", "dim")
    elif kept and session.transcript.state.history.undone:
        session.screen.say(OLD_STAYS, "warning")
    elif kept:
        tell_ending(session, reply.message())
    if session.connection.keys.secrets.stood_in_reply:
        session.connection.tell_once(HELD_A_SECRET)
    if not (failure or reply.media or reply.calls):
        session.screen.tell_of_nothing(reply.text, session.ui)
    if session.ui.statistics and not (reply.empty and len(exchanges) == 1):
        session.screen.parts(statistics(exchanges, session.rates().price))
    if not reply.empty and session.user.has_prompt and (told := ending_soon(session)):
        session.screen.say(told, "warning")
    leave_room(session)


def send(session: Session, text: str, named: Iterable[str] = (), own: "Sequence[Attachment]" = ()) -> Outcome:
    """Ask it, with the files it names and its ``own``. A secret goes out only after a yes."""
    question = _fitted(session, attaching.question(session, text, named, own))
    if not permits(session, question):
        return _unsent(session, text)
    if not budget.allows(session):
        return Outcome(question_back=text)
    if session.config.compact:
        compacting.by_itself(session, question)
    outcome = ask(session, question)
    if outcome.question_back and (again := chat.fitting.again(session, question, outcome.failure)):
        session.attachments = []
        return ask(session, again)
    return outcome


def permits(session: Session, question: Message) -> bool:
    """Whether the question may go out: what looks like a secret only after a yes."""
    for part in question.parts:
        if isinstance(part, TextPart | FilePart | MediaPart) and (secret := lookalikes.kind(part.text)):
            what = "The question" if isinstance(part, TextPart) else safe.line(part.name)
            session.screen.say(f"{what} contains what looks like {secret}.", "warning")
            if not session.user.permit("Send it anyway?"):
                return False
    return True


def _unsent(session: Session, text: str) -> Outcome:
    """The question back in the prompt; where there is none, that is a CommandError."""
    if session.user.has_prompt:
        return Outcome(question_back=text)
    raise CommandError("The question was not sent: it may hold a secret", "--yes sends it all the same.")
