"""``!command``: run in the shell, on the real terminal; what it printed goes along with the next question."""

import re
import sys

from chatrepl import files
from chatrepl.chat.session import Session
from chatrepl.conversation import FilePart
from chatrepl.terminal import shell
from chatrepl.text import safe

_COMMAND = re.compile(r"!(?=(?:~|\.{1,2})?/?\w)([^\n]+)\Z")

FIRST = "A line that begins with ! runs in your shell; what it prints goes along with the next question."
"""What is told before the first one of a session."""


def command_of(line: str) -> str:
    """The command of a line that was typed, "" where it is none: an exclamation mark and a word."""
    found = _COMMAND.match(line.rstrip())
    return found[1] if found else ""


def run(session: Session, command: str) -> None:
    """Run it, after a yes the first time, and let what it printed go along."""
    if not session.runs_shell and not _agreed(session, command):
        session.screen.say("It was not run. A blank before the ! sends it.", "dim")
        return
    session.runs_shell = True
    ran = shell.run(command, session.env, sys.stdin, session.screen.out)
    status = f"[exit status {ran.status}]" if ran.status else ""
    if status:
        session.screen.say(status, "dim")
    if ran.text:
        part = FilePart(f"!{command}", "\n".join(filter(None, (ran.text, status))))
        session.attachments = files.attachments.joined(session.attachments, [part])


def _agreed(session: Session, command: str) -> bool:
    if not session.user.says_yes:
        session.screen.say(FIRST, "warning")
    return session.user.permit(f"Run {safe.line(command, 50)!r}?")
