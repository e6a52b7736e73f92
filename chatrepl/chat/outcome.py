"""What became of a turn, as a value: it is returned, and nothing of it is looked up in the session."""

from typing import TYPE_CHECKING

from chatrepl import NamedTuple
from chatrepl.chat.tooling import Called
from chatrepl.conversation import Message
from chatrepl.errors import ChatError
from chatrepl.usage import Usage

if TYPE_CHECKING:
    from chatrepl.events import Certainty

NOTHING = Message("assistant", ())


class Outcome(NamedTuple):
    """What became of a turn, or of a command that leaves something to be typed."""

    reply: Message = NOTHING
    """The reply as far as it came."""
    kept: bool = False
    """Whether it is part of the conversation; one in which nothing stands is not."""
    failure: ChatError | None = None
    """Why the turn failed, if it did."""
    question_back: str = ""
    """What stands in the next prompt: a question that got no answer. It is sent as it is, and never a command."""

    calls: tuple[Called, ...] = ()
    """The tools that were called, and what came of it."""

    beside: "tuple[Outcome, ...]" = ()
    """The other replies that the same request brought."""

    used: Usage | None = None
    """The tokens of all requests of a turn in which tools were called, together."""

    certainties: "tuple[Certainty, ...]" = ()
    """How certain the model was of each token, where that was asked for."""

    @property
    def message(self) -> Message | None:
        """The reply that the conversation holds now, None if there is none."""
        return self.reply if self.kept else None

    @property
    def ending(self) -> str:
        """How the reply ended; "" where there was none."""
        return self.reply.ending
