"""The whole program on a real pty, its screen read by a terminal emulator."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pexpect
import pyte

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
        self.process: pexpect.spawn[bytes] = pexpect.spawn(
            command[0], list(command[1:]), env=dict(env), dimensions=(rows, columns), timeout=PATIENCE, echo=False
        )
        self.process.delaybeforesend = None

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def send(self, keys: str) -> None:
        self.process.send(keys)

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
        self.process.close()
        return self.process.exitstatus if self.process.exitstatus is not None else -(self.process.signalstatus or 0)

    def hang_up(self) -> int:
        """Close the window, and wait for the exit status: pexpect sends other signals after a tenth of a second."""
        process: Any = self.process
        process.ptyproc.fileobj.close()
        return int(process.ptyproc.wait())

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
        self.process.setwinsize(rows, columns)

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)

    def _read(self, seconds: float) -> bool:
        """Take in what the program wrote; False once it is over."""
        try:
            data = self.process.read_nonblocking(65536, seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.bytes += data
        self._answer_cursor_questions(data)
        self._stream.feed(data)
        return True

    def _answer_cursor_questions(self, data: bytes) -> None:
        """As every terminal does; prompt-toolkit asks where the cursor is."""
        if b"\x1b[6n" in data:
            cursor = self._screen.cursor
            self.process.send(f"\x1b[{cursor.y + 1};{cursor.x + 1}R")


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh machine: no keys, no configuration, everything below ``home``."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "CHATREPL_HOME": str(home),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        **more,
    }


@contextmanager
def chatrepl(*words: str, env: Mapping[str, str], columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """chatrepl with these arguments on a terminal, killed at the end if it still runs."""
    terminal = Terminal([sys.executable, "-m", "chatrepl", *words], env, columns, rows)
    try:
        yield terminal
    finally:
        terminal.process.close(force=True)
