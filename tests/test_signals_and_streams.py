"""What the system does to the program: signals, and streams that are closed, slow, or not the terminal."""

import shlex
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from tests.server import Server, stay
from tests.terminal import Terminal, environment
from tests.test_keys_on_pty import CTRL_Z
from tests.test_repl import ask, sent

CTRL_BACKSLASH = "\x1c"


@contextmanager
def shell(server: Server, home: Path, *flags: str) -> Iterator[Terminal]:
    """chatrepl at its prompt in a shell with job control, whose prompt is "$"."""
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", *flags]
    terminal = Terminal(["bash", "--norc", "--noediting", "-i"], environment(home, PS1="$ "), columns=200)
    try:
        terminal.line(f"stty sane; {shlex.join(words)}")
        terminal.wait_for_prompt()
        yield terminal
    finally:
        terminal.process.close(force=True)


def echoes(terminal: Terminal) -> bool:
    modes: int = termios.tcgetattr(terminal.process.child_fd)[3]
    return bool(modes & termios.ECHO and modes & termios.ICANON)


def test_ctrl_backslash_during_a_reply_leaves_the_terminal_as_it_was(server: Server, home: Path) -> None:
    server.answers(stay("one"))
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m"]
    chat = Terminal(["sh", "-c", f"stty sane; exec {shlex.join(words)}"], environment(home))
    try:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("one")
        assert not echoes(chat)
        chat.send(CTRL_BACKSLASH)
        chat.until(lambda: echoes(chat), "the modes of before")
    finally:
        chat.process.close(force=True)


def test_what_is_typed_at_a_simple_prompt_is_seen_after_ctrl_z_too(server: Server, home: Path) -> None:
    with shell(server, home, "--plain") as chat:
        chat.send(CTRL_Z)
        chat.wait_for("Stopped")
        chat.line("fg")
        chat.wait_for("--plain", times=2)
        chat.send("half a thought")
        chat.wait_for("half a thought")
        ask(chat, "", "Hello")
        assert sent(server) == [("user", "half a thought")]
