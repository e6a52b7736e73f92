"""What a server answers while somebody types: waited for no longer than a blink, and kept for the next key."""

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

from chatrepl.tools.mcp import offers

if TYPE_CHECKING:
    from chatrepl.tools.mcp.sdk import Session

BLINK = 0.15
"""The seconds a key may wait for a server."""

KEPT = 200
"""So many answers are kept."""


class Ahead:
    """Answers by what was asked; what is not known yet is an empty list. A question that is still open keeps no further
    key waiting, and no other is asked meanwhile, so that a server that never answers costs one blink. ``begin`` begins
    to ask, and gives None where the server is not there to be asked."""

    def __init__(self, begin: Callable[[Callable[["Session"], Any]], "Future[Any] | None"]) -> None:
        self._begin = begin
        self._answers: dict[Hashable, Future[Any]] = {}

    def prompts(self) -> list[offers.Prompt]:
        """Its prompts."""
        return offers.prompts(self._answer("prompts", lambda session: session.prompts()))

    def resources(self) -> list[offers.Resource]:
        """Its resources, and the templates for more."""
        return offers.resources(self._answer("resources", lambda session: session.resources()))

    def values(self, of: str, argument: str, begun: str, others: Mapping[str, str]) -> list[str]:
        """What an argument of a prompt, or a place of a template, may go on as."""
        key = (of, argument, begun, *others.items())
        return self._answer(key, lambda session: session.complete(of, argument, begun, dict(others)))

    def _answer(self, key: Hashable, ask: Callable[["Session"], Any]) -> list[Any]:
        if key not in self._answers:
            if any(not each.done() for each in self._answers.values()):
                return []
            if len(self._answers) >= KEPT:
                self.forget()
            if not (begun := self._begin(ask)):
                return []
            self._answers[key] = begun
            wait([begun], BLINK)
        found = self._answers[key]
        return found.result() or [] if found.done() and not found.cancelled() and not found.exception() else []

    def forget(self) -> None:
        """Ask anew from now on: the server has others now, or is another one."""
        self._answers = {}
