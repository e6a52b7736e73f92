"""What a model made besides text, in the protocols that take an image from the user alone."""

from chatrepl import replace
from chatrepl.conversation import Conversation, ImagePart, MediaPart, Message, Part, TextPart, Turn


def shown(conversation: Conversation) -> Conversation:
    """The conversation with the images of finished replies as what the user shows, right behind them. Sounds stay
    here: their words are in the reply."""
    if not any(map(_made, conversation.messages)):
        return conversation
    turns = [*map(_shown, conversation.turns[:-1]), *(tuple(map(_said, turn)) for turn in conversation.turns[-1:])]
    return replace(conversation, turns=turns)


def _made(message: Message) -> list[Part]:
    return [part for part in message.parts if isinstance(part, ImagePart | MediaPart) and message.role == "assistant"]


def _shown(turn: Turn) -> Turn:
    images = [part for part in _made(turn[-1]) if isinstance(part, ImagePart)]
    said = tuple(map(_said, turn))
    if not images:
        return said
    return (*said, Message("user", (TextPart("The pictures of your reply:"), *images)))


def _said(message: Message) -> Message:
    """The message without what was made."""
    if not (made := _made(message)):
        return message
    parts = [part for part in message.parts if part not in made]
    return replace(message, parts=tuple(parts) if message.text else (*parts, TextPart("[a picture]")))
