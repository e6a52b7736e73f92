"""A conversation: its turns, their messages, and what these hold."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain, count
from typing import Any, Literal

from chatrepl import dataclass, field, replace
from chatrepl.usage import Usage, together

Role = Literal["user", "assistant", "tool"]

BROKEN_OFF = ("interrupted", "failed", "error")
"""The endings of a reply of which more was to come."""


@dataclass(frozen=True)
class TextPart:
    """What was said."""

    text: str


@dataclass(frozen=True)
class ThinkingPart:
    """The model's reasoning; ``signature`` is opaque and goes back only where the protocol demands it."""

    text: str
    signature: str = ""


@dataclass(frozen=True)
class ImagePart:
    """An image: ``data`` is base64, ``mime`` like image/png, ``name`` its file name for people. ``opaque`` is what came
    with one that a model made, which nobody but its server understands, behind the name of the dialect."""

    mime: str
    data: str
    name: str = ""
    opaque: str = ""


@dataclass(frozen=True)
class MediaPart:
    """A PDF, a sound or another file that is neither a text nor an image: ``data`` is base64. ``text`` is its words,
    where they were read for a server that takes no such file."""

    mime: str
    data: str
    name: str = ""
    text: str = ""


@dataclass(frozen=True)
class SourcePart:
    """A place of the web that a reply was made from; ``cited`` is its number where the reply rests on it, as text.
    ``places`` are those of the words that do: where they begin and end in the text of the reply, as "0-41 60-102"."""

    url: str
    title: str = ""
    cited: str = ""
    places: str = ""

    @property
    def number(self) -> int:
        """The number of one that is cited, 0 of another."""
        return int(self.cited) if re.fullmatch("[0-9]{1,6}", self.cited) else 0


@dataclass(frozen=True)
class FilePart:
    """A text file that goes along with a message."""

    name: str
    text: str


@dataclass(frozen=True)
class ToolCallPart:
    """A tool call of the model; ``arguments`` is the JSON text as it came, which may be broken.

    ``server_id`` is the server's own id where that is another than ours, and ``opaque`` what came with the call that
    nobody but its server understands, behind the name of the dialect: ``gemini:...``.
    """

    id: str
    name: str
    arguments: str
    server_id: str = ""
    opaque: str = ""


@dataclass(frozen=True)
class ToolResultPart:
    """What a tool answered to the call ``id``. Images that stand behind it in its message belong to it.

    ``failure`` tells in a word how the call failed: "failed", "refused", "cancelled"; "" that it did not.
    """

    id: str
    text: str
    failure: str = ""


Part = TextPart | ThinkingPart | ImagePart | MediaPart | SourcePart | FilePart | ToolCallPart | ToolResultPart


def now() -> str:
    """The time, as ISO 8601 in UTC to the second: the form of every ``at``."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Message:
    """One message. ``ending`` tells how a reply ended: a finish reason, ``interrupted`` or ``failed``, else "".
    ``raw_ending`` is the server's own word for it, "" where it is the same.

    ``fingerprint`` is the server's word for the build of the model, by which a seed is repeatable; ``profile`` is the
    one that answered, where it was another than the one that was asked first.
    """

    role: Role
    parts: tuple[Part, ...]
    model: str = ""
    ending: str = ""
    usage: Usage | None = None
    at: str = ""
    fingerprint: str = ""
    profile: str = ""
    raw_ending: str = ""

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def thinking(self) -> str:
        """The thinking parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, ThinkingPart))

    @property
    def unfinished(self) -> bool:
        """Whether it broke off, or was cut at a limit."""
        return self.ending in (*BROKEN_OFF, "length")


def question(text: str, *attachments: Part) -> Message:
    """A message of the user, as of now."""
    return Message("user", (*attachments, TextPart(text)), at=now())


def continued(begun: Message, more: Message) -> Message:
    """A reply and what came when it was gone on with, as one message."""
    both = (*begun.parts, *more.parts)
    thinking = [part for part in both if isinstance(part, ThinkingPart)]
    if len(thinking) > 1:  # a signature holds for its own text alone
        thinking = [ThinkingPart("\n\n".join(part.text for part in thinking))]
    text = begun.text + more.text
    others = [part for part in both if not isinstance(part, TextPart | ThinkingPart | SourcePart)]
    parts = (*thinking, *([TextPart(text)] if text else []), *others, *_sources(begun, more))
    usage = together(begun.usage, more.usage)
    return replace(more, parts=parts, model=more.model or begun.model, usage=usage if usage != Usage() else None)


