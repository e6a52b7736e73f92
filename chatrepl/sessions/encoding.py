"""Entries of a session as plain data, one for each line of its file."""

from typing import Any, TypeVar

from chatrepl import conversation
from chatrepl.conversation import checked
from chatrepl.sessions.entries import Aside, Entry, Header, Mark, Piece, Said, Taken

_T = TypeVar("_T")


def to_data(entry: Entry) -> dict[str, Any]:
    """The entry as plain data for one line of JSON. ``from_data`` is the inverse."""
    match entry:
        case Header(session_id, at, version):
            return {"chatrepl": version, "id": session_id, "at": at}
        case Said(message):
            return {"message": conversation.to_data(message)}
        case Taken(turn):
            return {"turn": [conversation.to_data(message) for message in turn]}
        case Aside(kind, messages):
            return {"aside": kind, "messages": [conversation.to_data(message) for message in messages]}
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
        case {"aside": str(kind), "messages": list(messages)}:
            return Aside(kind, tuple(conversation.from_data(_typed(message, dict)) for message in messages))
        case {"piece": str(), **rest}:
            return Piece(data["piece"], _typed(rest.get("thinking", ""), str))
        case {"mark": str(), **rest}:
            return Mark(data["mark"], _typed(rest.get("text", ""), str), _typed(rest.get("count", 0), int))
    raise ValueError("no entry of a session")


def _typed(value: object, kind: type[_T]) -> _T:
    if not isinstance(value, kind):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value
