"""The terminal as prompt-toolkit writes to it: asked nothing, and not surprised when it wraps lines anew."""

import sys
from collections.abc import Mapping
from typing import TextIO

from prompt_toolkit.application import get_app
from prompt_toolkit.layout.screen import Screen
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.output.defaults import create_output

from chatrepl.terminal import capabilities, escapes
from chatrepl.text import charset


def output(stream: TextIO, env: Mapping[str, str], *, coloured: bool) -> Output:
    """The output on that stream."""
    if sys.platform == "win32" or not stream.isatty():
        return create_output(stream)
    from prompt_toolkit.output.vt100 import Vt100_Output

    keys_apart = capabilities.tells_keys_apart(env)

    class Vt100(Vt100_Output):
        """Takes just the rows it needs.

        Others ask the terminal where the cursor is, to fill what lies below; the answers come as keys, and one that
        comes late, over a slow line, lands in somebody's text.
        """

        _columns = 0  # when the prompt was drawn

        @property
        def responds_to_cpr(self) -> bool:
            return False

        def get_rows_below_cursor_position(self) -> int:
            self._columns = self.get_size().columns
            return 1

        def cursor_up(self, amount: int) -> None:
            """Go up; the first time after a resize also by the rows that the terminal has made of longer ones."""
            columns = self.get_size().columns
            screen = get_app().renderer.last_rendered_screen
            if columns != self._columns and screen and capabilities.wraps_anew(env):
                amount += _rows_added(screen, amount, columns)
            self._columns = columns
            super().cursor_up(amount)

        def erase_down(self) -> None:
            """Erase from the start of a row on; at the top of the screen tmux would keep what was there."""
            self.write_raw(escapes.ERASE_BELOW)

        def enable_bracketed_paste(self) -> None:
            """Ask for what a prompt needs: pastes as such, and modified keys told apart."""
            super().enable_bracketed_paste()
            if keys_apart:
                self.write_raw("\x1b[>4;2m")

        def disable_bracketed_paste(self) -> None:
            super().disable_bracketed_paste()
            if keys_apart:
                self.write_raw("\x1b[>4m")

        def take_pastes(self) -> None:
            """Ask for pastes alone: while nobody reads keys, Ctrl-C has to be a signal."""
            super().enable_bracketed_paste()

        def write(self, data: str) -> None:
            super().write(charset.fitting(data, self.encoding()))

    depth = ColorDepth.DEPTH_4_BIT if coloured else ColorDepth.DEPTH_1_BIT
    made = Vt100.from_pty(stream, term=env.get("TERM"), default_color_depth=depth)
    made.write_raw(UNASKED)
    return made


UNASKED = "\x1b[?1004l\x1b[?2031l\x1b[?2048l"
"""No reports of focus, of colours and of sizes, which a program before us may have asked for."""


def take_pastes(output: Output) -> None:
    """Let pastes come as such also while no prompt is on the screen."""
    getattr(output, "take_pastes", output.enable_bracketed_paste)()


def _rows_added(screen: Screen, above: int, columns: int) -> int:
    """How many more rows there are from the first of the prompt to the cursor, which has so many above it."""
    cursor = screen.get_cursor_position(get_app().layout.current_window)
    wrapped = (max(_width(screen, row) - 1, 0) // columns for row in range(above))
    return sum(wrapped) + cursor.x // columns


def _width(screen: Screen, row: int) -> int:
    return max((column + 1 for column, cell in screen.data_buffer[row].items() if cell.char.strip()), default=0)
