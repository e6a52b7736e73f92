"""How much of the context the next request takes: what the server counted last, and an estimate of the rest."""

from collections.abc import Sequence

from chatrepl.client.shortening import SUMMARY
from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    Turn,
)
from chatrepl.usage import Usage

BYTES = 4
"""So many bytes make a token, roughly, before a server has told."""

IMAGE = 4_000
"""An image counts as so many bytes: about 1,000 tokens."""

_TRUST = 200
"""The first guess weighs as much as so many tokens that were reported."""


class Gauge:
    """How long a conversation is. It follows the conversation: only turns that are new are looked at, so that one costs
    the same in a long conversation as in a short one. Every report of a server corrects how many bytes make a token."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._last: Turn | None = None
        self._reported = _TRUST * BYTES, _TRUST
        """Bytes, and what servers counted them as."""

    @property
    def ratio(self) -> float:
        """So many bytes make a token here."""
        size, tokens = self._reported
        return size / tokens

    def follow(self, turns: Sequence[Turn]) -> None:
        """Measure the turns that are new. Before the same turn there always stand the same; who goes back begins
        anew."""
        sizes = self._sizes
        if len(turns) < len(sizes) or (sizes and turns[len(sizes) - 1] is not self._last):
            sizes.clear()
            self._reported = _TRUST * BYTES, _TRUST
        for place in range(len(sizes), len(turns)):
            sizes.append(sum(map(_size, turns[place])))
            self._learn(turns[place][-1])
        self._last = turns[-1] if turns else None

    def _learn(self, reply: Message) -> None:
        """What the server says of the length of a reply tells how long its tokens are."""
        used = reply.usage
        tokens = (used.output or 0) - (used.reasoning or 0) if used else 0
        size = bytes_of(reply.text)
        if tokens > 0 and tokens / 2 < size < 16 * tokens and all(isinstance(part, TextPart) for part in reply.parts):
            self._reported = self._reported[0] + size, self._reported[1] + tokens

    def tokens(self, conversation: Conversation) -> tuple[int, bool]:
        """The tokens of what is sent of the conversation, and whether all of them were counted by the server rather
        than estimated here."""
        turns, shape = conversation.turns, conversation.shape
        for place in range(len(turns) - 1, (shape.at if shape.summary else 0) - 1, -1):
            if (known := _held(turns[place][-1])) is not None:
                rest = sum(self._sizes[place + 1 :])
                return known + self.estimate(rest), not rest
        size = bytes_of(conversation.system) + self._sent(conversation)
        return self.estimate(size), not size

    def estimate(self, size: int) -> int:
        """How many tokens so many bytes are."""
        return int(-(-size // self.ratio))

    def _sent(self, conversation: Conversation) -> int:
        shape, sizes = conversation.shape, self._sizes
        if not shape.summary:
            return sum(sizes)
        pinned = sum(sizes[place] for place in shape.pinned if 0 < place < shape.count)
        first = sizes[0] if 0 in shape.pinned else bytes_of(conversation.turns[0][0].text)
        return first + bytes_of(SUMMARY + shape.summary) + pinned + sum(sizes[shape.count :])


def _held(reply: Message) -> int | None:
    """What the conversation holds after that reply, as its server counted, without thoughts that do not go back."""
    used = reply.usage or Usage()
    total = used.total
    if total is None and used.input is not None and used.output is not None:
        total = used.input + used.output
    if total is None or any(isinstance(part, ThinkingPart) and part.signature for part in reply.parts):
        return total
    return max(0, total - (used.reasoning or 0))


def _size(message: Message) -> int:
    return sum(map(size_of, message.parts))


def size_of(part: Part) -> int:
    """How many bytes a part counts as."""
    match part:
        case TextPart(text) | ThinkingPart(text) | ToolResultPart(_, text):
            return bytes_of(text)
        case FilePart(name, text):
            return bytes_of(name) + bytes_of(text)
        case ToolCallPart(_, name, arguments):
            return bytes_of(name) + bytes_of(arguments)
        case ImagePart():
            return IMAGE
    return 0


def bytes_of(text: str) -> int:
    """How many bytes the text takes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
