"""What is typed while nothing reads keys: taken out of the terminal, and what becomes of it at the next prompt."""

import os
import re
import select
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from chatrepl import NamedTuple
from chatrepl.terminal import modes
from chatrepl.terminal.escapes import without_reports
from chatrepl.text import safe

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

    def with_due(self, text: str) -> "TypeAhead":
        """The same, and that is to stand in the next prompt too."""
        return self._replace(due=joined(self.due, text))


def joined(*texts: str) -> str:
    """Those of the texts that hold something, each on a line of its own."""
    return "\n".join(filter(None, texts))


class Typed(NamedTuple):
    """What was typed ahead, for people: its text, and how many lines of it Enter has sent on their way."""

    lines: int = 0
    text: str = ""


LINE_END = " ⏎ "
_KEYS = r"(?s)\x1b(?:\[[0-?]*[ -/]*[@-~]|O?.)|."
_SHOWN = 8_192
"""So much of what was typed ahead is looked at to show it."""


def typed(keys: str) -> Typed:
    """What those keys type: characters, and the keys that take some back; all others mean nothing yet."""
    lines, text, pasting = 0, "", False
    for match in re.finditer(_KEYS, without_reports(keys)):
        key = match[0]
        if key in ("\x1b[200~", "\x1b[201~"):
            pasting = key == "\x1b[200~"
        elif key in "\r\n":
            lines += not pasting and key == "\r"
            text += LINE_END
        elif key in "\x7f\b":
            text = text if text.endswith(LINE_END) else text[:-1]
        elif key in "\x15\x17":
            before, end, line = text.rpartition(LINE_END)
            text = before + end + ("" if key == "\x15" else line.rstrip(" ").rpartition(" ")[0])
        elif key == "\t" or key.isprintable():
            text += " " if key == "\t" else key
    return Typed(lines, safe.text(text))


class KeyBuffer:
    """What was typed before anything read it, and taken out of the terminal."""

    def __init__(self, keys: TextIO) -> None:
        self._keys = keys
        self._held = b""
        self._reading = threading.RLock()
        self._notice: Callable[[], object] = bool
        self._typed: tuple[bytes, Typed] = b"", Typed()  # what was last shown

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
            if piece:
                self._notice()
            else:  # they are for another program now, or the terminal is gone
                select.select([over], [], [], PAUSE)

    @contextmanager
    def noticed(self, notice: Callable[[], object]) -> Iterator[None]:
        """While it lasts, that is called whenever something was typed and taken out."""
        self._notice = notice
        try:
            yield
        finally:
            self._notice = bool

    def typed(self) -> Typed:
        """What is held, for people."""
        held = self._held
        if held is not self._typed[0]:
            self._typed = held, typed(held[-_SHOWN:].decode(self._keys.encoding or "utf-8", "ignore"))
        return self._typed[1]

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
        """What was held; it is for the one who takes it first."""
        held, self._held = self._held, b""
        return held.decode(self._keys.encoding or "utf-8", "replace")

    def take(self, patience: float = 0) -> str:
        """What was held, what waits now, and what comes within so many seconds."""
        self.hold(patience)
        return self.held()


def _waits(keys: int) -> bool:
    return bool(select.select([keys], [], [], 0)[0])
