"""Commands about the conversation: the system prompt, forgetting, asking again, and what is sent of it."""

import sys
from collections.abc import Iterable

from chatrepl import replace, terminal
from chatrepl.chat import attaching, compacting, turn as asking
from chatrepl.chat.commands.profiles import model_names
from chatrepl.chat.commands.table import SESSIONS, TALK, Suggestion, command, file_after_at, number
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.session import NO_SYSTEM, Session
from chatrepl.config import settings
from chatrepl.errors import CommandError, Hint
from chatrepl.sessions.entries import Mark
from chatrepl.sessions.store import forked
from chatrepl.text.amounts import counted


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
    aside = session.transcript.state.history.now.before
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
    if not (state.conversation.turns if count else state.history.now.before):
        raise CommandError("There is nothing to undo")
    kind, before = state.history.now.kind, state.history.now.size
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
    if not state.history.undone:
        raise CommandError("There is nothing to bring back")
    said = "Redone" if state.history.undone[-1].kind in ("clear", "edit") else "Brought back"
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
    return number(words, default=count, most=count)


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


@command("/compact", TALK, "[focus]")
def compact(session: Session, words: str) -> None:
    """Send a summary of the older turns in their place. The first question, the last four turns and those of /pin stay
    word for word; the words say what the summary has to keep. Nothing is deleted: /history shows all, /undo takes it
    back."""
    plan = compacting.planned(session.conversation, session.config.compact_keep, compacting.room(session))
    if not session.user.agrees(f"{compacting.told(session, plan)}; go on?"):
        session.screen.say("Nothing was changed.", "dim")
        return
    compacting.compact(session, plan, words)


@command("/pin", TALK, "[n]")
def pin(session: Session, words: str) -> None:
    """Keep turn n, or the last one, word for word when the conversation is compacted. Again, and it is kept no
    longer."""
    place = place_of(session, words)
    session.transcript.add(Mark("pin", count=place))
    pinned = place - 1 in session.conversation.shape.pinned
    session.screen.say(f"Turn {place} {'is sent word for word' if pinned else 'is pinned no longer'}.", "dim")
