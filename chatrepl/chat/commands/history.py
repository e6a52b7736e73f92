"""Looking back: the conversation is shown again, at a command and where it goes on."""

import time
from collections.abc import Iterator
from datetime import datetime

from chatrepl import chat
from chatrepl.chat import endings
from chatrepl.chat.commands.table import TALK, command, number
from chatrepl.chat.commands.tools import tell_calls
from chatrepl.chat.rates import tokens
from chatrepl.chat.session import Session
from chatrepl.conversation import FilePart, ImagePart, MediaPart, Message, Turn
from chatrepl.files.attachments import described
from chatrepl.terminal.screen.screen import show_reasoning
from chatrepl.text import safe
from chatrepl.text.amounts import ago, counted

SHOWN_AGAIN = 20
"""How many turns of a conversation are shown that goes on."""

MANY_LINES, SHOWN_LINES = 40, 20
"""Of a question with more lines, pasted most likely, the first ones are shown again."""


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
                _reply(session, message, turn, place)
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


def _reply(session: Session, message: Message, turn: Turn, place: int) -> None:
    """Show a reply with its reasoning and its calls."""
    _thinking(session, message, place)
    if message.text:
        session.screen.reply(chat.searching.shown(session, message), session.ui)
    tell_calls(session, message, turn)


def _thinking(session: Session, message: Message, place: int) -> None:
    """Show the reasoning before a reply as the setting says: whole, by a line, or not."""
    if not message.thinking.strip() or session.ui.thinking == "off":
        return
    if session.ui.thinking == "on":
        show_reasoning(session.screen, message.thinking)
        session.screen.say("")
    else:
        known = message.usage.reasoning if message.usage and message.usage.reasoning else None
        about = f"{known:,}" if known else f"about {tokens(len(message.thinking)):,}"
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


def _question_again(session: Session, text: str) -> None:
    lines = text.rstrip("\n").split("\n")
    left = len(lines) - MANY_LINES
    session.screen.question("\n".join(lines[:SHOWN_LINES] if left > 0 else lines))
    if left > 0:
        session.screen.say(f"  … {len(lines) - SHOWN_LINES:,} more lines; /history shows all.", "dim")


def _show_again(session: Session, turn: Turn, place: int) -> None:
    _question_again(session, turn[0].text)
    _attachments(session, turn[0])
    session.screen.say("")
    for message in turn[1:]:
        if message.role == "assistant":
            _reply(session, message, turn, place)
            if message is turn[-1]:
                endings.tell_ending(session, message)
            session.screen.say("")
