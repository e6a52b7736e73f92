"""The loop: read a line, run a command or ask, again."""

from typing import Protocol

from chatrepl import safe
from chatrepl.attachments import described
from chatrepl.conversation import FilePart, TextPart
from chatrepl.errors import ChatError, TranscriptError
from chatrepl.session import LOST, Session


class Reads(Protocol):
    """A prompt: the next line, and the answer to a question."""

    def read(self, start: str = "") -> str: ...

    def answer(self, question: str) -> str: ...

    def close(self) -> None: ...


def run(session: Session, prompt: Reads) -> None:
    """Chat until the user leaves. Whatever goes wrong in a turn, the loop and the session go on."""
    leaving = warned = False
    while True:
        try:
            line = _read(session, prompt)
            if line.strip():
                obey(session, line)
            leaving = warned = False
            continue
        except KeyboardInterrupt:
            if not leaving:
                leaving = True
                session.screen.say("Ctrl-C again, or Ctrl-D, leaves.", "dim")
                continue
        except EOFError:
            pass
        if warned or session.transcript.whole():
            return
        warned = True
        session.screen.error(TranscriptError(LOST, "/save FILE keeps it; Ctrl-D again leaves."))


def _read(session: Session, prompt: Reads) -> str:
    start, session.draft = session.draft, ""
    about = session.transcript.state.title or session.profile.name
    session.screen.title(f"chatrepl: {about}" if session.ui.title else "")
    for part in session.attachments:
        session.screen.say(f"+ {described(part)}", "dim")
    return prompt.read(start)


def obey(session: Session, line: str) -> None:
    """Do what one line asks for. A failure is told and leaves the line in the next prompt."""
    session.interrupts.forget()
    try:
        if line.startswith("/") and not line.startswith("//"):
            from chatrepl import commands  # not for the first key

            commands.run(session, line.strip())
        else:
            _send(session, line)
    except ChatError as error:
        session.draft = session.draft or line
        session.screen.error(error)
    except KeyboardInterrupt:
        session.screen.say("Stopped.", "dim")


def _send(session: Session, line: str) -> None:
    """Ask what the line says. What looks like a secret is sent, and written down, only after a yes."""
    from chatrepl import asking, secrets_found

    asked = session.question(line.removeprefix("/") if line.startswith("//") else line)
    for part in asked.parts:
        if isinstance(part, TextPart | FilePart) and (secret := secrets_found.kind(part.text)):
            what = "This" if isinstance(part, TextPart) else safe.line(part.name)
            session.screen.say(f"{what} holds what looks like {secret}.", "warning")
            if not session.confirm("Send it all the same?"):
                session.draft = line
                return
    asking.ask(session, asked)
