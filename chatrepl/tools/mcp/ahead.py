"""What a server answers while somebody types: waited for no longer than a blink, and kept for the next key."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from typing import Any

BLINK = 0.15
"""The seconds a key may wait for a server."""

KEPT = 200
"""So many answers are kept."""


class Ahead:
    """Answers by what was asked. A question that is still open keeps no further key waiting, and no other is asked
    meanwhile, so that a server that never answers costs one blink."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, Future[Any]] = {}

    def answer(self, key: Hashable, ask: Callable[[], "Future[Any]"]) -> Any:
        """The answer, if it is there by now; None where it is not, or is a failure."""
        if key not in self._answers:
            if any(not each.done() for each in self._answers.values()):
                return None
            if len(self._answers) >= KEPT:
                self.forget()
            self._answers[key] = ask()
            wait([self._answers[key]], BLINK)
        found = self._answers[key]
        return found.result() if found.done() and not found.cancelled() and not found.exception() else None

    def forget(self) -> None:
        """Ask anew from now on: the server has others now, or is another one."""
        self._answers = {}
