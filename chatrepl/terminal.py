"""The terminal's own state: quiet while nobody reads keys, Ctrl-C only where it is awaited, put back as it was."""

import atexit
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO, TypeVar

from chatrepl import modes
from chatrepl.streams import to_nowhere

PASTING = 0.2
"""The rest of a paste comes within so many seconds."""

PAUSE = 0.1
"""So many seconds later it is looked again whether keys are for us."""

T = TypeVar("T")
Handler = Callable[[int, FrameType | None], None] | signal.Handlers


class TypedAhead:
    """What was typed before anybody read it, and taken out of the terminal."""

    def __init__(self, keys: TextIO) -> None:
        self._keys = keys
        self._held = b""
        self._reading = threading.RLock()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While it lasts, keys are taken out of the terminal as they come: one that is full of them, say of a paste,
        would not hear Ctrl-C."""
        if sys.platform == "win32" or not self._keys.isatty():
            yield
            return
        over, end = os.pipe()
        thread = threading.Thread(target=self._listen, args=(over,), name="listening", daemon=True)
        thread.start()
        try:
            yield
        finally:
            os.close(end)
            thread.join()
            os.close(over)

    def _listen(self, over: int) -> None:
        keys = self._keys.fileno()
        while over not in select.select([keys, over], [], [])[0]:
            with self._reading:
                piece = os.read(keys, 1 << 16) if modes.keys_are_ours(keys) and _waits(keys) else None
                self._held += piece or b""
            if not piece:  # they are for somebody else now, or the terminal is gone
                select.select([over], [], [], PAUSE)

    def hold(self, patience: float = 0) -> None:
        """Take out what waits in the terminal, also the beginning of a line, and what comes within so many seconds; a
        paste that has begun is waited for."""
        if sys.platform == "win32" or not self._keys.isatty():
            return
        with self._reading:
            begin, restore = modes.changing(self._keys, modes.at_once)
            begin()
            try:
                while piece := self._more(patience):
                    self._held += piece
            finally:
                restore()

    def _more(self, patience: float) -> bytes:
        inside = self._held.rfind(b"\x1b[200~") > self._held.rfind(b"\x1b[201~")
        select.select([self._keys], [], [], PASTING if inside else patience)
        return os.read(self._keys.fileno(), 1 << 16)

    def held(self) -> str:
        """What was held; it is for whoever asks first."""
        held, self._held = self._held, b""
        return held.decode(self._keys.encoding or "utf-8", "replace")

    def take(self, patience: float = 0) -> str:
        """What was held, what waits now, and what comes within so many seconds."""
        self.hold(patience)
        return self.held()


def _waits(keys: int) -> bool:
    return bool(select.select([keys], [], [], 0)[0])


def takes_escapes() -> bool:
    """Whether escape sequences may be written. The console of Windows has to be told that they will come."""
    if sys.platform != "win32":
        return True
    import ctypes

    kernel, mode = ctypes.windll.kernel32, ctypes.c_uint32()
    kernel.GetStdHandle.restype = ctypes.c_void_p
    handles = [ctypes.c_void_p(kernel.GetStdHandle(number)) for number in (-11, -12)]  # standard output and error
    consoles = [(each, mode.value) for each in handles if kernel.GetConsoleMode(each, ctypes.byref(mode))]
    return all(kernel.SetConsoleMode(each, mode | 4) for each, mode in consoles)  # ENABLE_VIRTUAL_TERMINAL_PROCESSING


@contextmanager
def quiet(keys: TextIO, ahead: TypedAhead, *, lines: bool = False) -> Iterator[None]:
    """While it lasts, keys are not echoed and wait, as they were typed, for whoever reads next; as ``lines`` if those
    are what is read. They are for nobody else: at Ctrl-Z they are held ``ahead``, at the end they are thrown away.

    The state before comes back in every case: at the end, at the exit of the program and when it is told to go.
    """

    hush, restore = modes.changing(keys, modes.hushed if lines else modes.kept)

    def stop(number: int, _frame: FrameType | None) -> None:
        ahead.hold()
        with handling(signal.SIG_DFL, "SIGTSTP"):
            signal.raise_signal(number)

    def leave() -> None:
        ahead.hold()
        restore()

    def told_to_go(number: int, _frame: FrameType | None) -> None:
        restore()  # first: what is raised in a signal handler may be lost, say in a __del__
        if not keys.isatty():  # any more: the window was closed
            to_nowhere(sys.stdout)
        sys.exit(128 + number)

    hush()
    atexit.register(leave)
    try:
        with (
            handling(told_to_go, "SIGTERM", "SIGHUP", "SIGQUIT"),
            handling(lambda *_: hush(), "SIGCONT"),
            handling(stop, "SIGTSTP"),
        ):
            yield
    finally:
        atexit.unregister(leave)
        leave()


@contextmanager
def cooked(keys: TextIO) -> Iterator[None]:
    """While it lasts, the terminal is as other programs expect it: lines, echo, and Enter that ends a line."""
    cook, restore = modes.changing(keys, modes.cooked)
    with handling(signal.SIG_DFL, "SIGCONT", "SIGTSTP"):  # the shell that lets us go on puts back the modes it found
        cook()
        try:
            yield
        finally:
            restore()


@contextmanager
def handling(handler: Handler, *names: str) -> Iterator[dict[int, Any]]:
    """While it lasts, the handler gets those of the signals that the platform has and nobody before us switched off.
    It gives who had them before.
    """
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, handler) for number in known if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield before
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


class Interrupts:
    """Ctrl-C raises KeyboardInterrupt only while somebody awaits it, so no step of a turn is ever left half done.

    One that comes at another moment is taken at the next place that awaits it.
    """

    def __init__(self) -> None:
        self._awaited = False
        self._came = False

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

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True
        if self._awaited:
            raise KeyboardInterrupt
