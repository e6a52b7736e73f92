"""Commands about the conversation: the system prompt, forgetting, asking again, looking back."""

import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime

from chatrepl import chat, replace, terminal
from chatrepl.chat import attaching, endings, turn as asking
from chatrepl.chat.commands.profiles import model_names
from chatrepl.chat.commands.table import SESSIONS, TALK, Suggestion, command, counted, file_after_at, number
from chatrepl.chat.commands.tools import tell_calls
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.rates import CHARACTERS
from chatrepl.chat.session import NO_SYSTEM, Session
from chatrepl.config import settings
from chatrepl.conversation import FilePart, ImagePart, MediaPart, Message, Turn
from chatrepl.errors import CommandError, Hint
from chatrepl.files.attachments import described
from chatrepl.sessions.entries import Mark
from chatrepl.sessions.store import forked
from chatrepl.terminal.screen.screen import show_reasoning
from chatrepl.text import safe
from chatrepl.text.age import ago

SHOWN_AGAIN = 20
"""How many turns of a conversation are shown that goes on."""


def system_words(session: Session, words: str) -> Iterable[Suggestion]:
    """What /system takes, for completion: off, or @ and a file."""
    yield from file_after_at(words) if words.startswith("@") else [("off", "send no system prompt", len(words))]


@command("/system", TALK, "[text | @file | off]", complete=system_words)
def system(session: Session, words: str) -> None:
    """Show, set or remove the system prompt. The text goes to the model before every conversation; @file reads it
    from a file."""
    if not words:
        session.screen.say(session.conversation.system or "There is no system prompt.")
        return
    text = "" if words == "off" else settings.text_or_file(words)
    session.transcript.add(Mark("system", text))
    own = "From now on the embedded model gets its own system prompt."
    session.screen.say(
        "The system prompt is set." if text else own if session.profile.place.system else NO_SYSTEM, "dim"
    )


@command("/reset", TALK)
def reset(session: Session, words: str) -> None:
    """Forget the conversation, keep the system prompt. /undo brings it back."""
    count = len(session.conversation.turns)
    if not count:
        raise CommandError("There is nothing to forget")
    session.transcript.add(Mark("clear"))
    session.screen.say(_gone(count, "forgotten", "/undo"), "dim")


def _way_back(session: Session, otherwise: str = "") -> Hint:
    """How what is missed comes back, if it was set aside."""
    aside = session.transcript.state.changes
    return Hint(at_prompt="/undo brings back what was set aside." if aside else otherwise)


FAILED = "Your last message, if it failed, is in the prompt."


def _gone(count: int, how: str, way_back: str) -> str:
    """That so many turns are gone, and which command brings them back."""
    return f"{counted(count, 'turn')} {how}; {way_back} brings {'it' if count == 1 else 'them'} back."


@command("/undo", TALK, "[n]")
def undo(session: Session, words: str) -> None:
    """Remove the last turn, or undo the last change. A change is what /reset, /edit, /retry or /continue did; with a
    number the last n turns are removed. An attachment for the next question is removed first,
    or a folder of them. /redo brings back what was said."""
    if session.attachments and not words:
        session.screen.say(attaching.take_back(session), "dim")
        return
    state, count = session.transcript.state, number(words, default=0)
    if not (state.conversation.turns if count else state.changes):
        raise CommandError("There is nothing to undo")
    kind, before = state.changes[-1].kind, len(state.conversation.turns)
    session.transcript.add(Mark("undo", count=count))
    after = len(state.conversation.turns)
    if count or kind == "turn":
        session.screen.say(_gone(before - after, "removed", "/redo"), "dim")
    else:
        session.screen.say(f"{UNDONE.get(kind, 'Undone')}: the conversation has {counted(after, 'turn')}.", "dim")


UNDONE = {
    "clear": "Everything is back",
    "edit": "Everything is back",
    "retry": "The old reply is back",
    "continue": "The reply is as it was",
    "compact": "What the summary stood for is sent again",
    "pin": "The pin is as it was",
}
"""The marks that /undo takes back, and what is said of it."""


@command("/redo", TALK)
def redo(session: Session, words: str) -> None:
    """Redo what the last /undo undid. Repeat it for the /undo before, as long as nothing new was said. After a /retry
    that broke off it takes the partial reply."""
    state = session.transcript.state
    if not state.undone:
        raise CommandError("There is nothing to bring back")
    said = "Redone" if state.undone[-1][0].kind in ("clear", "edit") else "Brought back"
    session.transcript.add(Mark("redo"))
    session.screen.say(f"{said}: the conversation has {counted(len(state.conversation.turns), 'turn')}.", "dim")


@command("/edit", TALK, "[n | summary]")
def edit(session: Session, words: str) -> Outcome:
    """Put question n, or the last one, back into the prompt. Sent again, it replaces all that was said from there on;
    /undo brings that back. "summary" opens the summary of /compact in an editor."""
    if words == "summary":
        return _edit_summary(session)
    place = place_of(session, words)
    taken, *later = session.conversation.turns[place - 1 :]
    session.transcript.add(Mark("edit", count=len(later) + 1))
    line = session.put_back(taken[0])
    session.screen.say(_gone(len(later) + 1, "set aside", "/undo"), "dim")
    return Outcome(question_back=line)


def _edit_summary(session: Session) -> Outcome:
    shape = session.conversation.shape
    if not shape.summary:
        raise CommandError("There is no summary to edit", Hint(at_prompt="/compact makes one."))
    text = terminal.editor.edit(shape.summary, session.env, sys.stdin).strip()
    changed = bool(text) and text != shape.summary
    if changed:
        session.transcript.add(Mark("compact", text, shape.count))
    told = "The summary is changed; /undo brings the old one back." if changed else "The summary is as it was."
    session.screen.say(told, "dim")
    return Outcome()


