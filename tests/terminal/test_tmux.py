"""The program inside tmux, a terminal nobody here wrote: it wraps lines anew when it is resized, as real ones do."""

import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.server import PATIENCE, Exchange, Server, chunk, say
from tests.support.terminal import environment

if not shutil.which("tmux"):
    pytest.skip("there is no tmux", allow_module_level=True)


class Tmux:
    """A tmux server of its own, with one window."""

    def __init__(self, folder: Path, command: str, env: dict[str, str], columns: int = 80, rows: int = 24) -> None:
        self._folder = folder  # a socket is named from there: its whole name may be too long
        self._env = env
        size = ["-x", str(columns), "-y", str(rows)]
        self._run("-f", "/dev/null", "new-session", "-d", *size, command)
        self._run("set-option", "-g", "history-limit", "10000")

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", "tmux", *words], cwd=self._folder, env=self._env, capture_output=True, text=True, check=True
        )
        return done.stdout

    def keys(self, *names: str) -> None:
        """Press keys by tmux's names for them."""
        self._run("send-keys", *names)

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def paste(self, text: str) -> None:
        """As a terminal pastes: in brackets if the program asked for them."""
        subprocess.run(["tmux", "-S", "tmux", "load-buffer", "-"], cwd=self._folder, input=text, text=True, check=True)
        self._run("paste-buffer", "-p")

    def resize(self, columns: int, rows: int) -> None:
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def text(self) -> str:
        """Scrollback and screen, wrapped lines joined."""
        return self._run("capture-pane", "-p", "-J", "-S", "-").rstrip()

    def wait_for(self, text: str) -> None:
        self.until(lambda: text in self.text(), repr(text))

    def until(self, met: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not met():
            assert time.monotonic() < deadline, f"waited in vain for {what}; the screen holds:\n{self.text()}"
            time.sleep(0.02)

    def wait_for_prompt(self, start: str = "") -> None:
        """Until the cursor stands in a prompt with that text."""
        self.until(lambda: self.row() == f"> {start}".rstrip(), f"> {start}")

    def row(self) -> str:
        """The row of the cursor."""
        row = int(self._run("display-message", "-p", "#{cursor_y}"))
        return (self._run("capture-pane", "-p").split("\n") + [""] * 1000)[row].rstrip()

    def end(self) -> None:
        subprocess.run(["tmux", "-S", "tmux", "kill-server"], cwd=self._folder, capture_output=True, check=False)


@pytest.fixture
def chat(server: Server, home: Path, tmp_path: Path) -> Iterator[Tmux]:
    """chatrepl at its prompt."""
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "test-model"]
    tmux = Tmux(tmp_path, shlex.join(words), environment(home))
    try:
        tmux.wait_for_prompt()
        yield tmux
    finally:
        tmux.end()


def test_a_turn_an_edit_and_a_long_paste(chat: Tmux, server: Server) -> None:
    chat.type("Hi")
    chat.keys("M-Enter")
    chat.type("there")
    chat.keys("Enter")
    chat.wait_for("Hello")
    chat.wait_for_prompt()
    pasted = "".join(f"line {number}\n" for number in range(5000))
    chat.paste(pasted)
    chat.wait_for_prompt("[pasted 5000 lines]")
    chat.keys("Enter")
    chat.until(lambda: len(server.requests) == 2, "the second request")
    contents = [message["content"] for message in server.requests[-1].body["messages"]]
    assert contents == ["Hi\nthere", "Hello", pasted]


def test_a_prompt_at_the_top_leaves_no_copies_of_itself_when_the_window_is_narrowed(chat: Tmux) -> None:
    for columns, named in ((30, 1), (80, 2)):
        chat.resize(columns, 24)
        chat.until(lambda: chat.text().count("by-hand") == named, "a status line for the size")  # noqa: B023
    assert chat.text().count("\n>") == 1


def test_resizing_while_typing_leaves_one_prompt(chat: Tmux, server: Server) -> None:
    server.answers(say("line\n\n" * 15), say("Hello"))  # at the top tmux moves what it wraps into the scrollback
    chat.type("Fill the window")
    chat.keys("Enter")
    chat.until(lambda: chat.text().count("line") == 15, "the reply")
    chat.wait_for_prompt()
    text = "half a thought that is long enough to be wrapped when there is little room"
    chat.type(text)
    chat.wait_for_prompt(text)
    typed = text
    for columns in (50, 30, 120, 100):
        chat.resize(columns, 24)
        chat.type(".")
        typed += "."
        chat.until(lambda: "".join(typed.split()) in "".join(chat.text().split()), "the prompt, drawn again")  # noqa: B023
    chat.wait_for_prompt(f"{text}....")
    assert chat.text().count("half a thought") == 1
    chat.keys("Enter")
    chat.until(lambda: len(server.requests) == 2, "the request")
    assert server.requests[1].body["messages"][-1]["content"] == f"{text}...."


def test_resizing_while_a_reply_streams_loses_and_doubles_no_word(chat: Tmux, server: Server) -> None:
    steps = [threading.Event() for _ in range(4)]

    def script(exchange: Exchange) -> None:
        exchange.head()
        for number, step in enumerate(steps):
            words = " ".join(f"w{number}{index:03}" for index in range(60))
            exchange.send(chunk(f"{words}\n\n"))
            assert step.wait(PATIENCE)
        exchange.send(chunk(finish="stop") + "data: [DONE]\n\n")

    server.answers(script)
    chat.type("Hi")
    chat.keys("Enter")
    for number, (step, columns) in enumerate(zip(steps, (60, 40, 100, 80), strict=True)):
        chat.wait_for(f"w{number}059")
        chat.resize(columns, 24)
        step.set()
    chat.wait_for_prompt()
    found = re.findall(r"w\d{4}", chat.text())
    assert found == [f"w{number}{index:03}" for number in range(4) for index in range(60)]


def test_ctrl_c_at_every_state(chat: Tmux, server: Server) -> None:
    chat.type("half")
    chat.keys("C-c")
    chat.wait_for_prompt()
    chat.type("/re")
    chat.keys("Tab")
    chat.wait_for("/reset")
    chat.keys("C-c")
    chat.until(lambda: "/reset" not in chat.text(), "no menu")
    server.answers(lambda exchange: exchange.wait_for_hang_up())
    chat.type("waiting")
    chat.keys("Enter")
    server.received()
    chat.keys("C-c")
    chat.wait_for("Stopped before the first word")
    chat.wait_for_prompt("waiting")
    chat.keys("C-c")
    server.answers(say("one "), say("two"))
    chat.type("Hi")
    chat.keys("Enter")
    chat.wait_for("one")
    chat.wait_for_prompt()
    chat.keys("C-c")
    chat.wait_for("Ctrl-C again")
    chat.type("go on")
    chat.keys("Enter")
    chat.wait_for("two")


def test_a_paste_while_a_reply_streams_is_one_text_in_the_next_prompt(chat: Tmux, server: Server) -> None:
    release = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(chunk("one "))
        assert release.wait(PATIENCE)
        exchange.send(chunk("two") + chunk(finish="stop") + "data: [DONE]\n\n")

    server.answers(script)
    chat.type("Hi")
    chat.keys("Enter")
    chat.wait_for("one")
    chat.paste("".join(f"line {number}\n" for number in range(30)))
    release.set()
    chat.wait_for("one two")
    chat.wait_for_prompt("[pasted 30 lines]")
    assert len(server.requests) == 1
