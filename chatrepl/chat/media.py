"""Pictures, sounds and files that a model makes: kept in the reply, written beside the session, and opened after a yes.

What one is tell its bytes; what a server calls it, and how, is not believed.
"""

import base64
import binascii
import io
import os
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from chatrepl import files, replace
from chatrepl.chat.session import Session
from chatrepl.conversation import ImagePart, MediaPart, Message, Part, TextPart
from chatrepl.errors import CommandError
from chatrepl.events import Media
from chatrepl.sessions.beside import folder_of, put
from chatrepl.text.amounts import size
from chatrepl.text.environment import for_children

RATE = 24_000
"""The samples a second of OpenAI's sounds without a header."""


def parts(said: Iterable[str | Media]) -> list[Part]:
    """What a model said and made, in its order: neighbouring texts as one, and the pieces of a sound too."""
    found: list[Part] = []
    for kind, group in groupby(said, lambda piece: "text" if isinstance(piece, str) else piece.kind):
        pieces = list(group)
        text = "".join(piece for piece in pieces if isinstance(piece, str))
        made = [piece for piece in pieces if isinstance(piece, Media)]
        if kind == "sound":
            found += [_sound(made)]
        found += [TextPart(text)] if text else []
        found += [_part(each) for each in made if kind != "sound"]
    return found


def link(made: Media) -> str:
    """The text in the place of one without data."""
    return f"\n\n[{made.kind}]({made.url})\n\n" if made.url else f"[an empty {made.kind}]"


def _part(made: Media) -> Part:
    data = _bytes(made.data)
    if not data:
        return TextPart(link(made))
    mime = files.attachments.kind(data) or "application/octet-stream"
    whole = base64.b64encode(data).decode("ascii")
    if mime.startswith("image/"):
        return ImagePart(mime, whole, opaque=made.opaque)
    return MediaPart(mime, whole)


def _sound(pieces: Sequence[Media]) -> Part:
    data = b"".join(_bytes(piece.data) for piece in pieces)
    if not data or files.attachments.kind(data):
        return _part(replace(pieces[0], data=base64.b64encode(data).decode("ascii")))
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(data)
    return MediaPart("audio/wav", base64.b64encode(out.getvalue()).decode("ascii"))


def kind(made: Media) -> str:
    """What it is in a word, as its first bytes tell."""
    mime = files.attachments.kind(_bytes(made.data[:2_000]))
    return Media(mime or "application/octet-stream").kind if made.data else made.kind


def _bytes(data: str) -> bytes:
    with suppress(binascii.Error, ValueError):
        return base64.b64decode(data + "=" * (-len(data) % 4))
    return b""


class Made(NamedTuple):
    """A picture, sound or file of a reply, and the number it is told by."""

    number: int
    part: ImagePart | MediaPart

    @property
    def data(self) -> bytes:
        """What it is."""
        return base64.b64decode(self.part.data)

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return {"image": "image", "audio": "sound"}.get(self.part.mime.partition("/")[0], "file")

    @property
    def told(self) -> str:
        """What it is, for people."""
        return f"{self.kind} {self.number} ({self.part.mime}, {size(len(self.data))})"


def numbered(reply: Message, before: Iterable[Message]) -> Message:
    """The reply with names for what it made: the numbers go on from those before it."""
    number, named = len(made(before)), []
    for part in reply.parts:
        if isinstance(part, ImagePart | MediaPart):
            number += 1
            part = replace(part, name=f"{number}{files.attachments.ending(part.mime)}")
        named.append(part)
    return replace(reply, parts=tuple(named))


def made(messages: Iterable[Message]) -> list[Made]:
    """What models made in these messages."""
    replies = [message for message in messages if message.role == "assistant"]
    return [Made(number, part) for number, part in enumerate(_of(replies), 1)]


def of(reply: Message) -> list[Made]:
    """What a reply made."""
    return [Made(int(stem) if stem.isdigit() else 0, part) for part in _of([reply]) for stem in [Path(part.name).stem]]


def _of(replies: Iterable[Message]) -> list[ImagePart | MediaPart]:
    return [part for reply in replies for part in reply.parts if isinstance(part, ImagePart | MediaPart)]


def written(made: Made, beside: Path | None) -> Path:
    """The file it is in: beside the session's, or where there is none in a folder of its own. OSError says why not."""
    folder = folder_of(beside) if beside else Path(tempfile.mkdtemp(prefix="chatrepl-"))
    return put(folder, f"{made.number}{files.attachments.ending(made.part.mime)}", made.data)


def tell(session: Session, reply: Message) -> None:
    """Write what a reply made beside the session, and tell where."""
    for each in of(reply):
        try:
            place = f": {written(each, session.transcript.kept)}" if session.transcript.kept else ""
        except OSError as error:
            session.screen.say(f"{each.told} is not written to a file: {error.strerror}", "warning")
            continue
        opens = f"; /show {len(session.conversation.turns)} opens it" if session.user.has_prompt else ""
        session.screen.say(f"{each.told}{place}{opens}", "dim")


def open_with_system(path: Path, env: Mapping[str, str]) -> None:
    """Open it with the program that the system has for its kind."""
    if sys.platform == "win32":
        os.startfile(path)
        return
    name = "open" if sys.platform == "darwin" else "xdg-open"
    program = shutil.which(name, path=env.get("PATH"))
    if not program:
        raise CommandError(f"There is no {name} to open {path} with")
    no = subprocess.DEVNULL
    command, own = [program, str(path)], for_children(env)
    subprocess.Popen(command, stdin=no, stdout=no, stderr=no, env=own, start_new_session=True)
