"""What any server can say, whatever its protocol: the one vocabulary behind the dialects.

A failure is an exception (see ``errors``), never an event.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

from chatrepl import dataclass
from chatrepl.usage import Usage as Usage

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "error", "other"]
FINISH_REASONS: tuple[FinishReason, ...] = get_args(FinishReason)


def _check(event: object, kind: type | tuple[type, ...], *names: str) -> None:
    for name in names:
        value = getattr(event, name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise TypeError(f"{type(event).__name__}.{name} cannot be {value!r}")


@dataclass(frozen=True)
class Started:
    """The server began to answer and named the model that does, and perhaps the build of it (``fingerprint``)."""

    model: str
    fingerprint: str = ""

    def __post_init__(self) -> None:
        _check(self, str, "model", "fingerprint")


@dataclass(frozen=True)
class Text:
    """A piece of the answer, as long or short as the server sent it."""

    text: str

    def __post_init__(self) -> None:
        if type(self.text) is not str:
            _check(self, str, "text")


@dataclass(frozen=True)
class Thinking:
    """A piece of the model's reasoning. ``signature`` is what some protocols want back with it, opaque."""

    text: str
    signature: str = ""

    def __post_init__(self) -> None:
        _check(self, str, "text", "signature")


@dataclass(frozen=True)
class ToolCallPiece:
    """A piece of tool call number ``index``; ``id`` and ``name`` come once, ``arguments`` is JSON text to be joined.
    ``opaque`` is what its server wants back with the call, behind the name of the dialect."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    opaque: str = ""

    def __post_init__(self) -> None:
        _check(self, int, "index")
        _check(self, str, "id", "name", "arguments", "opaque")


@dataclass(frozen=True)
class Media:
    """An image, a sound or another file that the model made: base64 in ``data``, or the address it has in ``url``."""

    mime: str
    data: str = ""
    url: str = ""
    opaque: str = ""
    """What its server wants back with it, behind the name of the dialect."""

    def __post_init__(self) -> None:
        _check(self, str, "mime", "data", "url", "opaque")

    @property
    def kind(self) -> str:
        """What it is, in a word."""
        return {"image": "image", "audio": "sound", "video": "video"}.get(self.mime.partition("/")[0], "file")


@dataclass(frozen=True)
class Source:
    """A place of the web that the server's search found; ``cited`` where the answer rests on it.

    Where it is told which words of the answer do, these are ``words``, and ``start`` is where they begin: in characters
    of all that its ``Text`` events said.
    """

    url: str
    title: str = ""
    cited: bool = False
    start: int = 0
    words: str = ""

    def __post_init__(self) -> None:
        _check(self, str, "url", "title", "words")
        _check(self, int, "start")


@dataclass(frozen=True)
class Search:
    """The server searches the web for these words, or opens that address; ``over`` once it has. ``failure`` is its word
    for how that failed."""

    query: str = ""
    over: bool = False
    failure: str = ""

    def __post_init__(self) -> None:
        _check(self, str, "query", "failure")


@dataclass(frozen=True)
class Certainty:
    """How certain the model was of a token: the logarithm of its probability, None for none at all, and of others."""

    token: str
    logprob: float | None = None
    others: tuple[tuple[str, float | None], ...] = ()


@dataclass(frozen=True)
class Finished:
    """The answer is over. ``reason`` is normalised, ``raw`` is the server's own word for it. Where it is not over but
    pauses, ``opaque`` is what its server wants back to go on, behind the name of the dialect."""

    reason: FinishReason
    raw: str = ""
    opaque: str = ""

    def __post_init__(self) -> None:
        _check(self, str, "reason", "raw", "opaque")
        if self.reason not in FINISH_REASONS:
            raise TypeError(f"Finished.reason cannot be {self.reason!r}")


@dataclass(frozen=True)
class Choice:
    """What comes of another choice of the request than the first: of number ``place``, counted from 0."""

    place: int
    event: "Event"


Event = Started | Text | Thinking | ToolCallPiece | Media | Source | Search | Certainty | Usage | Finished | Choice


NOTICEABLE = 2.0
"""The seconds after which a wait is told."""


class Wait(NamedTuple):
    """A wait of at most ``seconds``; ``what`` goes on after "while" or a comma: "connecting to example.org"."""

    what: str
    seconds: float
    exact: bool = False
    """Whether it takes just so long, and ``what`` comes then: "asking again"."""
    why: str = ""
    """What went wrong before, for one that is shown while it lasts."""


Waiting = Callable[[Wait], object]
"""Called each time something is about to be waited for; true where that is shown, and needs no line."""


def nobody(_wait: Wait) -> None:
    """The ``Waiting`` of those whom nobody watches."""
