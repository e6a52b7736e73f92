"""The command that shows what a model made."""

from typing import TYPE_CHECKING

from chatrepl import chat, files
from chatrepl.chat.commands.table import FILES, command, counted, number, pick
from chatrepl.chat.session import Session
from chatrepl.errors import CommandError
from chatrepl.terminal.choices import Choices, Row

if TYPE_CHECKING:
    from chatrepl.chat.media import Made


@command("/show", FILES, "[n]")
def show(session: Session, words: str) -> None:
    """Open a picture, sound or PDF of reply n. The system's viewer does it, after a yes. Without a number it is that of
    the last reply that has any."""
    media, turns = chat.media, session.conversation.turns
    with_some = [place for place, turn in enumerate(turns, 1) if media.made(turn)]
    if not with_some:
        raise CommandError("No reply holds a picture or a sound")
    place = number(words, default=with_some[-1])
    if place > len(turns):
        raise CommandError(f"The conversation has only {counted(len(turns), 'turn')}")
    found = [each for message in turns[place - 1] for each in media.of(message) if message.role == "assistant"]
    if not found:
        raise CommandError(f"Reply {place} holds no picture or sound")
    rows = [Row(each.told, each) for each in found]
    chosen = rows[0] if len(rows) == 1 else pick(session.user, session.screen, Choices("what it made", rows))
    if chosen:
        _open(session, chosen.what)


def _open(session: Session, made: "Made") -> None:
    media = chat.media
    try:
        path = media.written(made, session.transcript.kept)
    except OSError as error:
        raise CommandError(f"It cannot be written to a file: {error.strerror}") from None
    if made.part.mime not in files.attachments.ENDINGS:
        raise CommandError(f"What {path} holds is of no kind that is opened from here")
    if session.user.permit(f"Open {made.told} in {path}?"):
        media.open_with_system(path, session.env)
