"""Files that go along with a question: texts and images, and the @names inside a message that mean some."""

import codecs
import os
import re
from collections.abc import Callable, Iterator
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

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # begins as the next one does
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

_PDF = re.compile(rb"^\s*%PDF-\d", re.MULTILINE)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b")) + b"\x7f"


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
    return FilePart(str(path), text_of(data, str(path)))


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


def text_of(data: bytes, what: str) -> str:
    """The text that the data is: UTF-16 or UTF-32 where it says so or looks so, UTF-8 where it can be, else Windows'
    Latin. Data that is no text raises CommandError, which calls it ``what``."""
    if _PDF.search(data[:1024]):
        raise CommandError(
            f"{what} is a PDF, which cannot be sent as a text", "pdftotext FILE - | chatrepl sends its words."
        )
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), "") or _wide(data[:8192])
    if not encoding and _is_binary(data):
        raise CommandError(f"{what} is neither a text nor a PNG, JPEG, GIF or WebP image")
    return _decoded(data, encoding).replace("\r\n", "\n")


def _decoded(data: bytes, encoding: str) -> str:
    for name in (encoding or "utf-8", "cp1252"):
        with suppress(UnicodeDecodeError):
            return data.decode(name)
    return data.decode("latin-1")


def _wide(data: bytes) -> str:
    """The encoding of a text of two bytes a character that does not say so: its many zeros tell it; "" for others."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    half = len(data) // 2
    if not half or len(data) % 2:
        return ""
    found = "utf-16-le" if odd > 0.4 * half and not even else "utf-16-be" if even > 0.4 * half and not odd else ""
    return found if found and not re.search(r"[\0-\x08\x0e-\x1f]", data.decode(found, "replace")) else ""


def _is_binary(data: bytes) -> bool:
    """Whether no text looks so: one with zeros, or with many control characters where it is no UTF-8 either."""
    start = data[:8192]
    if b"\0" in start:
        return True
    controls = len(start) - len(start.translate(None, _CONTROLS))
    return controls > 0.02 * len(start) and not _is_utf8(data)


def _is_utf8(data: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        return bool(data.decode("utf-8")) or True
    return False


def weight(part: Attachment) -> int:
    """How many bytes it has, of the text in UTF-8 or of the image."""
    return (
        len(part.text.encode("utf-8", "replace"))
        if isinstance(part, FilePart)
        else len(part.data) * 3 // 4 - part.data[-2:].count("=")
    )


def is_large_text(text: str) -> bool:
    """Whether it is to be asked about."""
    return len(text.encode("utf-8", "replace")) > BOUND


def is_large(part: Attachment) -> bool:
    """The same of a file."""
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
    names = (name for name, path in _mentions(text) if not path and re.fullmatch(_LIKE_A_PATH, name))
    return (name for name in names if not _is(name, Path.is_dir))


def not_taken(text: str) -> Iterator[str]:
    """What to tell of the names with an @ before them that go along as no file: those of folders and of nothing."""
    folders = (name for name, path in _mentions(text) if not path and _is(name, Path.is_dir))
    yield from (f"{safe.line(name)} is a folder, sent as text" for name in folders)
    yield from (f"{safe.line(name)}: no such file, sent as text" for name in missing(text))


def _mentions(text: str) -> Iterator[tuple[str, Path | None]]:
    """What stands behind each @, and the file it means, None for none."""
    for match in re.finditer(_MENTION, text):
        names = [match[1]] if match[1] else [match[2], match[2].rstrip(".,;:!?)]}'\"")]
        yield names[-1], next((Path(name) for name in names if _is(name, Path.is_file)), None)


def _is(name: str, kind: Callable[[Path], bool]) -> bool:
    try:
        return kind(path_of(name))
    except (OSError, CommandError):  # a name too long, or one that no file has
        return False


def paths(words: str) -> list[Path]:
    """The paths in the words of a command; one with spaces stands in quotes, or has backslashes."""
    return [path_of(name) for name in split(words)]
