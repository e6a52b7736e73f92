"""Commands about what goes along with the next question."""

from chatrepl import files
from chatrepl.chat import attaching
from chatrepl.chat.commands.table import FILES, command, quoted_file_names
from chatrepl.chat.session import Session
from chatrepl.errors import CommandError, Hint
from chatrepl.files import attachments
from chatrepl.files.attachments import IMAGE_ENDINGS


@command("/file", FILES, "path...", complete=lambda session, words: quoted_file_names(words))
def file(session: Session, words: str) -> None:
    """Attach to the next question: files, folders, patterns such as *.py, or https:// addresses. Texts, images, PDF and
    sounds are taken, and of a text the lines that a:10-40 names. /undo takes the last one back. All of it can be named
    in the question too: @path attaches it."""
    for name in _names(words, "/file PATH..."):
        attaching.attach(session, name)


@command("/image", FILES, "path...", complete=lambda session, words: quoted_file_names(words, *IMAGE_ENDINGS))
def image(session: Session, words: str) -> None:
    """Attach PNG, JPEG, GIF or WebP images to the next question. /undo takes the last one back."""
    for name in _names(words, "/image PATH..."):
        attachments.image(files.path_of(name))
        attaching.attach(session, name)


def _names(words: str, usage: str) -> list[str]:
    if not words:
        raise CommandError("Which file?", Hint(at_prompt=usage))
    return files.split(words)
