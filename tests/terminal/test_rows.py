"""Rows that change while several are asked: one a model, below what is printed, and gone without a trace."""

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatrepl.terminal.screen.rows import Rows
from chatrepl.terminal.typeahead import Typed
from tests.support.emulator import Emulator
from tests.support.server import Server, held, say, serving, stay, whole

if sys.platform != "win32":
    from tests.support.terminal import CTRL_C, Terminal, chatrepl, environment

pty = pytest.mark.skipif(sys.platform == "win32", reason="there is no pty on Windows")


class Out:
    """A stream that is a terminal of a size that changes."""

    encoding = "utf-8"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.emulator = Emulator(40, 8)
        self.size = os.terminal_size((40, 8))
        self.write = self.emulator.write
        monkeypatch.setattr(os, "get_terminal_size", lambda _file: self.size)

    def fileno(self) -> int:
        return 1

    def flush(self) -> None:
        pass


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> Any:
    return Out(monkeypatch)


def test_they_change_below_what_is_printed_and_are_gone_in_the_end(out: Any) -> None:
    keys: Any = SimpleNamespace(typed=lambda: Typed(0, "later"))
    with Rows(out, keys=keys, clock=lambda: 0.0) as rows:
        rows.show([["one", "0 s"], ["two", "0 s", "x" * 60]])
        assert out.emulator.text == ["⠋ one · 0 s", "⠋ two · 0 s", "next: later"]
        rows.say("one is done")
        rows.show([["two\x1b[2J", "1 s"]])
        assert out.emulator.text == ["one is done", "⠋ two␛[2J · 1 s", "next: later"]
    assert out.emulator.text == ["one is done"]
    assert not rows.alive


def test_of_more_than_there_is_room_for_the_last_are_shown(out: Any) -> None:
    with Rows(out, clock=lambda: 0.0) as rows:
        rows.show([[f"model {number}"] for number in range(30)])
        assert out.emulator.text == [f"⠋ model {number}" for number in range(23, 30)]


def test_they_stay_away_while_the_size_changes(out: Any) -> None:
    now = [0.0]
    with Rows(out, clock=lambda: now[0]) as rows:
        rows.show([["one", "0 s"]])
        out.size = os.terminal_size((12, 8))
        rows.show([["one", "1 s"]])
        assert out.emulator.text == [""]
        now[0] = 1.0
        rows.show([["one", "12 s"]])
        assert out.emulator.text[0].endswith("one")


@pytest.fixture
def asking(server: Server, home: Path) -> "Iterator[tuple[Terminal, Server, Server]]":
    """chatrepl with three profiles, two of which are silent after a word, or from the start."""
    with serving() as begun, serving() as silent:
        home.mkdir()
        tables = [
            f'[profiles.{name}]\ndialect = "openai-chat"\nbase_url = "{its.url}"\nmodel = "m"\nretries = 0\n'
            for name, its in (("one", server), ("begun", begun), ("silent", silent))
        ]
        (home / "config.toml").write_text('default = "one"\n' + "".join(tables))
        with chatrepl(env=environment(home)) as terminal:
            terminal.wait_for_prompt()
            yield terminal, begun, silent


@pty
def test_each_has_a_row_until_it_is_done_and_ctrl_c_stops_all(
    asking: "tuple[Terminal, Server, Server]", server: Server
) -> None:
    chat, begun, silent = asking
    release = threading.Event()
    server.answers(held(release, whole({"error": {"message": "none left"}}, 400)))
    begun.answers(stay("Begun"))
    silent.answers(stay())
    chat.line("/ask one,begun,silent Which?")
    for row in ("one · ", "begun · ", "silent · "):
        chat.wait_for(f" {row}")
    release.set()
    chat.wait_for("none left")
    chat.until(lambda: chat.lines()[-2].endswith(" tok"), "the row of what has begun, and not of what is done")
    os.kill(chat.pid, signal.SIGTSTP)
    chat.until(lambda: "silent ·" not in chat.text(), "no rows while it is stopped")
    os.kill(chat.pid, signal.SIGCONT)
    chat.wait_for("silent ·")
    chat.resize(40, 24)
    chat.until(lambda: "silent ·" not in chat.text(), "no rows while the size changes")
    chat.wait_for("silent ·")
    chat.send(CTRL_C)
    chat.wait_for_prompt()
    assert "Stopped before the first word." in chat.text()
    assert not [line for line in chat.lines() if "Ctrl-C stops" in line]
    chat.line("/replies")
    chat.wait_for("interrupted")


@pty
def test_plain_there_is_a_line_when_each_is_done(server: Server, home: Path) -> None:
    with chatrepl("--plain", "--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        server.answers(say("Hello"), say("There"))
        chat.line("/ask m,x Which?")
        chat.wait_for("/replies N makes another")
        heads = [line for line in chat.lines() if re.match(r"[mx] · <?\d+\.\d s", line)]
        assert len(heads) == 2
        assert b"\x1b" not in chat.bytes.rpartition(b"Which?")[2].partition(b"/replies")[0]
