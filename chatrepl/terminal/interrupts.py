"""Ctrl-C only where it is awaited."""

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

AGAIN = 0.02
"""So many seconds later Ctrl-C is tried again that came during an import."""


class Interrupts:
    """Ctrl-C raises KeyboardInterrupt only where it is awaited, so no step of a turn is ever left half done.

    One that comes at another moment is taken at the next place that awaits it, one during an import after that: an
    exception between two lines of the import machinery would leave its lock taken, and other threads stuck.
    """

    def __init__(self) -> None:
        self._awaited = False
        self._came = False
        self._again = False
        """Whether the signal is one that was put off."""

    @contextmanager
    def caught(self) -> Iterator[None]:
        """While it lasts, Ctrl-C is handled here."""
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def forget(self) -> None:
        """Whatever was pressed so far was meant for something that is over."""
        self._came = False

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Let Ctrl-C through."""
        already = self._awaited
        try:
            self._await()
            yield
        finally:
            self._rest(already)

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Inside of ``awaited``: hold Ctrl-C back until what is done here is done."""
        awaited, self._awaited = self._awaited, False
        try:
            yield
        finally:
            self._awaited = awaited
        if awaited and self._came:
            raise KeyboardInterrupt

    def over(self, items: Iterator[T]) -> Iterator[T]:
        """The items, with Ctrl-C let through while the next one is waited for."""
        while True:
            try:  # as in ``awaited``, which would cost as much as the rest of what is done for a token
                self._await()
                item = next(items)
            except StopIteration:
                return
            finally:
                self._rest()
            yield item

    def _await(self) -> None:
        self._awaited = True
        if self._came:
            raise KeyboardInterrupt

    def _rest(self, still: bool = False) -> None:
        self._awaited, self._came = still, self._came and still

    def _interrupt(self, _number: int, frame: FrameType | None) -> None:
        again, self._again = self._again, False
        if again and not self._came:  # it was taken, or what it was meant for is over
            return
        self._came = True
        if self._awaited and _imports(frame):
            self._put_off()
        elif self._awaited:
            raise KeyboardInterrupt

    def _put_off(self) -> None:
        def again() -> None:
            self._again = True
            _interrupt_main()

        timer = threading.Timer(AGAIN, again)
        timer.daemon = True
        timer.start()


def _imports(frame: FrameType | None) -> bool:
    """Whether something is being imported there."""
    while frame:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _interrupt_main() -> None:
    """Send SIGINT to the main thread, and wake it if it waits."""
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
