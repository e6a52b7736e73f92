"""A reply that is still arriving."""

from collections.abc import Iterator

from chatrepl import chat, dataclass, field, replace
from chatrepl.chat.sources import Sources
from chatrepl.conversation import Message, Part, TextPart, ThinkingPart, ToolCallPart, now
from chatrepl.dialects.thinking import parted
from chatrepl.events import (
    Certainty,
    Choice,
    Event,
    Finished,
    Media,
    Source,
    Started,
    Text,
    Thinking,
    ToolCallPiece,
    Usage,
)
from chatrepl.usage import shared, together


@dataclass()
class Reply:
    """A message that is still arriving: feed it the events, ask it for the message at any time.

    Its ``ending`` is ``failed`` until somebody knows better: the server by a ``Finished``, or the user by an
    interruption. ``beside`` are the other replies of the same request, by their places.
    """

    model: str = ""
    ending: str = "failed"
    raw_ending: str = ""
    usage: Usage | None = None
    fingerprint: str = ""
    profile: str = ""
    _said: list[str | Media] = field(default_factory=list)
    """The pieces of the answer, as they came."""
    certainties: list[Certainty] = field(default_factory=list)
    """How certain the model was of each token, where that was asked for."""
    sources: Sources = field(default_factory=Sources)
    """The places of the web that it was made from, and where it cites them."""
    beside: "dict[int, Reply]" = field(default_factory=dict)
    _thinking: list[Thinking] = field(default_factory=list)
    _calls: dict[int, list[ToolCallPiece]] = field(default_factory=dict)
    paused: str = ""
    """What its server wants back to go on, where it paused."""
    _pauses: list[str] = field(default_factory=list)
    _before: int = 0
    """The characters that had been said when it paused last."""
    _used: Usage | None = None

    def feed(self, event: Event) -> None:
        """Take the next event in, at a cost that does not grow with what came before."""
        match event:
            case Text(text):
                self._said.append(text)
            case Thinking():
                self._thinking.append(event)
            case ToolCallPiece(index):
                self._calls.setdefault(index, []).append(event)
            case Choice(place, inner):
                self.beside.setdefault(place, Reply()).feed(inner)
            case Certainty():
                self.certainties.append(event)
            case Source():
                self.sources.take(event, lambda: self.text, self._before)
            case Media():  # of one of which only the address came that is all there is
                self._said.append(event if event.data else chat.media.link(event))
            case Started(model, fingerprint):
                self.model = model or self.model
                self.fingerprint = fingerprint
            case Usage():
                self.usage = together(self._used, event) if self._used else event
            case Finished(reason, raw, paused):
                self.ending, self.raw_ending, self.paused = reason, raw, paused

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(piece for piece in self._said if isinstance(piece, str))

    @property
    def characters(self) -> int:
        """How many came so far, of the answer and the reasoning."""
        return len(self.text) + sum(len(piece.text) for piece in self._thinking)

    @property
    def media(self) -> list[Media]:
        """The images, sounds and files so far."""
        return [piece for piece in self._said if isinstance(piece, Media)]

    @property
    def calls(self) -> bool:
        """Whether a tool is called."""
        return bool(self._calls)

    @property
    def empty(self) -> bool:
        """Whether nothing has come that is worth keeping."""
        return not (self._calls or any(self._said) or any(piece.text for piece in self._thinking))

    @property
    def size(self) -> int:
        """How many characters have come, of whatever kind."""
        calls = (piece.arguments for pieces in list(self._calls.values()) for piece in pieces)
        return len(self.text) + sum(len(piece.text) for piece in self._thinking) + sum(map(len, calls))

    def stop(self, ending: str) -> None:
        """End so, but for a whole reply that others stand beside: it was them that were waited for."""
        for each in (self, *self.beside.values()):
            if each.ending == "failed" or each.calls or not self.beside:
                each.ending, each.paused = ending, ""

    def leading(self) -> "Reply":
        """The first of the replies in which something stands, with the others that are not empty beside it."""
        replies = [each for each in (self, *(self.beside[place] for place in sorted(self.beside))) if not each.empty]
        if not self.beside or not replies:
            return self
        first, *others = (
            replace(each, model=self.model, fingerprint=self.fingerprint, profile=self.profile, beside={})
            for each in replies
        )
        return replace(first, usage=self.usage, beside=dict(enumerate(others, 1)))

    def message(self) -> Message:
        """The message so far."""
        return self.messages()[0]

    def messages(self) -> list[Message]:
        """The message so far, and those of the replies beside it. What the request used is parted among them."""
        replies = [self, *self.beside.values()]
        used = shared(self.usage, [each.size for each in replies] if self.beside else [0])
        return [each._message(usage) for each, usage in zip(replies, used, strict=True)]

    def _message(self, usage: Usage | None) -> Message:
        """The message. A stream may have shown as text what turns out to be reasoning."""
        thinking = "".join(piece.text for piece in self._thinking)
        signature = "".join(piece.signature for piece in self._thinking)
        thought, said = ("", self.text) if thinking else parted(self.text)
        thinking += thought
        parts: list[Part] = [ThinkingPart(thinking, signature)] if thinking or signature else []
        parts += self._in_order(len(self.text) - len(said)) if self.media else [TextPart(said)] if said else []
        parts += [_call(pieces) for _, pieces in sorted(self._calls.items())]
        parts += self._sources(parts)
        raw = "" if self.ending in (self.raw_ending, "interrupted", "failed") else self.raw_ending
        return Message(
            "assistant", tuple(parts), self.model, self.ending, usage, now(), self.fingerprint, self.profile, raw
        )

    def _sources(self, parts: list[Part]) -> Iterator[Part]:
        """The sources, their places those in the text that is kept: what came before it was none."""
        said = "".join(part.text for part in parts if isinstance(part, TextPart))
        text = self.text if self.sources.found else ""
        return self.sources.parts(text, len(text) - len(said) if text.endswith(said) else len(text))

    def go_on(self) -> Message:
        """What the server that paused wants back, to go on; what comes then is added to this reply."""
        self._pauses.append(self.paused)
        self.paused, self.ending, self.raw_ending = "", "failed", ""
        self._before, self._used = len(self.text), self.usage
        return Message("assistant", (ThinkingPart("", "".join(self._pauses)), TextPart(self.text)))

    def _in_order(self, thought: int) -> list[Part]:
        """What was said and made, without so many characters at its start."""
        said: list[str | Media] = []
        for piece in self._said:
            if isinstance(piece, str):
                piece, thought = piece[thought:], max(0, thought - len(piece))
            said.append(piece)
        return chat.media.parts(said)


def _call(pieces: list[ToolCallPiece]) -> ToolCallPart:
    call_id = next((piece.id for piece in pieces if piece.id), "")
    name = next((piece.name for piece in pieces if piece.name), "")
    opaque = next((piece.opaque for piece in reversed(pieces) if piece.opaque), "")
    return ToolCallPart(call_id, name, "".join(piece.arguments for piece in pieces), opaque=opaque)
