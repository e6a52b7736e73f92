"""The terminal as prompt-toolkit writes to it, without asking it anything."""

import sys
from typing import TextIO

from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.output.defaults import create_output

from chatrepl import narrow


def output(stream: TextIO, env_term: str, *, coloured: bool) -> Output:
    """The output on that stream."""
    if sys.platform == "win32" or not stream.isatty():
        return create_output(stream)
    from prompt_toolkit.output.vt100 import Vt100_Output

    class Vt100(Vt100_Output):
        """Takes just the rows it needs.

        Others ask the terminal where the cursor is, to fill what lies below; the answers come as keys, and one that
        comes late, over a slow line, lands in somebody's text.
        """

        @property
        def responds_to_cpr(self) -> bool:
            return False

        def get_rows_below_cursor_position(self) -> int:
            return 1

        def write(self, data: str) -> None:
            super().write(narrow.fitting(data, self.encoding()))

    depth = ColorDepth.DEPTH_4_BIT if coloured else ColorDepth.DEPTH_1_BIT
    return Vt100.from_pty(stream, term=env_term, default_color_depth=depth)
