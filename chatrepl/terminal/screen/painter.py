"""Finished lines above, a live tail below: what is written to the terminal to get from one frame to the next.

Lines that are finished are written once and belong to the terminal. The rows of the tail are drawn over in place, and
only those that changed. A frame is one write.
"""

import re
import sys
from collections.abc import Callable, Sequence

from chatrepl.terminal.drawing import ansi_cells

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output: the terminal shows all between them at once, or ignores them."""

NO_WRAP, WRAP = "\x1b[?7l", "\x1b[?7h"
MARGIN = 5
"""A character of which terminals disagree makes a row at most so many columns longer than it is thought to be."""
_UNSURE = re.compile(
    r"[^\t\x1b -\u02ff\u0370-\u052f\u2010-\u2027\u2030-\u205e\u20ac\u2190-\u2199\u2500-\u25a0✓✗•◦▪⏎"
    r"\u2800-\u28ff\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uff60]"
)
"""A character of which terminals disagree how many columns it takes."""

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
        """Write the finished lines, and below them the last ``rows`` rows of the tail.

        A finished line that stood in the tail already, in the same place, stays there.
        """
        tail = list(tail[-rows:]) if rows > 0 else []
        frame = self._erased(columns) if columns != self._columns else ""
        frame += self._changed([*finished, *tail], len(finished), columns)
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

    def _changed(self, lines: list[str], finished: int, columns: int) -> str:
        """Those lines in place of the tail on the terminal; of them so many are finished."""
        old, at, frame = self._rows, max(len(self._rows) - 1, 0), ""  # at: the row of the cursor
        kept = min(len(old), len(lines))
        unlike_rows = (i for i, line in enumerate(lines[: min(kept, finished)]) if not _is_row(line, columns))
        kept = next(unlike_rows, kept)
        guarded = [*lines[:finished], *(_guarded(row, columns) for row in lines[finished:])]
        for index in range(kept):
            if lines[index] != old[index]:
                frame += _down(index - at) + _rewritten(old[index], lines[index], guarded[index])
                at = index
        if kept < len(old):
            frame += _down(kept - at) + _erase_from(len(old) - kept)
            at = kept
        elif 0 < kept < len(lines):
            frame += f"{_down(kept - 1 - at)}\r\n"
        if kept < len(lines):
            frame += "\r\n".join(guarded[kept:])
            at = len(lines) - 1
        return frame + _rest(lines, at, has_tail=finished < len(lines))


def _rest(lines: list[str], at: int, *, has_tail: bool) -> str:
    """From that row to where the cursor rests between frames."""
    last = len(lines) - 1
    if has_tail:
        return _down(last - at) + _right(ansi_cells(lines[last])) if at != last else ""
    return ("" if at == last else _down(last - at)) + "\r\n" if 0 <= at <= last else ""


def _is_row(line: str, columns: int) -> bool:
    """Whether a finished line can take the place of a row: a longer one moves all below it, and a tab leaves gaps."""
    return "\t" not in line and ansi_cells(line) <= columns and not _UNSURE.search(line)


def _guarded(row: str, columns: int) -> str:
    """The row in such a way that the terminal does not wrap it, should it take more columns there than here."""
    unsure = ansi_cells(row) > columns - MARGIN and _UNSURE.search(row)
    return f"{NO_WRAP}{row}{WRAP}" if unsure else row


def _rewritten(old: str, new: str, guarded: str) -> str:
    """The new row in place of the old one, from the start of which the cursor goes on; what begins alike stays."""
    if guarded is not new or _UNSURE.search(old):
        return ERASE_LINE + guarded
    pairs = enumerate(zip(old, new, strict=False))
    alike = next((index for index, (before, now) in pairs if before != now), min(len(old), len(new)))
    if not new[:alike].isascii() or "\x1b" in new[:alike]:
        alike = 0
    erased = ERASE_LINE if ansi_cells(old) > ansi_cells(new) else ""  # not afterwards: a full row would lose its end
    return _right(alike) + erased + new[alike:]


def _erase_from(height: int) -> str:
    """So many rows away, of which the cursor is at the start of the first, and stays there.

    To erase all below from the top left corner would push it into the scrollback of tmux.
    """
    return ERASE_LINE if height == 1 else f"{ERASE_LINE}{_down(1)}{ERASE_BELOW}{_down(-1)}"


def _right(columns: int) -> str:
    return f"\x1b[{columns}C" if columns else ""


def _erase(height: int) -> str:
    """So many rows away, of which the cursor is in the last; it goes to the first."""
    return _down(1 - height) + _erase_from(height)


def _down(rows: int) -> str:
    """To the start of the row so many below, or above."""
    return f"\r\x1b[{rows}B" if rows > 0 else f"\r\x1b[{-rows}A" if rows < 0 else "\r"
