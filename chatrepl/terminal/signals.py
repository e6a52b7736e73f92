"""The terminal's own state: quiet while no keys are read, and put back as it was, whatever signal comes."""

import atexit
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO

from chatrepl.terminal import modes
from chatrepl.terminal.streams import to_nowhere
from chatrepl.terminal.typeahead import KeyBuffer

Handler = Callable[[int, FrameType | None], None] | signal.Handlers


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
def quiet(keys: TextIO, ahead: KeyBuffer, *, lines: bool = False) -> Iterator[None]:
    """While it lasts, keys are not echoed and wait, as they were typed, for what reads next; as ``lines`` if those
    are what is read. They are for nothing else: at Ctrl-Z they are held ``ahead``, at the end they are thrown away.

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
def handed_over(keys: TextIO) -> Iterator[None]:
    """While it lasts, the terminal is as another program in the foreground expects it, and Ctrl-C is for that program.

    Signals go to the whole foreground, so to us too; here nobody hears them, not even asyncio's wake-up.
    """
    handler = signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which the program would inherit
    wakeup = signal.set_wakeup_fd(-1)
    try:
        with cooked(keys):
            yield
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGINT, handler)


def stop(number: int, before: Mapping[int, Any]) -> None:
    """Stop as that signal asks for, in the way of who handled it ``before``; it goes on here."""
    handler = signal.signal(number, before.get(number, signal.SIG_DFL))
    signal.raise_signal(number)
    signal.signal(number, handler)


@contextmanager
def handling(handler: Handler, *names: str) -> Iterator[dict[int, Any]]:
    """While it lasts, the handler gets those of the signals that the platform has and were not switched off before.
    It gives who had them before.
    """
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, handler) for number in known if signal.getsignal(number) != signal.SIG_IGN}
    try:
        yield before
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
