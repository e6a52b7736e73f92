"""What is waited for, and for how long at most: told to whoever shows it, before the waiting begins."""

from collections.abc import Callable
from typing import NamedTuple

NOTICEABLE = 1.5
"""The seconds after which a wait is told."""


class Wait(NamedTuple):
    """A wait of at most ``seconds``; ``what`` goes on after "while" or a comma: "connecting to example.org"."""

    what: str
    seconds: float
    exact: bool = False
    """Whether it takes just so long, and ``what`` comes then: "asking again"."""


Waiting = Callable[[Wait], None]
"""Called each time something is about to be waited for."""


def nobody(_wait: Wait) -> None:
    """The ``Waiting`` of those whom nobody watches."""
