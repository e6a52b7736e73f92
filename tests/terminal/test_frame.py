"""What a reply looks like while it arrives, without a thread, a clock or a terminal."""

import math
import re

import pytest

from chatrepl.events import Text, Thinking, Wait
from chatrepl.terminal.drawing import ansi_cells
from chatrepl.terminal.screen.frame import Frame, Look
from chatrepl.terminal.typeahead import Typed, typed

PLAIN = re.compile(r"\x1b\[[0-9;]*m")


def bare(rows: list[str]) -> list[str]:
    return [PLAIN.sub("", row) for row in rows]


def rows(frame: Frame, now: float, *, typed: Typed = Typed(), room: int = 20) -> list[str]:  # noqa: B008  # a value
    return bare(frame.take("claude", typed, room, now)[1])


def test_before_the_first_word_there_is_the_status_line_alone() -> None:
    frame = Frame(Look(), 80, 10.0)
    assert rows(frame, 10.0) == ["⠋ claude · 0 s · Ctrl-C stops"]
    assert rows(frame, 13.3) == ["⠸ claude · 3 s · Ctrl-C stops"]


def test_the_status_line_stands_below_the_text_and_tells_what_came() -> None:
    frame = Frame(Look(), 80, 0.0)
    frame.feed(Text("Some words"), 1.0)
    assert rows(frame, 1.0) == ["Some words", "⠼ claude · 1 s · ~3 tok · Ctrl-C stops"]
    frame.feed(Text(" more"), 1.1)
    assert rows(frame, 1.1)[1] == "⠼ claude · 1 s · ~3 tok · Ctrl-C stops", "it changes four times a second at most"
    assert rows(frame, 1.3)[1] == "⠴ claude · 1 s · ~4 tok · Ctrl-C stops"


@pytest.mark.parametrize(
    ("wait", "seconds", "told"),
    [
        (Wait("silent", 120), 1.9, ""),
        (Wait("silent", 120), 5, "silent 5 s of 120 · "),
        (Wait("connecting to example.org", math.inf), 3, "connecting to example.org 3 s · "),
        (Wait("asking again", 6, exact=True), 1.5, "asking again in 5 s · "),
    ],
)
def test_it_tells_what_is_waited_for(wait: Wait, seconds: float, told: str) -> None:
    frame = Frame(Look(), 80, 0.0)
    frame.wait(wait, 4.0)
    end = "Ctrl-C gives up" if wait.exact else "Ctrl-C stops"
    (row,) = rows(frame, 4.0 + seconds)
    assert row[2:] == f"claude · {int(4 + seconds)} s · {told}{end}"


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (10, " claud"),
        (20, " claude · 9 s"),
        (40, " claude · 9 s · silent 9 s of 120"),
        (60, " claude · 9 s · silent 9 s of 120 · Ctrl-C stops"),
        (80, " claude · 9 s · silent 9 s of 120 · ~1 tok · Ctrl-C stops"),
    ],
)
def test_the_rows_below_fit_and_tell_less_where_there_is_less_room(columns: int, told: str) -> None:
    frame = Frame(Look(), columns, 0.0)
    frame.feed(Text("word"), 0.0)
    frame.wait(Wait("silent", 120), 0.0)
    _, status, following = rows(frame, 9.0, typed=Typed(1, "a long question that is typed meanwhile 漢字漢字"))
    assert max(map(ansi_cells, (status, following))) <= columns - 5
    assert status[1:].startswith(told[: columns - 8])
    assert columns < 40 or status[1:] == told
    assert following.startswith("next "[: columns - 5])
    assert following[-1] == "字" or columns < 20


def test_in_a_narrow_window_the_name_is_cut_and_how_to_stop_stays() -> None:
    frame = Frame(Look(), 40, 0.0)
    frame.feed(Text("Some words"), 0.0)
    for label, shown in (("SmolLM2-135M-Instruct.Q4_1", "SmolLM2-135…"), ("good-1", "good-1")):
        status = bare(frame.take(label, Typed(), 20, 3.0)[1])[-1]
        assert status[2:] == f"{shown} · 3 s · Ctrl-C stops"


