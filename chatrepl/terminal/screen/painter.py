"""Finished lines above, a live tail below: what is written to the terminal to get from one frame to the next.

Lines that are finished are written once and belong to the terminal. The rows of the tail are drawn over in place, and
only those that changed. A frame is one write.
"""

import sys
from collections.abc import Callable, Sequence

from chatrepl.terminal.drawing import ansi_cells

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output: the terminal shows all between them at once, or ignores them."""

ERASE_LINE, ERASE_BELOW = "\x1b[K", "\x1b[J"


class Painter:
    """Paints frames; no row of a tail may be wider than the terminal, best not than its columns less five.

    Between frames the cursor stands behind the last row of the tail, or at the start of an empty line without a tail.
    ``wraps_anew`` says whether the terminal makes more rows of those that have become too long for it.
    """

    def __init__(self, write: Callable[[str], object], *, wraps_anew: bool = True) -> None:
        self._write = write
        self._wraps_anew = wraps_anew
        self._rows: list[str] = []  # the tail as it stands on the terminal
        self._columns = 0

    def paint(self, finished: Sequence[str], tail: Sequence[str], columns: int, rows: int) -> None:
        """Write the finished lines, and below them the last ``rows`` rows of the tail."""
        tail = list(tail[-rows:]) if rows > 0 else []
        afresh = finished or columns != self._columns or len(tail) < len(self._rows)
        frame = self._erased(columns) if afresh else ""
        frame += "".join(f"{line}\r\n" for line in finished) + self._changed(tail)
        self._rows, self._columns = tail, columns
        self._send(frame)

    def resized(self, columns: int) -> None:
        """Take the tail away, at once, before more is written: its rows may be wrapped into more of them now."""
        self._send(self._erased(columns))
        self._columns = columns

    def clear(self) -> None:
        """Take the tail away."""
        self.paint((), (), self._columns, 0)

    def _send(self, frame: str) -> None:
        if frame:
            self._write(BEGIN + frame + END)

    def _erased(self, columns: int) -> str:
        """The tail away, on a terminal of so many columns."""
        width = max(columns, 1) if self._wraps_anew else sys.maxsize
        height = sum(max(-(-ansi_cells(row) // width), 1) for row in self._rows)
        self._rows = []
        return _erase(height) if height else ""

    def _changed(self, tail: list[str]) -> str:
        """The tail in place of the one on the terminal, which has no more rows."""
        old = self._rows
        at = len(old) - 1  # the row of the cursor
        frame = ""
        for index, row in enumerate(tail):
            if index >= len(old):
                down = _down(index - 1 - at) if index - 1 > at else ""
                frame += (f"{down}\r\n" if index else "") + row
            elif row != old[index]:
                frame += _down(index - at) + row + ERASE_LINE
            else:
                continue
            at = index
        if at < len(tail) - 1:
            width = ansi_cells(tail[-1])
            frame += _down(len(tail) - 1 - at) + (f"\x1b[{width}C" if width else "")
        return frame


def _erase(height: int) -> str:
    """So many rows away, of which the cursor is in the last; it goes to the first.

    To erase all below from the top left corner would push it into the scrollback of tmux.
    """
    if height == 1:
        return f"\r{ERASE_LINE}"
    return _down(1 - height) + ERASE_LINE + _down(1) + ERASE_BELOW + _down(-1)


def _down(rows: int) -> str:
    """To the start of the row so many below, or above."""
    return f"\r\x1b[{rows}B" if rows > 0 else f"\r\x1b[{-rows}A" if rows < 0 else "\r"
