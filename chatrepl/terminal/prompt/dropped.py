"""Images dropped on the terminal, which pastes their paths: in quotes, with backslashes, or as file:// URLs."""

import os
import platform
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from chatrepl import files
from chatrepl.conversation import ImagePart
from chatrepl.errors import CommandError
from chatrepl.files.attachments import IMAGE_ENDINGS

MANY = 20
"""So many at most are dropped at once."""

LONGEST = 8_000
"""The characters of a text that may be nothing but paths."""


def images(pasted: str) -> list[ImagePart]:
    """The images whose paths the text is, if it is nothing else; else none."""
    text = pasted.strip()
    if len(text) > LONGEST or not text.lower().rstrip("'\"").endswith(IMAGE_ENDINGS):
        return []
    for names in ([text], files.split(text)):
        paths = [_path(each) for each in names[: MANY + 1]]
        if len(paths) <= MANY and all(map(_is_image, paths)):
            with suppress(CommandError):
                return [files.attachments.image(files.path_of(path)) for path in paths]
    return []


def _path(name: str) -> str:
    """The path that a terminal writes so; as a URL it is of this machine."""
    if not name.lower().startswith("file://"):
        return name
    url = urlsplit(name)
    return unquote(url.path) if url.netloc.lower() in ("", "localhost", platform.node().lower()) else ""


def _is_image(path: str) -> bool:
    """Whether it is one as terminals write it: from the root on, or from the user's home."""
    rooted = os.path.isabs(path) or path.startswith("~")
    with suppress(CommandError, OSError, ValueError):
        return rooted and path.lower().endswith(IMAGE_ENDINGS) and files.path_of(path).is_file()
    return False
