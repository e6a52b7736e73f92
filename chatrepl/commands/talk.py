"""Commands about the conversation: the system prompt, forgetting, asking again, looking back."""

from collections.abc import Iterable
from dataclasses import replace

from chatrepl import safe, settings
from chatrepl.attachments import described
from chatrepl.commands.table import command, file_after_at, number, turns
from chatrepl.commands.who import model_names
from chatrepl.conversation import FilePart, ImagePart, Message
from chatrepl.errors import CommandError
from chatrepl.journal import Mark
from chatrepl.session import Session


def system_words(session: Session, words: str) -> Iterable[tuple[str, str, int]]:
    """What /system takes, for completion: off, or @ and a file."""
    yield from file_after_at(words) if words.startswith("@") else [("off", "send no system prompt", len(words))]


@command("/system [text | @file | off]", complete_words=system_words)
def system(session: Session, words: str) -> None:
    """Show, set or remove the system prompt. The text goes to the model before every conversation; @file reads it
    from a file."""
    if not words:
        session.screen.say(session.conversation.system or "There is no system prompt.")
        return
    text = "" if words == "off" else settings.text_or_file(words)
    session.transcript.add(Mark("system", text))
    session.screen.say("The system prompt is set." if text else "No system prompt is sent from now on.", "dim")


@command("/reset")
def reset(session: Session, words: str) -> None:
    """Forget the conversation and keep the system prompt. /undo brings it back as long as nothing new was said."""
    count = len(session.conversation.turns)
    session.transcript.add(Mark("clear"))
    session.screen.say(f"{turns(count)} forgotten; /undo brings them back.", "dim")


@command("/undo [n]")
def undo(session: Session, words: str) -> None:
    """Take the last turn away, or the last n. An attachment that waits for the next question is taken back first.
    Right after /reset it brings the conversation back."""
    if session.attachments and not words:
        session.screen.say(f"{safe.line(session.attachments.pop().name)} is not attached any more.", "dim")
        return
    state = session.transcript.state
    if state.cleared and not words:
        session.transcript.add(Mark("restore"))
        session.screen.say(f"{turns(len(state.conversation.turns))} brought back.", "dim")
        return
    count = number(words, default=1)
    if not state.conversation.turns:
        raise CommandError("There is nothing to undo")
    dropped = min(count, len(state.conversation.turns))
    session.transcript.add(Mark("drop", count=dropped))
    session.screen.say(f"{turns(dropped)} taken away.", "dim")


@command("/retry [model]", complete=model_names)
def retry(session: Session, words: str) -> None:
    """Ask the last question again, of another model if one is named. The new reply replaces the old one."""
    if not session.conversation.turns:
        raise CommandError("There is no question to ask again", "Your last message, if it failed, is in the prompt.")
    before = session.profile
    if words:
        session.profile = replace(before, model=words)
    try:
        session.retry()
    finally:
        session.profile = before if words else session.profile


@command("/history [n]")
def history(session: Session, words: str) -> None:
    """Show the conversation, or its last n turns."""
    said = session.conversation.turns
    if not said:
        session.screen.say("Nothing was said yet.")
        return
    first = max(0, len(said) - number(words, default=len(said)))
    for place, turn in enumerate(said[first:], first + 1):
        for message in turn:
            session.screen.say(_heading(place, message), "bold")
            for part in message.parts:
                if isinstance(part, FilePart | ImagePart):
                    session.screen.say(f"+ {safe.line(described(part))}", "dim")
            if message.role == "assistant":
                session.screen.reply(message.text, session.ui)
            else:
                session.screen.say(message.text.rstrip("\n"))


def _heading(place: int, message: Message) -> str:
    who = {"user": "you"}.get(message.role, safe.line(message.model) or message.role)
    ending = f" ({message.ending})" if message.ending in ("interrupted", "failed", "length") else ""
    return f"[{place}] {who}{ending}"
