"""The answer on the screen, through the whole program: drawn once, in order, safe, and cheap in counts."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl.terminal.screen.live import LivePicture, Look
from chatrepl.terminal.screen.painter import BEGIN
from chatrepl.terminal.signals import handling
from tests.support import markers
from tests.support.server import END, PATIENCE, Exchange, Script, Server, chunk, say, then
from tests.support.terminal import CTRL_C, Terminal, chatrepl, environment


def pieces(text: str, size: int = 4) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def paced(text: str, tokens_per_second: float) -> Script:
    """The text in tokens at that pace: here the time that passes is what is tested."""

    def script(exchange: Exchange) -> None:
        exchange.head()
        for piece in pieces(text):
            exchange.send(chunk(piece))
            time.sleep(1 / tokens_per_second)
        exchange.send(END)

    return script


def answered(chat: Terminal) -> None:
    chat.line("Tell me")
    chat.wait_for("2 out")
    chat.wait_for_prompt()


@pytest.mark.parametrize(("columns", "rows"), [(100, 30), (40, 10)])
def test_every_word_of_a_long_answer_stands_on_the_screen_once_and_in_order(
    server: Server, home: Path, columns: int, rows: int
) -> None:
    text = markers.document(50_000)
    server.answers(say(*pieces(text)))
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home), columns=columns, rows=rows) as chat:
        chat.wait_for_prompt()
        answered(chat)
        assert markers.words(chat.text()) == markers.words(text)
        assert "Ctrl-C stops" not in chat.text(), "something of the frames was left"
        assert len(chat.bytes) <= 4 * len(text)


def test_so_it_does_when_the_answer_takes_its_time(server: Server, home: Path) -> None:
    text = markers.document(2_400)
    server.answers(paced(text, 200))
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home), columns=60, rows=12) as chat:
        chat.wait_for_prompt()
        began = time.monotonic()
        answered(chat)
        frames = chat.bytes.count(BEGIN.encode())
        assert markers.words(chat.text()) == markers.words(text)
        assert frames > 10, "it was shown while it came"
        assert frames <= 20 * (time.monotonic() - began) + 2
        assert len(chat.bytes) <= 40 * len(text)


def test_ctrl_c_in_the_middle_leaves_what_came_and_nothing_of_the_frames(server: Server, home: Path) -> None:
    text = markers.document(3_000)
    server.answers(then(pieces(text), Exchange.wait_for_hang_up))
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home), rows=10) as chat:
        chat.wait_for_prompt()
        chat.line("Tell me")
        chat.wait_for(markers.words(text)[-1])
        chat.send(CTRL_C)
        chat.wait_for("Stopped.")
        chat.wait_for_prompt()
        assert markers.words(chat.text()) == markers.words(text)
        assert "Ctrl-C stops" not in chat.text()


def test_an_xterm_made_narrower_in_the_middle_loses_nothing(server: Server, home: Path) -> None:
    release = threading.Event()
    words = [f"w{number:05}" for number in range(30)]
    finished, grows = "\n\n".join(words[:15]), " ".join(words[15:])

    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(chunk(f"{finished}\n\n{grows}"))
        assert release.wait(PATIENCE)
        exchange.send(chunk(" end") + END)

    server.answers(script)
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home, XTERM_VERSION="XTerm(390)")) as chat:
        chat.wait_for_prompt()
        chat.line("Tell me")
        chat.wait_for(words[-1])
        chat.resize(40, 24)
        chat.until(lambda: "Ctrl-C stops" not in chat.text(), "what may change away")
        release.set()
        chat.wait_for("2 out")
        assert markers.words(chat.text()) == words


def test_a_narrow_character_set_makes_no_row_longer_than_the_window(server: Server, home: Path) -> None:
    release = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(chunk(f"w00000 {'€' * 25} w00001"))
        assert release.wait(PATIENCE)
        exchange.send(chunk(" end") + END)

    server.answers(script)
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home, LC_ALL="C"), columns=40) as chat:
        chat.wait_for_prompt()
        chat.line("Tell me")
        chat.wait_for("w00001")
        release.set()
        chat.wait_for("2 out")
        assert "".join(chat.text().split()).count("EUR" * 25) == 1
        assert "Ctrl-C stops" not in chat.text()


HOSTILE = (
    "\x1b]0;title\x07\x1b]52;c;aGk=\x07\x1b[2J\x1b[?1049h\x1bP1;2q\x1b\\"
    "\x1b_x\x1b\\\x1b^y\x1b\\\x9b5n\x9d0;t\x9c\x08\x7f\x05\u202e\r"
)


def test_no_sequence_of_the_model_reaches_the_terminal_wherever_it_is_cut(server: Server, home: Path) -> None:
    text = f"one {HOSTILE} two\n\n```\n{HOSTILE}\n```\n\n| {HOSTILE} |\n|---|\n| {HOSTILE} |\n\nthree"
    server.answers(say(text), say(*text))
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        for times in (1, 2):
            chat.line("Tell me")
            chat.wait_for("three", times=times)
            chat.wait_for("2 out", times=times)
        for sequence in (
            b"\x1b]0;",
            b"\x1b]52",
            b"\x1b[2J",
            b"\x1b[?1049h",
            b"\x1bP",
            b"\x1b_",
            b"\x1b^",
            b"\x05",
            b"\x7f",
        ):
            assert sequence not in chat.bytes
        assert "\u202e" not in chat.bytes.decode("utf-8", "replace")


def test_code_is_copied_from_the_screen_as_it_was(server: Server, home: Path) -> None:
    code = "def f(x):\n    if x:\n        return 'a  b'\n\n    return None"
    server.answers(say("Look:\n\n```python\n", code, "\n```\n\nDone."))
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        answered(chat)
        assert code in chat.text()


def test_reasoning_stands_above_the_answer_and_can_be_hidden(server: Server, home: Path) -> None:
    thinking = "data: " + '{"choices":[{"index":0,"delta":{"reasoning_content":"Let me see."}}]}' + "\n\n"

    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(thinking + chunk("Four.") + END)

    server.answers(script, script)
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        answered(chat)
        lines = chat.lines()
        start = lines.index("▎ thinking")
        assert lines[start + 1] == "▎ Let me see."
        assert re.fullmatch(r"thought for \d\.\d s · ~3 tokens", lines[start + 2])
        assert lines[start + 3 : start + 5] == ["", "Four."]
        chat.line("/set thinking off")
        chat.wait_for("thinking = off")
        chat.line("Again")
        chat.wait_for("Four.", times=2)
        chat.wait_for_prompt()
        assert chat.text().count("Let me see.") == 1


class Tmux:
    """chatrepl in a tmux of its own: the terminal that reflows its lines when it is resized."""

    def __init__(self, home: Path, *words: str) -> None:
        self._socket = str(home.parent / "tmux")
        self._env = environment(home)
        size = ["-x", "80", "-y", "24"]
        command = " ".join([sys.executable, "-m", "chatrepl", *words])
        self(
            "-f",
            "/dev/null",
            "set",
            "-g",
            "history-limit",
            "20000",
            ";",
            "new-session",
            "-d",
            *size,
            "-s",
            "t",
            command,
        )

    def __call__(self, *words: str) -> str:
        command = ["tmux", "-S", self._socket, *words]
        return subprocess.run(command, env=self._env, capture_output=True, text=True, check=True).stdout

    def wait_for(self, awaited: str) -> str:
        """Until the text stands on the screen or above it; returns both."""
        deadline = time.monotonic() + PATIENCE
        while awaited not in (shown := self("capture-pane", "-p", "-J", "-S", "-", "-t", "t")):
            assert time.monotonic() < deadline, shown[-2000:]
        return shown


@pytest.fixture
def tmux(server: Server, home: Path) -> Iterator[Tmux]:
    """chatrepl at its prompt in tmux, talking to the scripted server."""
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed")
    running = Tmux(home, "--base-url", server.url, "-m", "m")
    try:
        running.wait_for("\n>")
        yield running
    finally:
        running("kill-server")


def test_so_it_is_in_tmux(server: Server, tmux: Tmux) -> None:
    text = markers.document(50_000)
    server.answers(say(*pieces(text)))
    tmux("send-keys", "-t", "t", "Tell me", "Enter")
    assert markers.words(tmux.wait_for("2 out")) == markers.words(text)


def test_an_address_wider_than_the_terminal_is_one_line_there(server: Server, tmux: Tmux) -> None:
    address = "https://example.org/" + "x" * 100
    server.answers(say(*pieces(f"See {address} for more.")))
    tmux("send-keys", "-t", "t", "Tell me", "Enter")
    assert f"See\n{address}\nfor more.\n" in tmux.wait_for("2 out")


def test_a_resize_in_the_middle_loses_and_doubles_nothing(server: Server, tmux: Tmux) -> None:
    text = markers.document(4_000)
    server.answers(paced(text, 400))
    tmux("send-keys", "-t", "t", "Tell me", "Enter")
    for word, columns, rows in (("w00020", 60, 24), ("w00050", 110, 12), ("w00080", 40, 30), ("w00110", 90, 24)):
        tmux.wait_for(word)
        tmux("resize-window", "-t", "t", "-x", str(columns), "-y", str(rows))
    shown = tmux.wait_for("2 out")
    assert markers.words(shown) == markers.words(text)
    assert "Ctrl-C stops" not in shown, "something of the frames was left"


def test_ctrl_c_gives_a_picture_up_that_does_not_come_to_its_end() -> None:
    out, stuck, released = io.StringIO(), threading.Event(), threading.Event()

    def label() -> str:
        """Who answers: whoever draws this gets stuck, while somebody presses Ctrl-C."""
        end = time.monotonic() + PATIENCE
        stuck.set()
        while time.monotonic() < end and not released.wait(0.02):
            os.kill(os.getpid(), signal.SIGINT)
        return "too late"

    with handling(lambda *_: None, "SIGINT"):
        with LivePicture(out, Look(), label) as picture:
            assert stuck.wait(PATIENCE)
        assert picture.alive
        released.set()
        picture._thread.join()
    assert "too late" not in out.getvalue(), "others write there by then"
