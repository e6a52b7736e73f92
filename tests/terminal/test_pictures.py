"""A plain picture: told once that it takes its time, and nothing of that in a file."""

import sys
import threading
from pathlib import Path

import pytest

from chatrepl.config.config import Ui
from chatrepl.events import Search, Text, Thinking, Wait
from chatrepl.terminal.screen import pictures
from chatrepl.terminal.screen.pictures import Cited
from chatrepl.terminal.screen.screen import Screen
from tests.support.server import END, PATIENCE, Exchange, Server, chunk
from tests.support.streams import Tty

UI = Ui()


def ticking() -> list[threading.Timer]:
    """The timers that are going to do something."""
    timers = (thread for thread in threading.enumerate() if isinstance(thread, threading.Timer))
    return [timer for timer in timers if not timer.finished.is_set()]


def test_a_long_wait_is_told_once_and_never_after_the_first_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "NOTICEABLE", 0.0)
    out = Tty()
    with Screen(out, out, {}, plain=True).picture(lambda: "m", UI) as picture:
        for what in ("waiting for the first word", "silent"):
            picture.waiting(Wait(what, 300))
            for timer in threading.enumerate():
                if isinstance(timer, threading.Timer):
                    timer.join(PATIENCE)
        picture.feed(Thinking("Hm"))
        picture.feed(Thinking("m"))
        picture.feed(Text("Four."))
        picture.waiting(Wait("silent", 120))
    told = "m: waiting for the first word, at most 300 s; Ctrl-C stops.\nm thinks; Ctrl-C stops.\n"
    assert out.getvalue() == f"{told}Four.\n"
    assert not ticking()


def test_a_search_stands_on_a_line_of_its_own_and_a_mark_behind_its_words() -> None:
    out, missed = Tty(), []
    with Screen(out, out, {}, plain=True).picture(lambda: "m", UI) as picture:
        picture.feed(Text("I look it up."))
        picture.feed(Search("Bonn"))
        picture.feed(Search("Bonn", over=True))
        picture.feed(Text("\n\nIt is so"))
        picture.feed(Cited(1, "https://a.example", "", lambda: missed.append(1)))
        picture.feed(Text(". Or not"))
        picture.feed(Cited(2, "https://b.example", ". Or not", lambda: missed.append(2)))
        picture.feed(Search("Köln", over=True, failure="unavailable"))
    assert out.getvalue() == (
        "I look it up.\nsearched: Bonn\n\n\nIt is so[1]. Or not\nsearch failed: unavailable (Köln)\n"
    )
    assert missed == [2]


def test_a_wait_that_ends_in_time_is_not_told() -> None:
    out = Tty()
    with Screen(out, out, {}, plain=True).picture(lambda: "m", UI) as picture:
        picture.waiting(Wait("waiting for the first word", 300))
        picture.feed(Text("Four."))
    assert out.getvalue() == "Four.\n"


@pytest.mark.parametrize("out", [Tty(), None], ids=["a file for the notes", "pipes"])
def test_nothing_is_told_where_nobody_looks(out: Tty | None, capsys: pytest.CaptureFixture[str]) -> None:
    with Screen(out or sys.stdout, sys.stderr, {}, plain=True).picture(lambda: "m", UI) as picture:
        picture.waiting(Wait("waiting for the first word", 300))
        assert not ticking()
        picture.feed(Thinking("Hm"))
        picture.feed(Text("Four."))
    assert (out.getvalue() if out else capsys.readouterr().out) == "Four.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty on Windows")
def test_a_simple_terminal_is_told_what_is_waited_for(server: Server, home: Path) -> None:
    from tests.support.terminal import chatrepl, environment

    release = threading.Event()

    def script(exchange: Exchange) -> None:
        assert release.wait(PATIENCE)
        exchange.head()
        exchange.send(chunk("Four.") + END)

    server.answers(script)
    with chatrepl("--base-url", server.url, "-m", "m", "--plain", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Two and two?")
        chat.wait_for("m: waiting for the first word, at most 300 s; Ctrl-C stops.")
        release.set()
        chat.wait_for("2 out")
        assert chat.lines().count("Four.") == 1
