"""What the terminal is told beside text: its window's title, the clipboard, notifications."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from chatrepl.terminal import capabilities
from chatrepl.text import safe


class Window:
    """The window of a terminal; nothing is told where nothing ``live`` may be painted."""

    def __init__(self, out: TextIO, env: Mapping[str, str], *, live: bool) -> None:
        self._out = out
        self._env = env
        self._live = live
        self._title = ""
        self.marks = live and capabilities.takes_marks(env)
        """Whether prompts and answers are marked."""

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
        """Ring the "bell", or tell the text by "osc9" or "osc777"; "auto" is what the terminal is known to take. Inside
        tmux the text is handed through to the terminal around it, and the bell rings too."""
        if not self._live or how == "off":
            return
        how = capabilities.notification(self._env) if how == "auto" else how
        told = safe.line(text, 80).replace(";", ",")
        if how == "bell" or self._env.get("TMUX"):
            self._out.write("\a")
        if how != "bell":
            body = f"\x1b]9;{told}\a" if how == "osc9" else f"\x1b]777;notify;chatrepl;{told}\a"
            self._out.write(self._through_tmux(body))
        self._out.flush()

    @contextmanager
    def answer(self) -> Iterator[None]:
        """Mark where an answer begins and ends, where the terminal takes such marks (OSC 133)."""
        self._mark("C")
        try:
            yield
        finally:
            self._mark("D")

    def _mark(self, which: str) -> None:
        if self.marks:
            self._out.write(f"\x1b]133;{which}\x1b\\")
            self._out.flush()

    def _through_tmux(self, sequence: str) -> str:
        return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\" if self._env.get("TMUX") else sequence

    def _control(self, command: str) -> None:
        self._out.write(f"\x1b]{command}\a")
        self._out.flush()
