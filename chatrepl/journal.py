"""What happened in a session, entry by entry, and what it adds up to.

The session in memory and the one on disk are the same fold over the same entries, so they cannot differ: whatever
changes a session is an entry, written first and then taken in here.
"""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from chatrepl.conversation import (
    Conversation,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    Turn,
    checked,
    from_data,
    to_data,
)

VERSION = 1

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Header:
    """The first entry: what file this is, and when it was begun."""

    id: str
    at: str
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Said:
    """A message: a question opens a turn, a reply closes it."""

    message: Message


@dataclass(frozen=True, slots=True)
class Taken:
    """A whole turn, taken over from another session or file."""

    turn: Turn


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a reply that is still arriving. It counts only if the reply itself never comes."""

    text: str = ""
    thinking: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something done to the conversation.

    ``system`` and ``rename`` set the system prompt and the title to ``text``; ``drop`` takes the last ``count`` turns
    away; ``clear`` takes all, ``restore`` brings them back; ``retry`` reopens the last turn, whose reply is replaced
    when the new one has come; ``withdraw`` takes back a question that got no reply.
    """

    kind: str
    text: str = ""
    count: int = 0


Entry = Header | Said | Taken | Piece | Mark


@dataclass(slots=True)
class State:
    """What the entries so far add up to."""

    conversation: Conversation = field(default_factory=Conversation)
    title: str = ""
    question: Message | None = None
    """The question of the open turn."""
    cleared: list[Turn] | None = None
    """What the last ``clear`` took, as long as nothing was said since."""
    _pieces: list[Piece] = field(default_factory=list)
    _replaces: bool = False

    def take(self, entry: Entry) -> None:
        """Take the next entry in. One that makes no sense here changes nothing."""
        match entry:
            case Said(message) if message.role == "user":
                self._open(message)
                self.title = self.title or title_of(message)
            case Said(message) if message.role == "assistant" and self.question:
                if self._replaces:
                    self.conversation.drop()
                self.conversation.add((self.question, message))
                self._open(None)
            case Taken(turn):
                self._open(None)
                self.conversation.add(turn)
                self.title = self.title or title_of(turn[0])
            case Piece():
                self._pieces.append(entry)
            case Mark():
                self._mark(entry)

    def partial(self) -> Message | None:
        """What had come of the reply in the open turn, as an interrupted message."""
        thinking = "".join(piece.thinking for piece in self._pieces)
        text = "".join(piece.text for piece in self._pieces)
        parts: list[Part] = [ThinkingPart(thinking)] if thinking else []
        parts += [TextPart(text)] if text else []
        return Message("assistant", tuple(parts), ending="interrupted") if parts else None

    def _open(self, question: Message | None, *, replaces: bool = False) -> None:
        self.question, self._replaces = question, replaces
        self._pieces.clear()
        self.cleared = None

    def _mark(self, mark: Mark) -> None:
        turns = self.conversation.turns
        match mark.kind:
            case "system":
                self.conversation.system = mark.text
            case "rename":
                self.title = mark.text
            case "drop":
                self.conversation.drop(mark.count)
            case "clear":
                self._open(None)
                self.cleared, self.conversation.turns = turns, []
            case "restore" if self.cleared is not None:
                self.conversation.turns, self.cleared = self.cleared, None
            case "retry" if turns:
                self._open(turns[-1][0], replaces=True)
            case "withdraw":
                self._open(None)


def title_of(message: Message) -> str:
    """A title from a question: its first line that says something, at most 60 characters."""
    first = next((line.strip() for line in message.text.splitlines() if line.strip()), "")
    return first if len(first) <= 60 else first[:59].rstrip() + "…"


def to_json(entry: Entry) -> dict[str, Any]:
    """The entry as plain data for one line of JSON. ``from_json`` is the inverse."""
    match entry:
        case Header(session_id, at, version):
            return {"chatrepl": version, "id": session_id, "at": at}
        case Said(message):
            return {"message": to_data(message)}
        case Taken(turn):
            return {"turn": [to_data(message) for message in turn]}
        case Piece(text, thinking):
            return {"piece": text} | ({"thinking": thinking} if thinking else {})
        case Mark(kind, text, count):
            return {"mark": kind} | ({"text": text} if text else {}) | ({"count": count} if count else {})


def from_json(data: Any) -> Entry:
    """The entry that ``to_json`` gave. Anything else raises ValueError, whatever its shape."""
    match data:
        case {"chatrepl": int(version), "id": str(session_id), "at": str(at)}:
            return Header(session_id, at, version)
        case {"message": dict(message)}:
            return Said(from_data(message))
        case {"turn": list(turn)}:
            return Taken(checked(from_data(_typed(message, dict)) for message in turn))
        case {"piece": str(), **rest}:
            return Piece(data["piece"], _typed(rest.get("thinking", ""), str))
        case {"mark": str(), **rest}:
            return Mark(data["mark"], _typed(rest.get("text", ""), str), _typed(rest.get("count", 0), int))
    raise ValueError("no entry of a session")


def _typed(value: object, kind: type[_T]) -> _T:
    if not isinstance(value, kind):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value
