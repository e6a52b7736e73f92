"""What of a conversation stays here: with it and without it the request is the same."""

from chatrepl import replace
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation, Part, TextPart, Turn
from chatrepl.dialects.dialect import Dialect


def unsent(dialect: Dialect, profile: Profile, conversation: Conversation) -> list[Part]:
    """The parts that a request leaves out, other than plain text."""
    return [part for turn in conversation.turns for part in _unsent(dialect, profile, turn)]


def _unsent(dialect: Dialect, profile: Profile, turn: Turn) -> list[Part]:
    def body(turn: Turn) -> object:
        return dialect.encode(profile, Conversation("", [turn]), "", stream=False).body

    sent = body(turn)
    found: list[Part] = []
    for place in reversed(range(len(turn))):
        for number in reversed(range(len(turn[place].parts))):
            part = turn[place].parts[number]
            if not isinstance(part, TextPart) and body(less := _without(turn, place, number)) == sent:
                found.append(part)
                turn = less  # of two alike the other one is sent
    return found[::-1]


def _without(turn: Turn, place: int, number: int) -> Turn:
    """The turn without the part of that number in the message at that place."""
    message = turn[place]
    less = replace(message, parts=(*message.parts[:number], *message.parts[number + 1 :]))
    return (*turn[:place], less, *turn[place + 1 :])
