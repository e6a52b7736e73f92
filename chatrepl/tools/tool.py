"""What a model may call, what it calls, and what comes back: values, which the loop shows, keeps and sends."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Progress(NamedTuple):
    """How far a call is, as its server says; ``total`` is None where it is not known."""

    done: float
    total: float | None = None
    text: str = ""


Watch = Callable[[Progress], None]
"""Is told of the progress of a call, from another thread."""


class Media(NamedTuple):
    """A picture, a sound or a file in a result: ``data`` is base64, ``mime`` was read from the bytes where it could."""

    mime: str
    data: str
    name: str = ""


class Result(NamedTuple):
    """What came of a call.

    ``text`` goes to the model, capped; ``whole`` is all of it, for the session. Both are untrusted.
    """

    text: str
    whole: str = ""
    media: tuple[Media, ...] = ()
    error: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Tool:
    """Something that a model may call.

    ``name`` is what the model knows it by, unique among those that are offered and ASCII; ``own`` is its server's own
    word for it. ``description``, ``schema`` and ``annotations`` are a server's words, untrusted. ``origin`` says what
    runs, or where: the command as a list in JSON, or the address, with variables unexpanded.
    """

    name: str
    server: str
    own: str
    description: str
    schema: Mapping[str, Any]
    origin: str
    run: "Callable[[Mapping[str, Any], Watch], Result]" = field(compare=False)
    approve: str = "ask"
    annotations: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """What people call it: ``files.read_file``, or the name alone of a program."""
        return f"{self.server}.{self.name.removeprefix(self.server + '__')}" if self.server else self.name

    @property
    def digest(self) -> str:
        """What a yes is bound to: it changes when anything does that makes the tool what it is."""
        return digest(self.server, self.own, self.origin, self.description, self.schema)

    @property
    def weight(self) -> int:
        """About how many tokens its definition costs in each request."""
        return (len(self.name) + len(self.description) + len(canonical(self.schema))) // 4 + 8


class Call(NamedTuple):
    """What a model wants to run: ``id`` is unique in the conversation, ``arguments`` an object."""

    id: str
    tool: Tool
    arguments: Mapping[str, Any]

    def digest(self, folder: str) -> str:
        """What a yes to this one call is bound to."""
        return digest(self.tool.digest, self.arguments, folder)


def canonical(value: Any) -> str:
    """A value as JSON, the same for equal values whatever their order; text that no request can hold is kept apart."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=dict)


def digest(*values: Any) -> str:
    """A short name for exactly these values."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def no_watch(_progress: Progress) -> None:
    """The ``Watch`` of those who look at no progress."""
