"""Lines that pass: drawn over on a terminal, told once in a pipe."""

import io

import pyte
import pytest

from chatrepl.terminal.screen.screen import Screen
from tests.support.streams import Tty


def told(out: io.StringIO, notes: io.StringIO, *, plain: bool = False) -> str:
    """What is written where two things are fetched, one after the other."""
    screen = Screen(out, notes, {"TERM": "xterm-256color", "NO_COLOR": "1"}, plain=plain)
    for what in ("one", "two"):
        screen.say(f"{what}:")
        for done in (0, 50, 98):
            screen.passing(f"{done} of 98 MB {'x' * 200}")
        screen.say(f"{what} is here.")
    return notes.getvalue()


def test_a_line_that_passes_is_drawn_over_on_a_terminal() -> None:
    terminal = pyte.Screen(80, 24)
    pyte.Stream(terminal).feed(told(Tty(), Tty()).replace("\n", "\r\n"))
    assert [line.rstrip() for line in terminal.display if line.strip()] == [
        "one:",
        "one is here.",
        "two:",
        "two is here.",
    ]


@pytest.mark.parametrize(
    ("out", "notes", "plain"),
    [(io.StringIO(), io.StringIO(), False), (Tty(), io.StringIO(), False), (Tty(), Tty(), True)],
    ids=["pipes", "a file for the notes", "a simple terminal"],
)
def test_where_nothing_can_be_painted_over_the_first_one_alone_is_told(
    out: io.StringIO, notes: io.StringIO, plain: bool
) -> None:
    lines = told(out, notes, plain=plain).splitlines()
    assert "\x1b" not in "".join(lines)
    assert [line.split(" x")[0] for line in lines if "is here" not in line and ":" not in line] == ["0 of 98 MB"] * 2
    assert [line for line in lines if "is here" in line] == ["one is here.", "two is here."]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (80, "2.0 s · 84 in (60 cached) · 1,035 out · $0.02"),
        (40, "2.0 s · 84 in · 1,035 out · $0.02"),
        (30, "2.0 s · 84 in · 1,035 out"),
    ],
)
def test_of_figures_what_stands_in_brackets_is_left_out_first(
    monkeypatch: pytest.MonkeyPatch, columns: int, told: str
) -> None:
    monkeypatch.setattr(Screen, "columns", columns)
    screen = Screen(io.StringIO(), io.StringIO(), {})
    screen.parts(["2.0 s", "84 in (60 cached)", "1,035 out", "$0.02"])
    screen.parts([])
    assert isinstance(screen.notes, io.StringIO)
    assert screen.notes.getvalue() == f"{told}\n"
