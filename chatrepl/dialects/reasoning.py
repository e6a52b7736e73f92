"""Reasoning that goes back with the calls it led to, where a server takes it no longer, or wants it and did not get it.

A model may bind it to all that stood before it; after a change of the tools, the system prompt or the history it is
worth nothing then, and refused. So it is after a change of the server or the model, for nobody else can read it. Which
of them bind it changes, so the server's own complaint says it, and the request goes out once more without.
"""

import re
from collections.abc import Iterator, Set

from chatrepl import replace
from chatrepl.conversation import Conversation, Message, Part, ThinkingPart, ToolCallPart
from chatrepl.errors import Refused

PARAMETER = "reasoning_content"
"""The field in which servers of OpenAI's protocol want it back that refuse a call without it."""

UNSIGNED = "skip_thought_signature_validator"
"""What stands on a call for a Gemini in the place of a thought's signature that there is none of: another model made
it."""

_WORTHLESS = re.compile(
    r"bound to a different conversation|blocks? in the latest assistant message cannot be modified"
    r"|invalid `?signature`? in `?thinking|expected `?thinking`? or `?redacted_thinking"
    r"|thinking is disabled, an? .{0,40}cannot contain `?thinking"
    r"|thought_?signature|thought signature"
    r"|without its required ['\"`]?(reasoning|following)|required following item"
    r"|encrypted.?content.{0,60}(could not be|cannot be|not be) (verified|decrypted|parsed)|invalid_encrypted_content",
    re.IGNORECASE | re.DOTALL,
)
"""Anthropic's complaints, Google's, and OpenAI's."""

_WANTED = re.compile(r"reasoning_content.{0,80}must be passed back", re.IGNORECASE | re.DOTALL)
"""DeepSeek's, which is said behind gateways too."""


def is_worthless(error: Refused) -> bool:
    """Whether the server refuses the reasoning that it is sent, or that it misses its own."""
    return error.status in (400, 422) and bool(_WORTHLESS.search(f"{error.code} {error.said}"))


def is_wanted(error: Refused) -> bool:
    """Whether the server wants the reasoning back as a text."""
    return error.status in (400, 422) and bool(_WANTED.search(error.said))


def opaque(conversation: Conversation) -> frozenset[str]:
    """What nobody but its server understands, of all that goes back with calls."""
    parts = (part for message in conversation.messages for part in message.parts)
    return frozenset(filter(None, map(_opaque, parts)))


def _opaque(part: Part) -> str:
    return part.signature if isinstance(part, ThinkingPart) else part.opaque if isinstance(part, ToolCallPart) else ""


def without(conversation: Conversation, worthless: Set[str]) -> Conversation:
    """The conversation without those of them."""
    if not worthless:
        return conversation
    turns = [tuple(_bare(message, worthless) for message in turn) for turn in conversation.turns]
    return replace(conversation, turns=turns)


def _bare(message: Message, worthless: Set[str]) -> Message:
    return replace(message, parts=tuple(_parts(message, worthless)))


def _parts(message: Message, worthless: Set[str]) -> Iterator[Part]:
    for part in message.parts:
        if _opaque(part) not in worthless:
            yield part
        elif isinstance(part, ToolCallPart):
            yield replace(part, opaque="")
        elif isinstance(part, ThinkingPart):
            yield replace(part, signature="")
