"""What happened in a session, entry by entry, and what it adds up to.

The session in memory and the one on disk are the same fold over the same entries, so they cannot differ: whatever
changes a session is an entry, written first and then taken in here.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from chatrepl import conversation, secrets_found
from chatrepl.conversation import (
    BROKEN_OFF,
    Conversation,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    Turn,
    checked,
    continued,
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

    ``system`` and ``rename`` set the system prompt and the title to ``text``; the kinds in ``WHO`` say who is talked
    to. ``drop`` and ``edit`` take the last ``count`` turns away, ``clear`` takes all. ``retry`` reopens the last turn,
    whose reply is replaced when the new one has come, unless that broke off and the old one had not; ``continue``
    reopens it too, and what comes is added to its reply. ``restore`` undoes the last of these, and the last
    ``restore``. ``withdraw`` takes back a question, or a reopening, that got no reply.
    """

    kind: str
    text: str = ""
    count: int = 0


WHO = ("profile", "model", "dialect", "base_url")
"""The marks of who is talked to. The last two are there only where they are not the profile's own."""

Entry = Header | Said | Taken | Piece | Mark


class Before(NamedTuple):
    """The turns as they were before the mark of that kind changed them."""

    kind: str
    turns: list[Turn]


@dataclass(slots=True)
class State:
    """What the entries so far add up to."""

    conversation: Conversation = field(default_factory=Conversation)
    title: str = ""
    who: dict[str, str] = field(default_factory=dict)
    """Who was talked to last, by the kinds of ``WHO``."""
    question: Message | None = None
    """The question of the open turn."""
    reopened: str = ""
    """What reopened the turn: ``retry``, ``continue``, or "" for a new question."""
    before: Before | None = None
    """What can be brought back, as long as no new turn came."""
    _pieces: list[Piece] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        """Take the next entry in. One that makes no sense here changes nothing."""
        match entry:
            case Said(message) if message.role == "user":
                self.settle()
                self._open(message)
                self.title = self.title or title_of(message.text)
            case Said(message) if message.role == "assistant" and self.question:
                self._close(self.question, message)
            case Taken(turn):
                self.settle()
                self.conversation.add(turn)
                self.before = None
                self.title = self.title or title_of(turn[0].text)
            case Piece() if self.question:
                self._pieces.append(entry)
            case Mark(kind, text) if kind in WHO:
                self.who[kind] = text
            case Mark():
                self._mark(entry)

    def partial(self) -> Message | None:
        """What had come of the reply in the open turn, as an interrupted message."""
        thinking = "".join(piece.thinking for piece in self._pieces)
        text = "".join(piece.text for piece in self._pieces)
        parts: list[Part] = [ThinkingPart(thinking)] if thinking else []
        parts += [TextPart(text)] if text else []
        return Message("assistant", tuple(parts), self.who.get("model", ""), "interrupted") if parts else None

    @property
    def set_aside(self) -> bool:
        """Whether the last reply was set aside, by /undo or because it broke off; a mark ``restore`` takes it."""
        return self.before is not None and self.before.kind == "restore"

    def settlement(self) -> Entry | None:
        """The entry that ends a turn which the program did not live to end."""
        if not self.question:
            return None
        partial = self.partial()
        return Said(partial) if partial else Mark("withdraw")

    def settle(self) -> None:
        """End an open turn with what had come: the line that did so was lost, or never written."""
        if entry := self.settlement():
            self.take(entry)

    def _open(self, question: Message | None, reopened: str = "") -> None:
        self.question, self.reopened = question, reopened
        self._pieces.clear()

    def _close(self, question: Message, reply: Message) -> None:
        """Close the open turn. A reply that replaces or goes on from another takes its place. One that broke off does
        not take that of a whole one: it is as if the old reply were brought back at once."""
        reopened = self.reopened
        self._open(None)
        if not reopened:
            self.conversation.add((question, reply))
            self.before = None
            return
        old = self.conversation.turns
        *others, last = old
        turn = (*last[:-1], continued(last[-1], reply)) if reopened == "continue" else (question, reply)
        self.conversation.turns, self.before = [*others, turn], Before(reopened, old)
        if reopened == "retry" and reply.ending in BROKEN_OFF and last[-1].ending not in BROKEN_OFF:
            self._mark(Mark("restore"))

    def _mark(self, mark: Mark) -> None:
        turns = self.conversation.turns
        match mark.kind:
            case "system":
                self.conversation.system = mark.text
            case "rename":
                self.title = mark.text
            case "drop" | "edit" | "clear" if turns:
                self._open(None)
                if not (self.before and mark.kind == self.before.kind == "drop"):  # one /undo after another
                    self.before = Before(mark.kind, turns[:])
                self.conversation.drop(len(turns) if mark.kind == "clear" else mark.count)
            case "restore" if self.before:
                self._open(None)
                self.conversation.turns, self.before = self.before.turns, Before("restore", turns)
            case "retry" | "continue" if turns:
                self._open(turns[-1][0], mark.kind)
            case "withdraw":
                self._open(None)


def title_of(question: str) -> str:
    """A title from a question: its first line that says something, without secrets, at most 60 characters."""
    first = secrets_found.hidden(next((line.strip() for line in question.splitlines() if line.strip()), ""))
    return first if len(first) <= 60 else first[:59].rstrip() + "…"


def to_data(entry: Entry) -> dict[str, Any]:
    """The entry as plain data for one line of JSON. ``from_data`` is the inverse."""
    match entry:
        case Header(session_id, at, version):
            return {"chatrepl": version, "id": session_id, "at": at}
        case Said(message):
            return {"message": conversation.to_data(message)}
        case Taken(turn):
            return {"turn": [conversation.to_data(message) for message in turn]}
        case Piece(text, thinking):
            return {"piece": text} | ({"thinking": thinking} if thinking else {})
        case Mark(kind, text, count):
            return {"mark": kind} | ({"text": text} if text else {}) | ({"count": count} if count else {})


def from_data(data: Any) -> Entry:
    """The entry that ``to_data`` gave. Anything else raises ValueError, whatever its shape."""
    match data:
        case {"chatrepl": int(version), "id": str(session_id), "at": str(at)}:
            return Header(session_id, at, version)
        case {"message": dict(message)}:
            return Said(conversation.from_data(message))
        case {"turn": list(turn)}:
            return Taken(checked(conversation.from_data(_typed(message, dict)) for message in turn))
        case {"piece": str(), **rest}:
            return Piece(data["piece"], _typed(rest.get("thinking", ""), str))
        case {"mark": str(), **rest}:
            return Mark(data["mark"], _typed(rest.get("text", ""), str), _typed(rest.get("count", 0), int))
    raise ValueError("no entry of a session")


def _typed(value: object, kind: type[_T]) -> _T:
    if not isinstance(value, kind):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value
