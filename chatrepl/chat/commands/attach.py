"""Commands about what goes along with the next question."""

from collections.abc import Callable
from pathlib import Path

from chatrepl.chat import attaching
from chatrepl.chat.commands.table import FILES, command, quoted_file_names
from chatrepl.chat.session import Session
from chatrepl.conversation import ImagePart
from chatrepl.dialects import dialect
from chatrepl.errors import CommandError, Hint
from chatrepl.files import attachments
from chatrepl.files.attachments import IMAGE_ENDINGS, Attachment


@command("/file", FILES, "path...", complete=lambda session, words: quoted_file_names(words))
def file(session: Session, words: str) -> None:
    """Attach files to the next question: texts, or images. /undo takes the last one back. A file can be named in the
    question too: @path attaches it."""
    _attach(session, words, attachments.read, "/file PATH...")


@command("/image", FILES, "path...", complete=lambda session, words: quoted_file_names(words, *IMAGE_ENDINGS))
def image(session: Session, words: str) -> None:
    """Attach PNG, JPEG, GIF or WebP images to the next question. /undo takes the last one back."""
    _attach(session, words, attachments.image, "/image PATH...")


def _attach(session: Session, words: str, read: Callable[[Path], Attachment], usage: str) -> None:
    if not words:
        raise CommandError("Which file?", Hint(at_prompt=usage))
    for path in attachments.paths(words):
        part = read(path)
        if isinstance(part, ImagePart) and ImagePart not in dialect(session.profile.dialect).carries:
            raise CommandError(
                f"{session.profile.dialect} takes no images", Hint(at_prompt="/profile switches to another profile.")
            )
        attaching.attach(session, part)
