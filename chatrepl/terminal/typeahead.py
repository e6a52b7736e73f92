"""What is typed while nothing reads keys: taken out of the terminal, and what becomes of it at the next prompt."""

import os
import select
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, TextIO

from chatrepl.terminal import modes

PASTING = 0.2
"""The rest of a paste comes within so many seconds."""


PAUSE = 0.1
"""So many seconds later it is looked again whether keys are for us."""


class Opening(NamedTuple):
    """How a prompt begins: the text that stands in it, and whether what was typed ahead sends nothing there."""

    start: str
    held: bool


class TypeAhead(NamedTuple):
    """What a prompt carries over to the next one where a command typed ahead comes first.

    ``due`` is the text that is to stand in a prompt; ``held`` says that what is typed ahead sends nothing.
    """

    due: str = ""
    held: bool = False

    def next(self, start: str, *, held: bool, command: bool) -> tuple[Opening, "TypeAhead"]:
        """The next prompt, and what is carried over if a command is read there.

        ``start`` is to stand in it, ``command`` says that what was typed ahead begins with a command: that is read
        first, and all else waits for the prompt after it.
        """
        start = joined(start, self.due)
        held = held or self.held or bool(start)
        if held and command:
            return Opening("", held=False), TypeAhead(start, held=True)
        return Opening(start, held), TypeAhead(start)


def joined(*texts: str) -> str:
    """Those of the texts that hold something, each on a line of its own."""
    return "\n".join(filter(None, texts))


class KeyBuffer:
    """What was typed before anything read it, and taken out of the terminal."""

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
