"""How much of the context the next request takes: what the server counted last, and an estimate of the rest."""

import string
from collections.abc import Iterable, Sequence

from chatrepl.client.shortening import SUMMARY
from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    MediaPart,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    Turn,
)

BYTES = 4
"""So many bytes of English make a token, roughly, before a server has told."""

IMAGE = 4_000
"""An image counts as so many bytes: about 1,000 tokens."""

_LETTERS = (string.ascii_letters + string.whitespace).encode()
_ASCII = bytes(range(128))

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
        self._counted = -1, 0
        """The last turn whose server counted, and how many tokens the conversation held after it."""

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
            self._reported, self._counted = (_TRUST * BYTES, _TRUST), (-1, 0)
        for place in range(len(sizes), len(turns)):
            sizes.append(sum(map(_size, turns[place])))
            before, held = self._counted
            self._learn(turns[place], held if before == place - 1 >= 0 else None)
            if (known := _held(turns[place][-1])) is not None:
                self._counted = place, known
        self._last = turns[-1] if turns else None

    def _learn(self, turn: Turn, held: int | None) -> None:
        """What the server says of the length of each reply, and of what stands between two, tells how long tokens
        are; ``held`` is what it said of the turns before."""
        between: list[Part] = []
        for message in turn:
            if message.role != "assistant":
                between += message.parts
                continue
            if used := message.usage:
                if held is not None and used.input is not None:
                    self._report(between, used.input - held)
                self._report(message.parts, (used.output or 0) - (used.reasoning or 0))
            held, between = _held(message), []

    def _report(self, parts: Iterable[Part], tokens: int) -> None:
        """These parts are so many tokens, unless more stands between, or less is sent."""
        if tokens <= 0:
            return
        size = sum(weight(part.text) if isinstance(part, TextPart | ToolResultPart) else 16 * tokens for part in parts)
        if tokens / 2 < size < 16 * tokens:
            self._reported = self._reported[0] + size, self._reported[1] + tokens

    def tokens(self, conversation: Conversation) -> tuple[int, bool]:
        """The tokens of what is sent of the conversation, and whether all of them were counted by the server rather
        than estimated here."""
        shape, (place, held) = conversation.shape, self._counted
        if place >= (shape.at if shape.summary else 0):
            rest = sum(self._sizes[place + 1 :])
            return held + self.estimate(rest), not rest
        size = weight(conversation.system) + self._sent(conversation)
        return self.estimate(size), not size

    def estimate(self, size: int) -> int:
        """How many tokens so many bytes are."""
        return int(-(-size // self.ratio))

    def _sent(self, conversation: Conversation) -> int:
        shape, sizes = conversation.shape, self._sizes
        if not shape.summary:
            return sum(sizes)
        pinned = sum(sizes[place] for place in shape.pinned if 0 < place < shape.count)
        first = sizes[0] if 0 in shape.pinned else weight(conversation.turns[0][0].text)
        return first + weight(SUMMARY + shape.summary) + pinned + sum(sizes[shape.count :])


def _held(reply: Message) -> int | None:
    """What the conversation holds after that reply, as its server counted, without thoughts that do not go back."""
    used = reply.usage
    if not used:
        return None
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
    return IMAGE if isinstance(part, ImagePart) else weight(said(part))


def said(part: Part) -> str:
    """The words that a request holds of a part."""
    match part:
        case TextPart(text) | ThinkingPart(text) | ToolResultPart(_, text):
            return text
        case FilePart(name, text) | MediaPart(name=name, text=text):
            return f"{name}{text}"
        case ToolCallPart(_, name, arguments):
            return f"{name}{arguments}"
    return ""


def weight(text: str) -> int:
    """As many tokens as so many bytes of English the text is: a digit or a sign counts as two and a half, and a byte of
    another script as one and a half, as the tokenizers of OpenAI, Anthropic and llama.cpp have it on the whole."""
    data = text.encode("utf-8", "replace")
    odd = data.translate(None, _LETTERS)
    others = 0 if text.isascii() else len(odd.translate(None, _ASCII))
    return len(data) + (3 * len(odd) - 2 * others) // 2