def _sources(begun: Message, more: Message) -> list[SourcePart]:
    """The sources of both, each once: those that are cited again keep their numbers, and places move behind the text
    that was begun."""
    found = {part.url: part for part in begun.parts if isinstance(part, SourcePart)}
    last = max((part.number for part in found.values()), default=0)
    for part in (part for part in more.parts if isinstance(part, SourcePart)):
        known = found.get(part.url, SourcePart(part.url, part.title))
        last += bool(part.number and not known.number)
        cited = known.cited or (str(last) if part.number else "")
        places = f"{known.places} {_moved(part.places, len(begun.text))}".strip()
        found[part.url] = SourcePart(part.url, known.title or part.title, cited, places)
    return sorted(found.values(), key=lambda part: part.number or last + 1)


def _moved(places: str, by: int) -> str:
    return re.sub(r"\d+", lambda match: str(int(match[0][:9]) + by), places, flags=re.ASCII)


def unanswered(messages: Iterable[Message]) -> list[ToolCallPart]:
    """The calls in these messages that have no result there."""
    parts = [part for message in messages for part in message.parts]
    results = {part.id for part in parts if isinstance(part, ToolResultPart)}
    return [part for part in parts if isinstance(part, ToolCallPart) and part.id not in results]


def with_own_ids(reply: Message, before: Iterable[Message]) -> Message:
    """The reply with ids of calls that no other call has, also before it: servers leave them out, or begin anew with
    each reply, and other servers refuse that. The server's own id is kept beside."""
    taken = {part.id for message in before for part in message.parts if isinstance(part, ToolCallPart)}
    parts: list[Part] = []
    for part in reply.parts:
        if isinstance(part, ToolCallPart):
            part = replace(part, id=_free(part.id, taken), server_id=part.server_id or part.id)
            taken.add(part.id)
            if part.server_id == part.id:
                part = replace(part, server_id="")
        parts.append(part)
    return replace(reply, parts=tuple(parts))


def _free(wanted: str, taken: set[str]) -> str:
    """The id, or one like it."""
    names = chain([wanted] if wanted else [], (f"{wanted or 'call'}_{number}" for number in count(2 if wanted else 1)))
    return next(name for name in names if name not in taken)


Turn = tuple[Message, ...]
"""A question and what answers it: the first message is the user's, the last the assistant's."""


def checked(messages: Iterable[Message]) -> Turn:
    """The messages as a turn; ValueError if they are none."""
    turn = tuple(messages)
    if len(turn) < 2 or turn[0].role != "user" or turn[-1].role != "assistant":
        raise ValueError(f"not a turn: {[message.role for message in turn]}")
    return turn


@dataclass(frozen=True)
class Definition:
    """A tool that a model may call, as it is told of it; ``schema`` is that of its arguments."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """What is sent: a ``summary``, made when there were ``at`` turns, stands for the first ``count``; those at the
    ``pinned`` places, from 0, go out word for word."""

    summary: str = ""
    count: int = 0
    at: int = 0
    pinned: frozenset[int] = frozenset()

    def before(self, place: int, *, again: bool = False) -> "Shape":
        """The shape left where other turns stand from that place on; what was asked ``again`` stays pinned."""
        pinned = frozenset(each for each in self.pinned if each < place + again)
        return Shape(pinned=pinned) if place < self.count else replace(self, at=min(self.at, place), pinned=pinned)


@dataclass()
class Conversation:
    """The system prompt, the turns, the tools that the model may call, and the JSON schema of its answer. A turn
    enters whole or not at all, so roles alternate in every prefix. One that goes to a server ends with an open turn,
    see ``asking``."""

    system: str = ""
    turns: list[Turn] = field(default_factory=list)
    tools: tuple[Definition, ...] = ()
    shape: Shape = Shape()
    schema: Mapping[str, Any] | None = None

    @property
    def messages(self) -> list[Message]:
        """All messages, oldest first."""
        return [message for turn in self.turns for message in turn]

    def asking(self, *open_turn: Message) -> "Conversation":
        """This conversation with an unanswered question (and, to be continued, the reply begun) at its end."""
        return replace(self, turns=[*self.turns, open_turn])

    def going_on(self, reply: Message, *more: Message) -> "Conversation":
        """The same with more in its open turn: a reply, or the rest of one that was begun, and what follows it."""
        *before, turn = self.turns
        if turn[-1].role == "assistant":
            turn, reply = turn[:-1], continued(turn[-1], reply)
        return replace(self, turns=[*before, (*turn, reply, *more)])

    def add(self, turn: Iterable[Message]) -> None:
        """Take a whole turn in."""
        self.turns.append(checked(turn))
