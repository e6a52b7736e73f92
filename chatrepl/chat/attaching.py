"""What goes along with the next question: attached by a command or a flag, or named in the question."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chatrepl import files
from chatrepl.chat.session import Session
from chatrepl.conversation import Message, question as message
from chatrepl.text import safe

if TYPE_CHECKING:
    from chatrepl.files.attachments import Attachment


def attach(session: Session, part: "Attachment") -> None:
    """Let it go along with the next question; a large one only after a yes."""
    if _wanted(session, part):
        session.attachments = files.attachments.joined(session.attachments, part)


def attach_files(session: Session, names: Iterable[str]) -> None:
    """The same with the files of these names."""
    for name in names:
        attach(session, files.attachments.read(files.path_of(name)))


def show(session: Session) -> None:
    """Tell what goes along with the next question."""
    for part in session.attachments:
        session.screen.say(f"+ {files.attachments.described(part)}", "dim")


def question(session: Session, text: str, named: Iterable[Path] = ()) -> Message:
    """The question with what goes along: the attachments, and the files it names, which are told."""
    going = session.attachments
    for path in named:
        part = replace(files.attachments.read(path.expanduser()), name=str(path))
        if part not in going and _wanted(session, part):
            session.screen.say(f"+ {files.attachments.described(part)}", "dim")
            going = files.attachments.joined(going, part)
    return message(text, *going)


def _wanted(session: Session, part: "Attachment") -> bool:
    described = files.attachments.described(part)
    wanted = not files.attachments.is_large(part) or session.user.confirm(f"{described}: attach it?")
    if not wanted:
        session.screen.say(f"{safe.line(part.name)} is not attached.", "dim")
    return wanted
