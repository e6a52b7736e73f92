"""A conversation as it goes out: with a summary in the place of the turns that it stands for."""

from chatrepl import replace
from chatrepl.conversation import Conversation, Message, Part, Shape, TextPart, ThinkingPart, Turn

SUMMARY = "[In place of turns 1 to {}, which are left out here, their summary]\n\n"
"""What stands before a summary where it is sent."""

_WENT_ON = "What was said after that?"
"""The question that a summary answers where the first turn stands before it word for word."""


def shortened(conversation: Conversation) -> Conversation:
    """What is sent of a conversation: its turns, or the first question, the summary, and the turns that stay word for
    word."""
    shape, turns = conversation.shape, conversation.turns
    if not shape.summary or shape.count > len(turns):
        return replace(conversation, shape=Shape())
    kept = [*(place for place in range(1, shape.count) if place in shape.pinned), *range(shape.count, len(turns))]
    later = [_unbound(turns[place]) if place < shape.at else turns[place] for place in kept]
    return replace(conversation, turns=[*_summarized(turns[0], shape), *later], shape=Shape())


def _summarized(first: Turn, shape: Shape) -> list[Turn]:
    """The first question, which stays word for word, and the summary as its reply."""
    summary = Message("assistant", (TextPart(SUMMARY.format(shape.count) + shape.summary),), ending="stop")
    if 0 in shape.pinned:
        return [_unbound(first), (Message("user", (TextPart(_WENT_ON),)), summary)]
    asked = TextPart(first[0].text if first[0].text.strip() else "…")  # there may have been but an image
    return [(replace(first[0], parts=(asked,)), summary)]


def _unbound(turn: Turn) -> Turn:
    """The turn without thoughts that hold only behind what stood before them: their server refuses them elsewhere."""
    return tuple(
        replace(message, parts=tuple(part for part in message.parts if not _is_bound(part)))
        if any(map(_is_bound, message.parts))
        else message
        for message in turn
    )


def _is_bound(part: Part) -> bool:
    return isinstance(part, ThinkingPart) and bool(part.signature)
