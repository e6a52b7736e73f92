"""Entries of a session as plain data, one for each line of its file."""

from typing import Any, TypeVar

from chatrepl.conversation import Shape, Turn, checked
from chatrepl.sessions import plain
from chatrepl.sessions.entries import VERSION, Aside, Entry, Header, Mark, Piece, Said, Step, Taken

_T = TypeVar("_T")


def to_data(entry: Entry) -> dict[str, Any]:
    """The entry as plain data for one line of JSON. ``from_data`` is the inverse."""
    match entry:
        case Header(session_id, at, version):
            return {"chatrepl": version, "id": session_id, "at": at}
        case Said(message):
            return {"message": plain.to_data(message)}
        case Step(message):
            return {"step": plain.to_data(message)}
        case Taken(turn):
            return {"turn": [plain.to_data(message) for message in turn]}
        case Aside(kind, messages):
            return {"aside": kind, "messages": [plain.to_data(message) for message in messages]}
        case Piece(text, thinking, choice):
            more = ({"thinking": thinking} if thinking else {}) | ({"choice": choice} if choice else {})
            return {"piece": text} | more
        case Mark(kind, text, count):
            return {"mark": kind} | ({"text": text} if text else {}) | ({"count": count} if count else {})


def from_data(data: Any) -> Entry:
    """The entry that ``to_data`` gave. Anything else raises ValueError, whatever its shape."""
    match data:
        case {"chatrepl": int(version), "id": str(session_id), "at": str(at)}:
            return Header(session_id, at, version)
        case {"message": dict(message)}:
            return Said(plain.from_data(message))
        case {"step": dict(message)}:
            return Step(plain.from_data(message))
        case {"turn": list(turn)}:
            return Taken(checked(plain.from_data(_typed(message, dict)) for message in turn))
        case {"aside": str(kind), "messages": list(messages)}:
            return _aside(kind, tuple(plain.from_data(_typed(message, dict)) for message in messages))
        case {"piece": str(), **rest}:
            return Piece(data["piece"], _typed(rest.get("thinking", ""), str), _typed(rest.get("choice", 0), int))
        case {"mark": str(), **rest}:
            return Mark(data["mark"], _typed(rest.get("text", ""), str), _typed(rest.get("count", 0), int))
    raise ValueError("no entry of a session")


def reshaped(shape: Shape) -> list[Entry]:
    """The marks that give that shape to the same turns."""
    pins = [Mark("pin", count=place + 1) for place in sorted(shape.pinned)]
    return [*pins, *([Mark("compact", shape.summary, shape.count)] if shape.summary else [])]


def complaint(header: Entry | None) -> tuple[str, str] | None:
    """What is wrong with the first entry of a file, and what to do; None where it begins a session."""
    if not isinstance(header, Header):
        return "is no session of chatrepl", f'A session begins with a line {{"chatrepl": {VERSION}, ...}}.'
    if header.version > VERSION:
        return f"was written by a newer chatrepl (format {header.version})", "Update chatrepl."
    if header.version < VERSION:
        return f"was written by a chatrepl before 0.1 (format {header.version}), which is not read any more", ""
    return None


def _aside(kind: str, messages: Turn) -> Aside:
    """What was asked aside: a turn, or replies, where it may become a part of the conversation."""
    if kind == "choices" and any(message.role != "assistant" for message in messages):
        raise ValueError("no replies")
    return Aside(kind, checked(messages) if kind in ("btw", "reply") else messages)


def _typed(value: object, kind: type[_T]) -> _T:
    if not isinstance(value, kind):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value
