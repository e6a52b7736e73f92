"""Messages as plain data for JSON, and back."""

from collections.abc import Mapping
from typing import Any, get_args

from chatrepl import values
from chatrepl.conversation import (
    FilePart,
    ImagePart,
    MediaPart,
    Message,
    Part,
    Role,
    SourcePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.usage import Usage, as_data

_PARTS: dict[str, type[Part]] = {
    "text": TextPart,
    "thinking": ThinkingPart,
    "image": ImagePart,
    "media": MediaPart,
    "source": SourcePart,
    "file": FilePart,
    "tool_call": ToolCallPart,
    "tool_result": ToolResultPart,
}
_KINDS = {part: kind for kind, part in _PARTS.items()}


def to_data(message: Message) -> dict[str, Any]:
    """The message as plain data for JSON; empty fields are left out. ``from_data`` is the inverse."""
    data = values(message)
    data["usage"] = message.usage and as_data(message.usage)
    data["parts"] = [{"kind": _KINDS[type(part)], **_fields(part)} for part in message.parts]
    return {key: value for key, value in data.items() if value or key in ("role", "parts")}


def from_data(data: Mapping[str, Any]) -> Message:
    """The message that ``to_data`` gave. Anything else raises ValueError, whatever its shape."""
    try:
        parts = tuple(_part(dict(part)) for part in data["parts"])
        texts = {key: _text(data[key]) for key in _TEXTS if key in data}
        usage = Usage(**data["usage"]) if data.get("usage") else None
        if data["role"] not in _ROLES:
            raise ValueError(f"no such role: {data['role']!r}")
        return Message(data["role"], parts, usage=usage, **texts)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a message: {error}") from error


_ROLES = get_args(Role)
_TEXTS = ("model", "ending", "at", "fingerprint", "profile", "raw_ending")


def _fields(part: Part) -> dict[str, Any]:
    """The fields of a part, without what few parts have."""
    return {name: value for name, value in values(part).items() if value or name not in _RARE}


_RARE = ("server_id", "opaque", "failure")


def _part(data: dict[str, Any]) -> Part:
    return _PARTS[data.pop("kind")](**{key: _text(value) for key, value in data.items()})


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
