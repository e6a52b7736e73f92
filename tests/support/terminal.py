"""The whole program on a real pty, its screen read by a terminal emulator."""

import os
import select
import signal
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pyte

from tests.support.forkserver import CHATREPL, LOCALE, Child
from tests.support.server import PATIENCE

ENTER, CTRL_C, CTRL_D, CTRL_J, TAB, UP, DOWN = "\r", "\x03", "\x04", "\n", "\t", "\x1b[A", "\x1b[B"
ALT_ENTER, ESCAPE = "\x1b\r", "\x1b"
PASTE = ("\x1b[200~", "\x1b[201~")


class Terminal:
    """A program on a terminal of that size."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], columns: int = 80, rows: int = 24) -> None:
        self._screen = pyte.HistoryScreen(columns, rows, history=100_000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self.bytes = b""
        self.fd, theirs = os.openpty()
        modes = termios.tcgetattr(theirs)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        termios.tcsetwinsize(theirs, (rows, columns))
        self.process = Child(command, env, [theirs] * 3)
        os.close(theirs)

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, keys: str) -> None:
        """Type these keys, as fast as the terminal takes them."""
        data = keys.encode()
        while data:
            data = data[os.write(self.fd, data) :]

    def line(self, text: str) -> None:
        """Type a line and send it."""
        self.send(text + ENTER)

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Until the text stands that often on the screen or above it."""
        self.until(lambda: self.count(text) >= times, f"{text!r}, {times} times")

    def count(self, text: str) -> int:
        """How often the text stands on the screen or above it, wherever its lines are broken there."""
        return "".join(self.text().split()).count("".join(text.split()))

    def wait_for_prompt(self, start: str = "") -> None:
        """Until the cursor stands behind just that text in a prompt; a status line may stand below."""
        self.until(lambda: self.at_cursor() == f"> {start}".rstrip(), f"a prompt with {start!r}")

    def at_cursor(self) -> str:
        """The line of the cursor, up to it."""
        cursor = self._screen.cursor
        return self._screen.display[cursor.y][: cursor.x].rstrip()

    def until(self, met: Callable[[], object], what: str) -> None:
        """Read until the condition is met."""
        deadline = time.monotonic() + PATIENCE
        while not met():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}; the screen holds:\n{self.text()}")
            self._read(0.05)

    def row(self) -> str:
        """The line of the cursor, whole."""
        return self._screen.display[self._screen.cursor.y].rstrip()

    def end(self) -> int:
        """The exit status, once the program is over."""
        deadline = time.monotonic() + PATIENCE
        while self._read(0.05):
            assert time.monotonic() < deadline, f"it does not end; the screen holds:\n{self.text()}"
        return self.hang_up()

    def hang_up(self) -> int:
        """Close the window, and wait for the exit status."""
        self._close()
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """Close the window, and kill the program if that does not end it."""
        self._close()
        try:
            self.process.wait(1)
        except TimeoutError:
            self.kill()
            self.process.wait(PATIENCE)

    def _close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def lines(self) -> list[str]:
        """Scrollback and screen, without blank lines at the end."""
        above = ["".join(row[x].data for x in range(self._screen.columns)) for row in self._screen.history.top]
        lines = [line.rstrip() for line in (*above, *self._screen.display)]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def text(self) -> str:
        return "\n".join(self.lines())

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)
        termios.tcsetwinsize(self.fd, (rows, columns))

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.kill(number)

    def _read(self, seconds: float) -> bool:
        """Take in what the program wrote; False once it is over."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        data = b""
        with suppress(OSError):  # so ends a terminal on Linux
            data = os.read(self.fd, 65536)
        if not data:
            return False
        self.bytes += data
        self._answer_cursor_questions(data)
        self._stream.feed(data)
        return True

    def _answer_cursor_questions(self, data: bytes) -> None:
        """As every terminal does; prompt-toolkit asks where the cursor is."""
        if b"\x1b[6n" in data:
            cursor = self._screen.cursor
            self.send(f"\x1b[{cursor.y + 1};{cursor.x + 1}R")


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh machine: no keys, no configuration, everything below ``home``."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "CHATREPL_HOME": str(home),
        "TERM": "xterm-256color",
        **LOCALE,
        **more,
    }


@contextmanager
def chatrepl(*words: str, env: Mapping[str, str], columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """chatrepl with these arguments on a terminal, killed at the end if it still runs."""
    terminal = Terminal([*CHATREPL, *words], env, columns, rows)
    try:
        yield terminal
    finally:
        terminal.close()