def test_what_is_typed_meanwhile_stands_below_the_status_line() -> None:
    frame = Frame(Look(), 80, 0.0)
    assert rows(frame, 0.0, typed=Typed(0, "and without sed?"))[1] == "next: and without sed?"
    assert rows(frame, 0.0, typed=Typed(2, "a ⏎ b ⏎ c"))[1] == "next (2): a ⏎ b ⏎ c"


@pytest.mark.parametrize(
    ("keys", "lines", "text"),
    [
        ("and", 0, "and"),
        ("one\rtwo\rth", 2, "one ⏎ two ⏎ th"),
        ("ab\x7fc\x1b[A\x1bOB\x1bx\x01", 0, "ac"),
        ("one two\x17three\x15four", 0, "four"),
        ("one two\x17", 0, "one"),
        ("one\r\x7f\x17", 1, "one ⏎ "),
        ("\x1b[200~one\rtwo\x1b[201~\r", 1, "one ⏎ two ⏎ "),
        ("one\ntwo", 0, "one ⏎ two"),
        ("\x1b]0;title\x07\x9b31m\u202ex", 0, "31mx"),
    ],
)
def test_keys_are_shown_as_what_they_type(keys: str, lines: int, text: str) -> None:
    assert typed(keys) == Typed(lines, text)


def test_reasoning_has_a_label_and_an_edge_and_ends_in_a_line_of_its_own() -> None:
    frame = Frame(Look(), 80, 0.0)
    frame.feed(Thinking("The user asks"), 1.0)
    assert rows(frame, 5.0)[:2] == ["▎ thinking · 4 s", "▎ The user asks"]
    frame.feed(Text("Four."), 13.0)
    finished, tail = frame.take("claude", Typed(), 20, 13.0)
    assert bare(finished) == ["▎ thinking", "▎ The user asks", "thought for 12 s · ~4 tokens", ""]
    assert bare(tail)[0] == "Four."


def test_folded_reasoning_leaves_a_line_and_hidden_reasoning_none() -> None:
    frame = Frame(Look(thinking="line"), 80, 0.0)
    frame.feed(Thinking("One.\nTwo."), 1.0)
    assert rows(frame, 2.0)[:3] == ["▎ thinking · 1 s", "▎ One.", "▎ Two."]
    frame.feed(Text("Four."), 3.5)
    assert bare(frame.finish(4.0)) == ["thought for 2.5 s · ~3 tokens", "", "Four."]
    frame = Frame(Look(thinking="off"), 80, 0.0)
    frame.feed(Thinking("One."), 1.0)
    assert rows(frame, 2.0) == ["⠇ claude · thinks · 2 s · ~1 tok · Ctrl-C stops"]
    frame.feed(Text("Four."), 3.5)
    assert bare(frame.finish(4.0)) == ["Four."]


def test_what_else_is_said_stands_above_the_reply() -> None:
    frame = Frame(Look(), 80, 0.0)
    frame.say("The server is busy.")
    assert frame.take("claude", Typed(), 20, 0.0)[0] == ["The server is busy."]
    frame.feed(Text("Four."), 1.0)
    frame.say("Something else.")
    assert frame.finish(1.0) == ["", "Something else.", "Four."]


def test_a_small_character_set_makes_no_row_longer() -> None:
    frame = Frame(Look(encoding="ascii"), 20, 0.0)
    frame.feed(Text("€" * 30), 0.0)
    drawn = rows(frame, 0.0, typed=Typed(1, "a ⏎ b"))
    assert "".join(drawn).startswith("EUR" * 30)
    assert max(map(len, drawn)) <= 20
    assert drawn[-1] == "next (1): a / b"
