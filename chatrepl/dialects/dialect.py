"""What a wire protocol is here: a handful of pure functions between a conversation and plain data."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, get_args

from chatrepl import dataclass, field
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation, Part
from chatrepl.dialects.framing import Frame, Framing
from chatrepl.events import Event
from chatrepl.usage import Price


@dataclass(frozen=True)
class Request:
    """An HTTP request as plain data. ``body`` is what goes out as JSON, None for none."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class ModelInfo:
    """A model that a server offers. ``context`` is in tokens, ``price`` in dollars for a million of them; ``ends`` is
    the day on which it is shut down, as YYYY-MM-DD. None and "" are unknown."""

    id: str
    context: int | None = None
    price: Price | None = None
    ends: str = ""


ALL_PARTS: frozenset[type[Part]] = frozenset(get_args(Part))
"""The kinds of parts that a message can have."""


class Encode(Protocol):
    """A conversation that ends with an open turn into the request that asks for the reply."""

    def __call__(self, profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request: ...


@dataclass(frozen=True)
class Dialect:
    """A wire protocol.

    ``decode`` takes the frames of a streamed reply and ``decode_whole`` the parsed JSON of one in a piece. Both give
    events; they raise ``Refused`` for an error the server tells inside a good answer and ``BrokenReply`` for all that
    is no reply, or an unfinished one, and nothing else whatever they are fed. ``error_text`` is what the body of an
    HTTP error says in a line, "" for nothing. ``models`` is None where the protocol has no list of models.
    ``carries`` are the kinds of parts that a request can hold; not each of them in each place, see ``unsent``.
    ``prefill`` tells that a conversation may end with a reply that was begun, which the server goes on with; of other
    protocols a profile may say so for its server. ``modelless`` tells that a request may name no model, where the
    server does not say which one it has. ``tools`` tells that the model can be offered any; where it cannot, what the
    conversation offers is left out. ``schema`` tells that a request can hold the schema of the reply; where it cannot,
    the model is told of it. ``choices`` tells that a request can ask for several replies, by the option ``n``.
    """

    framing: Framing
    carries: frozenset[type[Part]]
    encode: Encode
    decode: Callable[[Iterable[Frame]], Iterator[Event]]
    decode_whole: Callable[[object], Iterator[Event]]
    error_text: Callable[[int, Mapping[str, str], bytes], str]
    models: Callable[[Profile, str], Request] | None = None
    decode_models: Callable[[object], list[ModelInfo]] | None = None
    prefill: bool = False
    modelless: bool = False
    tools: bool = True
    schema: bool = True
    choices: bool = False
