"""What guards the keys: none is sent or kept in what is said, and what is not safe is told."""

from chatrepl.chat.session import Session
from chatrepl.client import keys
from chatrepl.errors import CommandError


def refuse_key(session: Session, what: str, text: str) -> None:
    """Complain if a key that is in use stands in the text: it is neither sent nor kept."""
    if session.connection.holds_key(session.profile, text):
        line = f"{what} contains an API key that is in use, so it is neither sent nor saved"
        raise CommandError(line, "Remove the key: what you type is saved, and sent to the server.")


def may_keep(session: Session, line: str) -> bool | None:
    """Whether what was typed can stand in the input history: not with the key in it. None while that cannot be known,
    for a command tells the key, and it was not run yet."""
    if session.connection.holds_key(session.profile, line):
        return False
    return True if session.connection.keys.knows(session.profile) else None


def warn(session: Session) -> None:
    """Tell what is not safe about who is talked to, and that its key is missing."""
    error = keys.missing(session.profile, session.env)
    if error:
        session.screen.say(f"{error}.", "warning")
        session.screen.say(f"  {error.hint.shown(at_prompt=session.user.has_prompt)}", "dim")
    if any(keys.warnings(session.profile, session.env)):
        session.connection.warnings(session.profile)
