"""Finished lines above, a live tail below: what is written to the terminal to get from one frame to the next.

Lines that are finished are written once and belong to the terminal. The rows of the tail are drawn over in place, and
only those that changed. A frame is one write.

Between frames the cursor stands, unseen, at the start of the tail. A terminal that changes its size, and tells of it
late, takes the cursor along with what it stands at: so whatever became of the tail's rows, it stands in one piece from
the cursor to the end of the screen, and no line above it is ever lost or doubled.
"""

import os
from collections.abc import Callable, Sequence
from typing import TextIO

from chatrepl.terminal.drawing import ansi_cells
from chatrepl.terminal.escapes import ERASE_BELOW, ERASE_LINE

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output: the terminal shows all between them at once, or ignores them."""
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
NO_WRAP, WRAP = "\x1b[?7l", "\x1b[?7h"
"""A row of the tail takes one row, whatever the size of the terminal and the width of its characters have become."""


def size_of(out: TextIO) -> tuple[int, int]:
    """The columns and rows of that terminal, 80 and 24 where it does not tell."""
    try:
        columns, rows = os.get_terminal_size(out.fileno())
    except (OSError, ValueError):
        return 80, 24
    return columns or 80, rows or 24


class Painter:
    """Paints frames; no row of a tail may be wider than the terminal. Without a tail the cursor stands at the start of
    an empty line."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._rows: list[str] = []  # the tail as it stands on the terminal
        self._columns = 0

    def paint(self, finished: Sequence[str], tail: Sequence[str], columns: int, rows: int) -> None:
        """Write the finished lines, and below them the last ``rows`` rows of the tail."""
        tail = list(tail[-rows:]) if rows > 0 else []
        frame = ""
        if finished or columns != self._columns or not tail:
            frame = self._erased() + "".join(f"{line}\r\n" for line in finished)
        changed = self._changed(tail)
        if changed:
            frame += f"{NO_WRAP}{changed}{WRAP}"
        if tail and not self._rows:
            frame += HIDE
        self._rows, self._columns = tail, columns
        self._send(frame)

    def resized(self, columns: int) -> None:
        """Take the tail away, at once, before more is written."""
        self._send(self._erased())
        self._columns = columns

    def clear(self) -> None:
        """Take the tail away."""
        self.paint((), (), self._columns, 0)

    def _send(self, frame: str) -> None:
        if frame:
            self._write(BEGIN + frame + END)

    def _erased(self) -> str:
        """The tail away."""
        erased = f"{ERASE_BELOW}{SHOW}" if self._rows else ""
        self._rows = []
        return erased

    def _changed(self, tail: list[str]) -> str:
        """The tail in place of the one on the terminal, from its start and back to it."""
        old, at, frame = self._rows, 0, ""
        for index, row in enumerate(tail):
            if index >= len(old) or row != old[index]:
                frame += "\n" * (index - at) + "\r" + (_rewritten(old[index], row) if index < len(old) else row)
                at = index
        if len(tail) < len(old):
            frame += "\n" * (len(tail) - at) + "\r" + ERASE_BELOW
            at = len(tail)
        return f"{frame}\r\x1b[{at}A" if at else f"{frame}\r" if frame else ""


def _rewritten(old: str, new: str) -> str:
    """The new row in place of the old one; what begins alike stays, where it is sure how wide that is."""
    pairs = enumerate(zip(old, new, strict=False))
    alike = next((index for index, (before, now) in pairs if before != now), min(len(old), len(new)))
    if not old.isascii() or not new.isascii() or "\x1b" in new[:alike]:
        return ERASE_LINE + new
    erased = ERASE_LINE if ansi_cells(old) > ansi_cells(new) else ""  # not afterwards: a full row would lose its end
    return (f"\x1b[{alike}C" if alike else "") + erased + new[alike:]
