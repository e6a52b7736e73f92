"""A question as its model can take it: what it cannot take is said before the question leaves."""

import base64
from dataclasses import replace

from chatrepl.chat import attaching
from chatrepl.chat.session import Session
from chatrepl.conversation import ImagePart, MediaPart, Message, Part
from chatrepl.dialects import dialect, limits
from chatrepl.errors import CommandError
from chatrepl.files import attachments, dimensions, extracting
from chatrepl.files.completion import size
from chatrepl.text import safe


def fitted(session: Session, question: Message) -> Message:
    """The question with its images small enough, and the words of files in place of those the server takes none of. A
    CommandError tells what it cannot take."""
    count = sum(isinstance(part, ImagePart) for part in question.parts)
    if count:
        attaching.refuse_images(session)
    _warn(session, question)
    return replace(question, parts=tuple(_part(session, part, count) for part in question.parts))


def _warn(session: Session, question: Message) -> None:
    """Tell of a model that is known to take no images; the server may know better."""
    takes = session.rates().facts(session.profile.model).takes
    if takes and "images" not in takes and any(isinstance(part, ImagePart) for part in question.parts):
        session.screen.say(f"{safe.line(session.profile.model)} is not known to take images.", "warning")


def _part(session: Session, part: Part, count: int) -> Part:
    match part:
        case ImagePart():
            return _small(part, limits.image(session.profile, count))
        case MediaPart(mime=attachments.PDF, text="") if not _takes_pdf(session):
            with session.interrupts.awaited():
                return replace(part, text=extracting.pdf_text(base64.b64decode(part.data), safe.line(part.name)))
        case MediaPart(text="") if MediaPart not in dialect(session.profile.dialect).carries:
            raise CommandError(f"{session.profile.dialect} takes no {safe.line(part.mime)}", attaching.ANOTHER)
    return part


def _takes_pdf(session: Session) -> bool:
    """Whether the server takes a PDF as it is, as far as that is known."""
    return MediaPart in dialect(session.profile.dialect).carries and session.profile.place.kept != "local"


def _small(part: ImagePart, most: limits.Size) -> ImagePart:
    """The image as large as may be."""
    data = base64.b64decode(part.data)
    if len(data) <= most.bytes and max(dimensions.sides(data)) <= most.side:
        return part
    name = safe.line(part.name)
    try:
        less = extracting.smaller(data, name, most.bytes, most.side)
    except extracting.Missing as missing:
        line = f"{name} ({size(len(data))}) is too large: {size(most.bytes)} and {most.side:,} pixels are taken"
        raise CommandError(line, missing.hint) from None
    return replace(part, mime="image/jpeg", data=base64.b64encode(less).decode("ascii"))
