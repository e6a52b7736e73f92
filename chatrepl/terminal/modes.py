"""The modes of a terminal: how what is typed gets to what reads it. The console of Windows has none of them."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

Modes = list[Any]
"""As ``termios.tcgetattr`` gives them."""


if sys.platform != "win32":
    import termios

    def changing(keys: TextIO, change: Callable[[Modes], None]) -> tuple[Callable[[], None], Callable[[], None]]:
        """Two functions: one changes the modes of the terminal, the other puts them back; without one they do
        nothing."""
        if not keys.isatty():
            return _nothing, _nothing
        descriptor = keys.fileno()
        before = termios.tcgetattr(descriptor)

        def begin() -> None:
            with suppress(termios.error):  # the terminal may be gone
                modes = termios.tcgetattr(descriptor)
                change(modes)
                termios.tcsetattr(descriptor, termios.TCSANOW, modes)

        def restore() -> None:
            with suppress(termios.error):
                termios.tcsetattr(descriptor, termios.TCSANOW, before)

        return begin, restore

    def keys_are_ours(keys: int) -> bool:
        """Whether keys wait as they were typed, for this program and no other."""
        with suppress(OSError, termios.error):
            return not termios.tcgetattr(keys)[3] & termios.ICANON and os.tcgetpgrp(keys) == os.getpgrp()
        return False

    def at_once(modes: Modes) -> None:
        """A read returns what is there, and does not wait."""
        modes[3] &= ~termios.ICANON
        modes[6][termios.VMIN] = modes[6][termios.VTIME] = 0

    def hushed(modes: Modes) -> None:
        """Nothing is echoed, and lines wait for what reads them."""
        modes[3] &= ~termios.ECHO
        modes[3] |= termios.NOFLSH  # else Ctrl-C throws away what was typed before it

    def kept(modes: Modes) -> None:
        """Nothing is echoed, and keys wait as they were typed."""
        hushed(modes)
        modes[0] &= ~termios.ICRNL  # Enter stays Enter: the prompt tells it from Ctrl-J
        modes[3] &= ~termios.ICANON

    def raw(modes: Modes) -> None:
        """Every key is a byte, also Ctrl-C, and what is printed is left as it is: both are for another terminal."""
        modes[0] &= ~(termios.BRKINT | termios.ICRNL | termios.INPCK | termios.ISTRIP | termios.IXON)
        modes[1] &= ~termios.OPOST
        modes[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0

    def cooked(modes: Modes) -> None:
        """As other programs expect it: lines, echo, and Enter that ends a line."""
        modes[0] |= termios.ICRNL | termios.IXON
        modes[1] |= termios.OPOST
        modes[3] |= termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN
        modes[3] &= ~termios.NOFLSH

else:

    def changing(keys: TextIO, change: Callable[[Modes], None]) -> tuple[Callable[[], None], Callable[[], None]]:
        """Nothing to be done, and nothing to be put back."""
        return _nothing, _nothing

    def keys_are_ours(keys: int) -> bool:
        """Nobody can tell."""
        return False

    def at_once(modes: Modes) -> None:
        """Nothing is changed, here and below."""

    hushed = kept = raw = cooked = at_once


def _nothing() -> None:
    pass
