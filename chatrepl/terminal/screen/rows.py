"""Rows that change while several things go on at once, below whatever is printed meanwhile.

They are drawn in the thread that shows them, each time it does: a few times a second. What is typed for the next
prompt stands below them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import FrameType
from typing import Any, TextIO

from chatrepl.terminal.screen.frame import MARGIN, SPINNER, TURNS, typed_row
from chatrepl.terminal.screen.live import SETTLED
from chatrepl.terminal.screen.painter import Painter, size_of
from chatrepl.terminal.signals import handling, stop
from chatrepl.terminal.typeahead import KeyBuffer, Typed
from chatrepl.text import charset, safe, width


class Rows:
    """The rows, from the first ``show`` to the end of its ``with``."""

    def __init__(
        self, out: TextIO, *, keys: KeyBuffer | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._out = out
        self._keys = keys
        self._clock = clock
        self._painter = Painter(self._write)
        self._columns, self._height = size_of(self._out)
        self._settled = 0.0
        """When the size may be relied on."""
        self._signals = ExitStack()
        self._stopping: Mapping[int, Any] = {}
        self._busy = False
        self._due = 0
        """The signal that asks to stop, and came in the middle of a frame."""
        self.alive = False
        """Whether they are on the screen now."""

    def show(self, rows: Sequence[Sequence[str]]) -> None:
        """Let these stand there now, each behind a sign that it goes on, and as many of its parts as there is room
        for."""
        size = size_of(self._out)
        if size != (self._columns, self._height):
            self._columns, self._height = size
            self._settled = self._clock() + SETTLED
            self._paint(lambda: self._painter.resized(size[0]))
        if self._clock() < self._settled:  # changes come in swarms, and what is drawn in between is torn
            return
        typed = self._keys.typed() if self._keys else Typed()
        encoding, most = self._out.encoding or "utf-8", self._columns - MARGIN
        sign = SPINNER[int(self._clock() * TURNS) % len(SPINNER)]
        fitted = [[charset.fitting(safe.line(part), encoding) for part in row] for row in rows]
        shown = [width.joined([f"{charset.fitting(sign, encoding)} {first}", *more], most) for first, *more in fitted]
        shown += filter(None, [typed_row(typed, most, encoding)])
        dim = [f"\x1b[2m{row}\x1b[0m" for row in shown]
        self._paint(lambda: self._painter.paint((), dim, self._columns, self._height - 1))

    def say(self, text: str) -> None:
        """Print lines above them."""
        self._paint(lambda: self._painter.paint(text.split("\n"), (), self._columns, 0))

    def __enter__(self) -> "Rows":
        self._stopping = self._signals.enter_context(handling(self._suspend, "SIGTSTP"))
        self.alive = True
        return self

    def __exit__(self, *_error: object) -> None:
        self._paint(self._painter.clear)
        self.alive = False
        self._signals.close()

    def _paint(self, paint: Callable[[], object]) -> None:
        """Paint a frame; Ctrl-Z waits until it is whole."""
        self._busy = True
        try:
            paint()
        finally:
            self._busy = False
        if due := self._due:
            self._due = 0
            self._suspend(due, None)

    def _suspend(self, number: int, _frame: FrameType | None) -> None:
        if self._busy:
            self._due = number
            return
        self._painter.clear()
        stop(number, self._stopping)

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
