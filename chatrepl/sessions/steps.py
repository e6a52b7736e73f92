"""What came within an open turn: replies that called tools, and behind each the results of its calls."""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from chatrepl import dataclass, field, replace
from chatrepl.conversation import (
    Message,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    Turn,
    continued,
    unanswered,
)

if TYPE_CHECKING:
    from chatrepl.sessions.entries import Piece

NOT_RUN = "Not run: chatrepl ended before it."

MAY_HAVE_RUN = "May have run: chatrepl ended while it ran, and its result is lost."


@dataclass()
class Steps:
    """The messages behind the question of the open turn, and the ids of the calls that were begun."""

    messages: list[Message] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)

    def take(self, message: Message) -> bool:
        """Take the next one in; the results of one reply's calls are one message. False for a reply that came before
        already: for a moment it stands twice in the file, see ``tail``."""
        last = self.messages[-1] if self.messages else None
        if last and message.role == last.role == "tool":
            self.messages[-1] = replace(last, parts=(*last.parts, *message.parts))
        elif message == last:
            return False
        else:
            self.messages.append(message)
        return True

    def closed(self, begun: Turn, reply: Message) -> Turn:
        """The turn that they and the reply make of what was begun: a question, or a turn that is gone on with."""
        first, *more = *self.messages, reply
        if len(begun) == 1:
            return (*begun, first, *more)
        return (*begun[:-1], continued(begun[-1], first), *more)

    def lost(self) -> Iterator[Message]:
        """Results for the calls that have none, since the program did not live to see them."""
        for call in unanswered(self.messages):
            told = MAY_HAVE_RUN if call.id in self.begun else NOT_RUN
            yield Message("tool", (ToolResultPart(call.id, told, "cancelled"),))

    @property
    def doubtful(self) -> list[ToolCallPart]:
        """The calls that may have run."""
        return [call for call in unanswered(self.messages) if call.id in self.begun]


def partials(pieces: "Collection[Piece]", model: str) -> Iterator[Message]:
    """What had come of each reply to a request, the first one first, as interrupted messages."""
    choices: dict[int, list[Piece]] = {}
    for piece in pieces:
        choices.setdefault(piece.choice, []).append(piece)
    for _, came in sorted(choices.items()):
        thinking, text = "".join(each.thinking for each in came), "".join(each.text for each in came)
        parts: list[Part] = [ThinkingPart(thinking)] if thinking else []
        parts += [TextPart(text)] if text else []
        if parts:
            yield Message("assistant", tuple(parts), model, "interrupted")
