"""Commands that make what is sent shorter, and keep turns out of that."""

from chatrepl.chat import compacting
from chatrepl.chat.commands.conversation import place_of
from chatrepl.chat.commands.table import TALK, command
from chatrepl.chat.session import Session
from chatrepl.sessions.entries import Mark


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
