"""The loop: read a line, run a command or ask, again."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from chatrepl import NamedTuple, chat, files
from chatrepl.chat import attaching, guard
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.session import LOST, Session, name_window
from chatrepl.conversation import BROKEN_OFF, ImagePart
from chatrepl.errors import ChatError, Hint, TranscriptError
from chatrepl.text import safe, slashes
from chatrepl.text.excerpt import beginning

TWICE = 2.0
"""Ctrl-C pressed again within so many seconds leaves."""


BACK = "Your question is back. Enter sends it, Ctrl-C clears it"
"""What is said where a prompt begins with a question that got no answer, or is to be changed."""

MEANT = {"exit": "/quit", "quit": "/quit", ":q": "/quit", "help": "/help", "?": "/help"}
"""The command that a line means which holds nothing but that word, and was typed by hand."""


class Reads(Protocol):
    """A prompt: the next line, and the answer to a question."""

    @property
    def typed(self) -> bool:
        """Whether the last line was typed by hand: not pasted, and not put there."""

    @property
    def is_text(self) -> bool:
        """Whether the last line is no command whatever it looks like: it was pasted, or put there."""

    @property
    def images(self) -> Sequence[ImagePart]:
        """The images that were pasted into the last line."""

    def read(self, start: str = "", *, held: bool = False) -> str: ...

    def answer(self, question: str) -> str: ...

    def close(self) -> None: ...


class Next(NamedTuple):
    """What the next prompt begins with."""

    draft: str = ""
    """What stands in it already; it is sent as it is, and never a command."""
    halted: bool = False
    """Whether the last line failed or was stopped; what was typed ahead waits for Enter then."""


def run(session: Session, prompt: Reads, coming: Next = Next(), one: str = "") -> None:  # noqa: B008 it is frozen
    """Chat until the user leaves. Whatever goes wrong in a turn, the loop and the session go on. Until something was
    said, a 1 means the command ``one``, if there is one."""
    warned, pressed, level = False, -TWICE, chat.fullness.LEVELS[-1]
    while True:
        try:
            level = chat.fullness.tell(session, level)
            line = _read(session, prompt, coming)
            coming = coming._replace(draft="")
            if one and prompt.typed and line.strip() == "1" and not session.conversation.turns:
                line = one
            if session.titling:
                chat.titling.take(session)
            if line.strip():
                with session.screen.window.answer():
                    attaching.paste(session, prompt.images)
                    coming = obey(session, line, typed=prompt.typed, is_text=prompt.is_text)
            warned, pressed = False, -TWICE
            continue
        except KeyboardInterrupt:
            coming = coming._replace(draft="")
            before, pressed = pressed, session.clock()
            if pressed - before >= TWICE:  # what was typed and cleared in between is not counted by anybody
                session.screen.say("Ctrl-C again, or Ctrl-D, leaves.", "dim")
                continue
        except EOFError:
            coming = Next(halted=True)
        if warned or session.transcript.whole():
            return
        warned = True
        session.screen.error(TranscriptError(LOST, Hint(at_prompt="/save FILE keeps it; Ctrl-D again leaves.")))


def _read(session: Session, prompt: Reads, coming: Next) -> str:
    if session.titling or session.ui.titles == "model":
        chat.titling.follow(session)
    name_window(session)
    attaching.show(session)
    if coming.draft and session.screen.live:
        session.screen.say(f"{BACK}{', typing replaces it' if coming.halted else ''}.", "dim")
    return prompt.read(coming.draft, held=coming.halted)


def obey(session: Session, line: str, *, typed: bool = True, is_text: bool = False) -> Next:
    """Do what one line asks for: run the command, or send it, whatever it looks like where it ``is_text``."""
    if typed:
        line = MEANT.get(line.rstrip().lower(), line)
    if not is_text and may_be_command(session, line):
        return do(session, lambda: _run(session, line))  # a command stands in the input history
    if typed and not is_text and line.startswith("!") and (command := chat.shell.command_of(line)):
        return do(session, lambda: chat.shell.run(session, command))
    text = line if is_text else _without_escape(session, line)
    return do(session, lambda: _send(session, text, _named(session, line, typed=typed)), text)


def _run(session: Session, line: str) -> Outcome | None:
    guard.refuse_key(session, "The line", line)
    return chat.commands.run(session, line.strip())


def _without_escape(session: Session, line: str) -> str:
    """What is sent of a line that is no command: without one of two slashes where the other makes it one."""
    escapes = line.startswith("//") and may_be_command(session, line[1:])
    return line[1:] if escapes else slashes.without_escape(line)


def may_be_command(session: Session, line: str) -> bool:
    """Whether the line is a command, if it was typed: one of the table, a prompt file, or a prompt of a server."""
    if not line.startswith("/"):
        return False
    return chat.commands.is_command(line, session.paths.prompts) or chat.commands.is_served(session, line)


def begin(session: Session, text: str, named: Iterable[str]) -> Next:
    """Send what the command line and a pipe ask first, as it is."""
    attaching.show(session)
    session.screen.question(beginning(text))
    return do(session, lambda: _send(session, text, named), text)


def do(session: Session, act: Callable[[], Outcome | None], line: str = "") -> Next:
    """Do it. A failure is told, and leaves the line in the next prompt."""
    session.interrupts.forget()
    try:
        outcome = act() or Outcome()
        return Next(outcome.question_back, outcome.ending in BROKEN_OFF)
    except attaching.Declined as no:
        session.screen.say(f"{no}, so nothing was sent.", "dim")
        return Next(line)
    except ChatError as error:
        session.screen.error(error)
    except KeyboardInterrupt:
        session.screen.say("Stopped.", "dim")
    return Next(line, halted=True)


def _named(session: Session, line: str, *, typed: bool) -> list[str]:
    """The files that the line names with an @. Where it was not typed by hand, those alone that the user wants."""
    if typed:
        for told in files.mentions.not_taken(line):
            session.screen.say(told, "dim")
    named = list(attaching.mentioned(session, line))
    waiting = {files.attachments.place(part.name) for part in session.attachments}
    new = [path for path in named if files.attachments.place(path) not in waiting]
    if typed or not new or session.user.confirm(f"The text names {safe.line(', '.join(new))}. Attach it?"):
        return named
    return [path for path in named if path not in new]


def _send(session: Session, text: str, named: Iterable[str]) -> Outcome:
    return chat.turn.send(session, text, named)
