"""Images dropped on the terminal, which pastes their paths: in quotes, with backslashes, or as file:// URLs."""

import os
import platform
import re
from contextlib import suppress
from urllib.parse import unquote

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
        paths = [path(each) for each in names[: MANY + 1]]
        if len(paths) <= MANY and all(map(_is_image, paths)):
            with suppress(CommandError):
                return [files.attachments.image(files.path_of(each)) for each in paths]
    return []


_URL = re.compile(r"file:(?://([^/]*))?(/.*)", re.IGNORECASE | re.DOTALL)
_DRIVE = re.compile(r"\A/([A-Za-z])[:|](?=/|$)")


def path(name: str, *, posix: bool = os.name == "posix") -> str:
    """The path that a terminal writes so, "" for one of another machine. A URL (RFC 8089) may name a drive of
    Windows."""
    url = _URL.fullmatch(name)
    if not url:
        return name
    if (url[1] or "").lower() not in ("", "localhost", platform.node().lower()):
        return ""
    found = unquote(url[2], errors="surrogateescape")
    return found if posix else _DRIVE.sub(r"\1:", found, count=1)


def _is_image(name: str) -> bool:
    """Whether it is one as terminals write it: from the root on, or from the user's home."""
    rooted = os.path.isabs(name) or name.startswith("~")
    with suppress(CommandError, OSError, ValueError):
        return rooted and name.lower().endswith(IMAGE_ENDINGS) and files.path_of(name).is_file()
    return False