@command("/fork", SESSIONS, "[n]")
def fork(session: Session, words: str) -> Outcome:
    """Continue in a new session with the first n turns, or all. The old session stays as it is."""
    place = place_of(session, words)
    state = session.transcript.state
    line = session.adopt(
        replace(
            state.conversation, turns=state.conversation.turns[:place], shape=state.conversation.shape.before(place)
        ),
        forked(session.paths.sessions, state.title),
    )
    session.screen.say(f"A new session with {counted(place, 'turn')}; the old one stays.", "dim")
    return Outcome(question_back=line)


def place_of(session: Session, words: str) -> int:
    """The number of a turn, as /history counts them; of the last one where none is given."""
    count = len(session.conversation.turns)
    if not count:
        raise CommandError("The conversation is empty", _way_back(session))
    place = number(words, default=count)
    if place > count:
        raise CommandError(
            f"The conversation has only {counted(count, 'turn')}",
            Hint(at_prompt="/history shows them with their numbers."),
        )
    return place


@command("/retry", TALK, "[model]", complete=model_names)
def retry(session: Session, words: str) -> Outcome:
    """Ask the last question again, or ask another model. The new reply replaces the old one once it is
    complete; if it stops or breaks off, /redo takes the partial reply."""
    if not session.conversation.turns:
        raise CommandError("There is no question to ask again", _way_back(session, FAILED))
    session.connection.memory.try_all_again()
    return asking.retry(session, words)


@command("/continue", TALK)
def continue_(session: Session, words: str) -> Outcome:
    """Let the last reply go on where it ended. For one that was stopped, broke off or was cut; the rest
    is added to it."""
    if not session.conversation.turns:
        raise CommandError("There is no reply to go on with", _way_back(session))
    return asking.go_on(session)


@command("/history", TALK, "[n]")
def history(session: Session, words: str) -> None:
    """Show the conversation, or its last n turns."""
    said = session.conversation.turns
    if not said:
        session.screen.say("Nothing was said yet.")
        return
    first = max(0, len(said) - number(words, default=len(said)))
    shape = session.conversation.shape
    for place, turn in session.interrupts.over(enumerate(said[first:], first + 1)):
        for message in turn:
            if message.role == "tool":
                continue
            session.screen.say(_heading(place, message) + (" · pinned" if place - 1 in shape.pinned else ""), "bold")
            _attachments(session, message)
            if message.role == "assistant":
                _thinking(session, message, place)
                if message.text:
                    session.screen.reply(chat.searching.shown(session, message), session.ui)
                tell_calls(session, message, turn)
            else:
                session.screen.say(message.text.rstrip("\n"))
            session.screen.say("")
        if shape.summary and place == shape.count:
            session.screen.say(f"summary, sent in the place of turns 1 to {place}:", "bold")
            session.screen.reply(shape.summary, session.ui)
            session.screen.say("")


def _attachments(session: Session, message: Message) -> None:
    for part in message.parts:
        if isinstance(part, FilePart | ImagePart | MediaPart):
            session.screen.say(f"+ {described(part)}", "dim")


def _thinking(session: Session, message: Message, place: int) -> None:
    """Show the reasoning before a reply as the setting says: whole, by a line, or not."""
    if not message.thinking.strip() or session.ui.thinking == "off":
        return
    if session.ui.thinking == "on":
        show_reasoning(session.screen, message.thinking)
        session.screen.say("")
    else:
        tokens = message.usage.reasoning if message.usage and message.usage.reasoning else None
        about = f"{tokens:,}" if tokens else f"about {-(-len(message.thinking) // CHARACTERS):,}"
        session.screen.say(f"thought, {about} tokens; /thinking {place} shows it", "dim")


def _heading(place: int, message: Message) -> str:
    who = {"user": "you"}.get(message.role, safe.line(message.model) or message.role)
    ending = f" ({message.ending})" if message.unfinished else ""
    return f"[{place}] {who}{ending}"


def show_again(session: Session) -> None:
    """Show the last turns of a conversation as they looked when they came, and say how many there are before. Ctrl-C
    leaves the rest away."""
    said = session.conversation.turns
    if len(said) > SHOWN_AGAIN:
        session.screen.say(f"{counted(len(said) - SHOWN_AGAIN, 'turn')} before these; /history shows all.", "dim")
    try:
        first = max(0, len(said) - SHOWN_AGAIN)
        for place, turn in session.interrupts.over(enumerate(said[first:], first + 1)):
            _show_again(session, turn, place)
    except KeyboardInterrupt:
        session.screen.say("Stopped; /history shows all.", "dim")
    if session.answer_schema:
        session.screen.say("Answers are JSON of a schema: /schema shows it, /schema off ends it.", "dim")


def resumed(session: Session) -> Iterator[str]:
    """What goes on: its title, its length, and when it was left."""
    turns = session.conversation.turns
    yield f'resumed "{safe.line(session.transcript.state.title, 60)}"'
    yield counted(len(turns), "turn")
    if told := [message.at for turn in turns[-1:] for message in turn if message.at]:
        yield ago(datetime.fromisoformat(told[-1]).timestamp(), time.time())


def _show_again(session: Session, turn: Turn, place: int) -> None:
    session.screen.question(turn[0].text)
    _attachments(session, turn[0])
    session.screen.say("")
    for message in turn[1:]:
        if message.role == "assistant":
            _thinking(session, message, place)
            if message.text:
                session.screen.reply(chat.searching.shown(session, message), session.ui)
            tell_calls(session, message, turn)
            if message is turn[-1]:
                endings.tell_ending(session, message)
            session.screen.say("")
