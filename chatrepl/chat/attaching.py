"""What goes along with the next question: attached by a command or a flag, or named in the question."""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from chatrepl import chat, files, replace
from chatrepl.chat.session import Session
from chatrepl.conversation import FilePart, ImagePart, MediaPart, Message, question as message
from chatrepl.errors import ChatError, CommandError, Hint
from chatrepl.text import safe
from chatrepl.text.amounts import size

if TYPE_CHECKING:
    from pathlib import Path

    from chatrepl.files.attachments import Attachment

ANOTHER = Hint("-p picks another profile.", "/undo takes one back; /profile switches to another profile.")

LISTED = 5
"""Of more attachments that one name brings only the sum is told."""


class Declined(ChatError):
    """The user does not want that to go along."""


def attach(session: Session, name: str) -> None:
    """Let what stands under that name, or at that address, go along with the next question; much only after a yes."""
    again = _before(session, name)
    try:
        found = [again] if again else _wanted(session, name)
    except Declined as no:
        session.screen.say(f"{no}.", "dim")
        return
    session.attachments = files.attachments.joined(session.attachments, found)
    if len(found) > 1:
        session.together.append({files.attachments.place(part.name) for part in found})


def take_back(session: Session) -> str:
    """Take the last attachment back, and what came with it by the same name; what is told of that."""
    last = session.attachments[-1]
    places = {files.attachments.place(last.name)}
    places = next((each for each in reversed(session.together) if places <= each), places)
    left = [part for part in session.attachments if files.attachments.place(part.name) not in places]
    count, session.attachments = len(session.attachments) - len(left), left
    if count == 1:
        return f"{safe.line(last.name)} is no longer attached."
    return f"{count:,} files are no longer attached."


def _before(session: Session, name: str) -> "Attachment | None":
    """What went along under that name before, as with turns that are compacted now; None where such a file is there."""
    if files.path_of(name).exists():
        return None
    parts = (part for message in reversed(session.conversation.messages) for part in message.parts)
    attached = (part for part in parts if isinstance(part, FilePart | ImagePart | MediaPart))
    return next((part for part in attached if part.name == name), None)


_PASTED = r"\[image \d{1,6}\]"
"""What an image is called that was pasted into the line, where it stands so."""


def paste(session: Session, images: Iterable[ImagePart]) -> None:
    """Let the images in a line go along with it."""
    session.attachments = files.attachments.joined(session.attachments, images)


def _goes(part: "Attachment", text: str) -> bool:
    """Whether an attachment goes along with that text: the mark of one that was pasted has to stand there yet."""
    return not re.fullmatch(_PASTED, part.name) or part.name in text


def attach_files(session: Session, names: Iterable[str]) -> None:
    """The same with each of these names."""
    for name in names:
        attach(session, name)


def show(session: Session) -> None:
    """Tell what goes along with the next question; an image that was pasted stands in its line."""
    _tell(session, [part for part in session.attachments if not re.fullmatch(_PASTED, part.name)])


def question(session: Session, text: str, named: Iterable[str] = (), own: "Sequence[Attachment]" = ()) -> Message:
    """The question with what goes along: the attachments, what it names, and its ``own``, which is told. Declined where
    the user does not want all that it names."""
    going = [part for part in session.attachments if _goes(part, text)]
    for name in named:
        known = set(going)
        new = [part for part in _named(session, name) if part not in known]
        _tell(session, new)
        going = files.attachments.joined(going, new)
    _tell(session, own)
    return message(text, *going, *own)


def called(session: Session, name: str, path: "Path") -> "list[Attachment]":
    """The file at that path under the name that it goes out by, if the user wants it."""
    return agreed(session, name, [replace(files.attachments.read(path), name=name)])


def mentioned(session: Session, text: str) -> Iterable[str]:
    """What a message names with an @ before it: files, addresses, and resources of servers."""
    return files.mentions.mentioned(text, partial(_is_resource, session))


def _is_resource(session: Session, name: str) -> bool:
    return bool(session.config.tools) and chat.served.parted(session, name) is not None


def refuse_images(session: Session) -> None:
    """A CommandError where the protocol holds no images."""
    from chatrepl.dialects import dialect  # not for the first key

    if ImagePart not in dialect(session.profile.dialect).carries:
        raise CommandError(f"{session.profile.dialect} takes no images", ANOTHER)


def _named(session: Session, name: str) -> "list[Attachment]":
    try:
        return _wanted(session, name)
    except files.sources.Empty as empty:
        session.screen.say(f"{safe.line(str(empty))}, sent as text", "dim")
        return []


def _tell(session: Session, parts: "Sequence[Attachment]") -> None:
    for part in parts[: LISTED if len(parts) > 2 * LISTED else None]:
        session.screen.say(f"+ {files.attachments.described(part)}", "dim")
    if len(parts) > 2 * LISTED:
        rest = parts[LISTED:]
        session.screen.say(f"+ {len(rest):,} more files ({_size(rest)})", "dim")


def _wanted(session: Session, name: str) -> "list[Attachment]":
    """What stands under that name, if the user wants it."""
    if files.sources.is_address(name):
        from chatrepl.chat import pages  # not for the first key

        return pages.wanted(session, name)
    is_resource = _is_resource(session, name) and not files.sources.exists(name)
    return agreed(session, name, chat.served.wanted(session, name) if is_resource else files.sources.read(name))


def agreed(session: Session, name: str, parts: "list[Attachment]") -> "list[Attachment]":
    """What that name brings; Declined if the user, who is asked where it is much, does not want it."""
    if any(isinstance(part, ImagePart) for part in parts):
        refuse_images(session)
    if _are_large(parts) and not session.user.confirm(f"{_described(name, parts)}: attach {_it(parts)}?"):
        raise Declined(f"{safe.line(name)} is not attached")
    return parts


def _are_large(parts: "list[Attachment]") -> bool:
    if len(parts) == 1:
        return files.attachments.is_large(parts[0])
    return sum(map(files.attachments.weight, parts)) > files.attachments.BOUND


def _described(name: str, parts: "list[Attachment]") -> str:
    if len(parts) == 1:
        return files.attachments.described(parts[0])
    return f"{safe.line(name)} ({len(parts):,} files, {_size(parts)})"


def _it(parts: "list[Attachment]") -> str:
    return "it" if len(parts) == 1 else "them"


def _size(parts: "Sequence[Attachment]") -> str:
    return size(sum(map(files.attachments.weight, parts)))
