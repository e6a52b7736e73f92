"""Files that go along with a question: texts, images, PDF and sounds."""

import base64
import codecs
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from chatrepl.conversation import FilePart, ImagePart, MediaPart
from chatrepl.errors import CommandError, Hint
from chatrepl.files import reading
from chatrepl.text import safe
from chatrepl.text.amounts import size

BOUND = 256_000
"""A text of more bytes is only attached after a yes."""

IMAGE_BOUND = 5_000_000
"""The same for images."""

LIMIT = 50_000_000
"""More is never attached."""

Attachment = FilePart | ImagePart | MediaPart

_IMAGES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""How the names of images usually end."""

ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "audio/wav": ".wav",
    "audio/mp3": ".mp3",
    "audio/flac": ".flac",
    "audio/ogg": ".ogg",
    "application/pdf": ".pdf",
}
"""The kinds that cannot act, and how the names of their files end; others are kept as they are, and never opened."""

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # begins as the next one does
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

_SOUNDS = {b"ID3": "audio/mp3", b"fLaC": "audio/flac", b"OggS": "audio/ogg"}
_PDF = re.compile(rb"^\s*%PDF-\d", re.MULTILINE)
PDF = "application/pdf"
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b")) + b"\x7f"


def read(path: Path) -> Attachment:
    """The file as an attachment: what it is tell its first bytes. What is nothing to attach raises CommandError."""
    try:
        with reading.opened(path) as file:
            length = os.fstat(file.fileno()).st_size
            data = file.read(LIMIT + 1)
    except reading.Unfit as error:
        raise CommandError(f"{path} is {(error.strerror or '').removeprefix('it is ') or 'no file'}") from None
    except FileNotFoundError:
        raise CommandError(f"{path} is no file") from None
    except OSError as error:
        raise CommandError(
            f"{path} {'is a folder' if path.is_dir() else f'cannot be read: {error.strerror}'}"
        ) from None
    if len(data) > LIMIT:
        raise CommandError(f"{path} is too large to attach: {size(max(length, len(data)))}")
    return of_data(data, str(path))


def of_data(data: bytes, name: str, charset: str = "") -> Attachment:
    """The data as an attachment of that name; ``charset`` is the one that a server names for a text."""
    mime = kind(data)
    if not mime:
        return FilePart(name, text_of(data, name, charset))
    whole = base64.b64encode(data).decode("ascii")
    return ImagePart(mime, whole, name) if mime.startswith("image/") else MediaPart(mime, whole, name)


def kind(data: bytes) -> str:
    """The type of an image, a PDF or a sound by its first bytes, "" for anything else."""
    return image_type(data) or (PDF if _PDF.search(data[:1024]) else _sound(data))


def _sound(data: bytes) -> str:
    """The type of a sound by its first bytes, "" for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "audio/wav"
    return next((mime for magic, mime in _SOUNDS.items() if data.startswith(magic)), "")


def ending(mime: str) -> str:
    """How the name of a file of that kind ends."""
    return ENDINGS.get(mime, ".bin")


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


def text_of(data: bytes, what: str, charset: str = "") -> str:
    """The text that the data is: UTF-16 or UTF-32 where it says so or looks so, else in the ``charset`` it was said to
    have, UTF-8 where it can be, or Windows' Latin. Data that is none raises CommandError, which calls it ``what``."""
    if _PDF.search(data[:1024]):
        raise CommandError(f"{what} is a PDF, which cannot be sent as a text", "Attach the file: -f FILE")
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), "") or _wide(data[:8192])
    if not encoding and _is_binary(data):
        raise CommandError(f"{what} is neither a text nor a PDF, a sound, or a PNG, JPEG, GIF or WebP image")
    return _decoded(data, encoding or charset).replace("\r\n", "\n")


def _decoded(data: bytes, encoding: str) -> str:
    for name in (encoding or "utf-8", "utf-8", "cp1252"):
        with suppress(UnicodeError, LookupError):  # a server may name an encoding that nobody has
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
    """How many bytes it has, of the text in UTF-8 or of the file."""
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


def joined(waiting: Iterable[Attachment], new: Iterable[Attachment]) -> list[Attachment]:
    """Those and the new ones, each of which takes the place of an older state of the same file."""
    found: dict[str, Attachment] = {}
    for part in (*waiting, *new):
        where = place(part.name)
        found.pop(where, None)
        found[where] = part
    return list(found.values())


def place(name: str) -> str:
    """Where a file is, however it was named."""
    with suppress(OSError):  # the working folder is gone
        return os.path.abspath(os.path.expanduser(name))
    return name
