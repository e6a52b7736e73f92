"""Files that go along with a question: texts and images, and the @names inside a message that mean some."""

import codecs
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from chatrepl.conversation import FilePart, ImagePart
from chatrepl.errors import CommandError, Hint
from chatrepl.files.completion import size
from chatrepl.files.writing import path_of, split
from chatrepl.text import safe

BOUND = 256_000
"""A text of more bytes is only attached after a yes."""

IMAGE_BOUND = 5_000_000
"""The same for images."""

LIMIT = 50_000_000
"""More is never attached."""

Attachment = FilePart | ImagePart

_IMAGES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""How the names of images usually end."""

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read(path: Path) -> Attachment:
    """The file as an attachment: an image by its first bytes, else a text. What is neither raises CommandError."""
    try:
        if not path.is_file():
            raise CommandError(f"{path} is {'a folder' if path.is_dir() else 'no file'}")
        if path.stat().st_size > LIMIT:
            raise CommandError(f"{path} is too large to attach: {size(path.stat().st_size)}")
        data = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
    mime = image_type(data)
    if mime:
        import base64

        return ImagePart(mime, base64.b64encode(data).decode("ascii"), str(path))
    return FilePart(str(path), _text(data, path))


def image(path: Path) -> ImagePart:
    """The file as an image; anything else raises CommandError."""
    part = read(path)
    if not isinstance(part, ImagePart):
        raise CommandError(
            f"{path} is no PNG, JPEG, GIF or WebP image", Hint(at_prompt=f"/file {path} attaches it as a text.")
        )
    return part


def image_type(data: bytes) -> str:
    """The type of an image by its first bytes, "" for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for magic, mime in _IMAGES.items() if data.startswith(magic)), "")


def _text(data: bytes, path: Path) -> str:
    """The text of a file: UTF-16 where it says so, UTF-8 where it can be, else Latin-1."""
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), "")
    if not encoding and b"\0" in data[:8192]:
        raise CommandError(f"{path} is neither a text nor a PNG, JPEG, GIF or WebP image")
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n")


def weight(part: Attachment) -> int:
    """How many bytes it has, of the text in UTF-8 or of the image."""
    return (
        len(part.text.encode("utf-8", "replace"))
        if isinstance(part, FilePart)
        else len(part.data) * 3 // 4 - part.data[-2:].count("=")
    )


def is_large(part: Attachment) -> bool:
    """Whether it is to be asked about."""
    return weight(part) > (BOUND if isinstance(part, FilePart) else IMAGE_BOUND)


def described(part: Attachment) -> str:
    """An attachment in a few words."""
    return f"{safe.line(part.name)} ({size(weight(part))})"


def joined(waiting: list[Attachment], part: Attachment) -> list[Attachment]:
    """Those and this one, which takes the place of an older state of the same file."""
    return [each for each in waiting if place(each.name) != place(part.name)] + [part]


def place(name: str) -> str:
    """Where a file is, however it was named."""
    with suppress(OSError):  # the working folder is gone
        return os.path.abspath(os.path.expanduser(name))
    return name


_MENTION = r"""(?<!\S)@(?:"([^"\n]+)"|(\S+))"""


_LIKE_A_PATH = r"[\w. ~/-]*(?:/[\w. ~/-]*|\w\.[A-Za-z]\w{0,3})"
"""Has a slash or an ending; decorators that are called have other signs too, and people have neither."""


def mentioned(text: str) -> Iterator[Path]:
    """The files that exist among those a message names with an @ before them."""
    return (path for _, path in _mentions(text) if path)


def missing(text: str) -> Iterator[str]:
    """The names with an @ before them that look like those of files, and are of none."""
    return (name for name, path in _mentions(text) if not path and re.fullmatch(_LIKE_A_PATH, name))


def _mentions(text: str) -> Iterator[tuple[str, Path | None]]:
    """What stands behind each @, and the file it means, None for none."""
    for match in re.finditer(_MENTION, text):
        names = [match[1]] if match[1] else [match[2], match[2].rstrip(".,;:!?)]}'\"")]
        yield names[-1], next((path for path in map(Path, names) if _exists(path)), None)


def _exists(path: Path) -> bool:
    try:
        return path_of(str(path)).is_file()
    except (OSError, CommandError):  # a name too long, or one that no file has
        return False


def paths(words: str) -> list[Path]:
    """The paths in the words of a command; one with spaces stands in quotes, or has backslashes."""
    return [path_of(name) for name in split(words)]
