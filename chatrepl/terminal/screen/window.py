"""What the terminal is told beside text: its window's title, the clipboard, notifications."""

from collections.abc import Mapping
from typing import TextIO

from chatrepl.text import safe


class Window:
    """The window of a terminal; nothing is told where nothing ``live`` may be painted."""

    def __init__(self, out: TextIO, env: Mapping[str, str], *, live: bool) -> None:
        self._out = out
        self._env = env
        self._live = live
        self._title = ""

    def copy(self, text: str) -> bool:
        """Ask the terminal to put the text into its clipboard, which works over ssh too; whether it could be asked."""
        if self._live:
            import base64

            self._control(f"52;c;{base64.b64encode(text.encode('utf-8', 'replace')).decode('ascii')}")
        return self._live

    def title(self, text: str) -> None:
        """Name the window; "" gives it back the name it had."""
        if not self._live or text == self._title:
            return
        if not self._title:
            self._out.write("\x1b[22;2t")  # the terminal keeps the old one
        if text:
            self._control(f"2;{safe.line(text, 80)}")
        else:
            self._out.write("\x1b[23;2t")
            self._out.flush()
        self._title = text

    def notify(self, how: str, text: str) -> None:
        """Ring the "bell", or tell the text by "osc9"."""
        if self._live and how == "osc9":
            self._control(f"9;{safe.line(text, 80)}")
        elif self._live and how == "bell":
            self._out.write("\a")
            self._out.flush()

    def _control(self, command: str) -> None:
        self._out.write(f"\x1b]{command}\a")
        self._out.flush()
