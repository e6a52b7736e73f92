"""From what somebody wrote to the question that goes out, after a look for secrets."""

from collections.abc import Iterable
from pathlib import Path

from chatrepl import asking
from chatrepl.conversation import FilePart, Message, TextPart
from chatrepl.session import Session, as_line
from chatrepl.text import lookalikes, safe


def send(session: Session, text: str, named: Iterable[Path] = ()) -> Message | None:
    """Ask it, with the files it names; the reply, None where none came. A secret goes out only after a yes."""
    asked = session.question(text, named)
    for part in asked.parts:
        if isinstance(part, TextPart | FilePart) and (secret := lookalikes.kind(part.text)):
            what = "The question" if isinstance(part, TextPart) else safe.line(part.name)
            session.screen.say(f"{what} holds what looks like {secret}.", "warning")
            if not session.confirm("Send it all the same?"):
                session.draft = as_line(text)
                return None
    return asking.ask(session, asked)
