"""An event loop in a thread of its own, for a library that insists on one; what it runs can be waited for anywhere."""

import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, TimeoutError as NotYet, wait as wait_for
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

from chatrepl.errors import CommandError

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

T = TypeVar("T")

_PATIENCE = 4
_SLICE = 0.2
"""Ctrl-C is looked for so often, in seconds, where a wait cannot be broken off."""


class Loop:
    """The thread begins with the first use and ends with ``close``; who uses neither pays for neither."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._made: Future[BlockingPortal] | None = None

    @property
    def portal(self) -> "BlockingPortal":
        """The way into the loop. CommandError where the library is not installed. It is made where no Ctrl-C comes: one
        in the middle would leave the thread running that is then waited for."""
        made = self._begun()
        while not made.done():
            wait_for([made], _SLICE)
        try:
            return made.result()
        except CommandError:
            self._made = None
            raise

    @property
    def stands(self) -> bool:
        """Whether it can be used without a wait; if it cannot, it can later."""
        return self._begun().done()

    def _begun(self) -> "Future[BlockingPortal]":
        if self._made is None:
            self._made = Future()
            threading.Thread(target=self._make, args=(self._made,), daemon=True).start()
        return self._made

    def _make(self, made: "Future[BlockingPortal]") -> None:
        try:
            from anyio.from_thread import start_blocking_portal

            from chatrepl.tools.mcp import sdk  # half a second: not before a server is needed

            sdk.silence()
            made.set_result(self._stack.enter_context(start_blocking_portal(name="mcp")))
        except ImportError:
            line = "MCP servers need a library that is not installed"
            made.set_exception(CommandError(line, "Install it: pip install 'chatrepl[mcp]'"))
        except BaseException as error:
            made.set_exception(error)

    def start(self, run: Callable[..., Awaitable[T]], *arguments: Any) -> "Future[T]":
        """Run that in the loop; the future can be cancelled."""
        return self.portal.start_task_soon(run, *arguments)

    def close(self) -> None:
        """End the thread. What still runs in it has to have been told to end, and is not waited for very long."""
        made, self._made = self._made, None
        if made is None:
            return

        def end() -> None:
            wait_for([made])
            self._stack.close()

        closing = threading.Thread(target=end, daemon=True)
        closing.start()
        closing.join(_PATIENCE)


def wait(future: "Future[T]", seconds: float) -> T:
    """What becomes of it. TimeoutError if that takes longer; however the wait ends early, it is cancelled."""
    deadline = time.monotonic() + seconds
    try:
        while True:
            try:
                return future.result(max(0.0, min(_SLICE, deadline - time.monotonic())))
            except NotYet:
                if future.done():  # it was the task that gave up, not we
                    raise
                if time.monotonic() >= deadline:
                    raise TimeoutError from None
    except BaseException:
        future.cancel()
        raise
