"""The command that shows what a model made."""

from chatrepl.chat import media
from chatrepl.chat.commands.table import FILES, command, number
from chatrepl.chat.session import Session
from chatrepl.errors import CommandError, Hint


@command("/show", FILES, "[n]")
def show(session: Session, words: str) -> None:
    """Open picture, sound or PDF n of the replies. The system's viewer does it, after a yes; without a number the last
    one is opened."""
    found = media.made(session.conversation.messages)
    if not found:
        raise CommandError("No reply holds a picture or a sound")
    wanted = number(words, default=len(found))
    if wanted > len(found):
        raise CommandError(f"There are only {len(found)}", Hint(at_prompt=f"/show {len(found)} opens the last one."))
    made = found[wanted - 1]
    try:
        path = media.written(made, session.transcript.kept)
    except OSError as error:
        raise CommandError(f"It cannot be written to a file: {error.strerror}") from None
    if made.part.mime not in media.ENDINGS:
        raise CommandError(f"What {path} holds is of no kind that is opened from here")
    if session.user.permit(f"Open {made.told} in {path}?"):
        media.open_with_system(path, session.env)
