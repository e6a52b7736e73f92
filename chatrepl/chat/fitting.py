"""A question as its model can take it: what it cannot take is said before the question leaves, or sent otherwise."""

import base64
import re

from chatrepl import replace
from chatrepl.chat import attaching, compacting
from chatrepl.chat.session import Session
from chatrepl.conversation import ImagePart, MediaPart, Message, Part
from chatrepl.dialects import dialect, limits
from chatrepl.dialects.repair import LEFT_OUT
from chatrepl.errors import ChatError, CommandError, Refused
from chatrepl.files import attachments, dimensions, extracting
from chatrepl.text import safe
from chatrepl.text.amounts import size


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
        session.connection.tell_once(f"{safe.line(session.profile.model)} is not known to take images.")


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
    profile = session.profile
    carries = MediaPart in dialect(profile.dialect).carries and profile.place.kept != "local"
    return carries and session.connection.memory.known(profile).parameters.get("pdf") != LEFT_OUT


_REFUSES = re.compile(r"\bfiles?\b|input_file|pdf|document|content\S*type|mime|media.?type|multi-?modal", re.IGNORECASE)
"""The words of a server that takes no PDF."""


def again(session: Session, question: Message, failure: ChatError | None) -> Message | None:
    """What is asked in the place of a question that was refused, None where nothing helps."""
    if compacting.is_overflow(failure):
        return question if _compacted(session, question) else None
    return _in_words(session, question, failure)


def _compacted(session: Session, question: Message) -> bool:
    """Whether the user wants a conversation that is too long compacted, and it was."""
    try:
        room = compacting.room(session, question)
        plan = compacting.planned(session.conversation, session.config.compact_keep, room)
    except CommandError:  # it is the question that is too long
        return False
    told = compacting.told(session, plan)
    if not (session.user.has_prompt and session.user.agrees(f"{told}; compact and ask again?")):
        return False
    compacting.compact(session, plan)
    return True


def _in_words(session: Session, question: Message, failure: ChatError | None) -> Message | None:
    """The question with the texts of its PDF, where the server refused these; None where something else is wrong."""
    if not (isinstance(failure, Refused) and failure.status in (400, 404, 415, 422, 500, 501) and _holds_pdf(question)):
        return None
    if not _REFUSES.search(failure.said):
        return None
    session.connection.memory.learn(session.profile, {"pdf": LEFT_OUT})
    session.screen.say(f"{session.profile.name} takes no PDF; asking again with its text.", "warning")
    return fitted(session, question)


def _holds_pdf(question: Message) -> bool:
    return any(
        isinstance(part, MediaPart) and part.mime == attachments.PDF and not part.text for part in question.parts
    )


def warn_of_dropped(session: Session, question: Message) -> None:
    """Tell of a PDF that llama.cpp passed over: in Anthropic's protocol it drops it without a word."""
    last = session.connection.last if _takes_pdf(session) and _holds_pdf(question) else None
    if last and last.answer_headers.get("server", "").lower().startswith("llama.cpp"):
        session.connection.memory.learn(session.profile, {"pdf": LEFT_OUT})
        told = "llama.cpp passes over a PDF in this protocol: the answer was made without it."
        at_prompt, else_ = "Attach it again, and its text goes.", "--dialect openai-chat sends its text."
        session.screen.say(f"{told} {at_prompt if session.user.has_prompt else else_}", "warning")


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
