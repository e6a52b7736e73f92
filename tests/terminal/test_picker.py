"""Choosing from a list: what the filter leaves, what is shown of it, and that no key waits for rows."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatrepl.terminal.choices import Choices, Row
from chatrepl.terminal.prompt.picker import FIRST, ROWS, Picker
from tests.support.server import Server
from tests.support.stored import kept
from tests.support.terminal import CTRL_C, DOWN, ENTER, Terminal, chatrepl, environment

ESCAPE, CTRL_D, CTRL_O, CTRL_U = "\x1b", "\x04", "\x0f", "\x15"


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    """chatrepl at its prompt."""
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def found(picker: Picker, words: str) -> list[str]:
    picker._type(words)
    return [row.text for row in picker.found()]


def test_the_filter_leaves_what_holds_all_its_words() -> None:
    rows = [Row("Sed on macOS"), Row("awk", words="SED"), Row("grep"), Row("sed, once", hidden=True)]
    picker = Picker(Choices("resume", rows))
    assert found(picker, "sed") == ["Sed on macOS", "awk"]
    assert found(picker, "SED mac") == ["Sed on macOS"]
    assert found(picker, "nothing") == []


def test_rows_that_are_hidden_are_shown_where_there_are_no_others() -> None:
    assert found(Picker(Choices("resume", [Row("once", hidden=True)])), "") == ["once"]


def test_of_rows_that_come_slowly_a_window_full_is_enough_to_begin() -> None:
    taken = []

    def rows() -> Iterator[Row]:
        for number in range(1_000):
            taken.append(number)
            time.sleep(FIRST / 10)
            yield Row(f"row {number}")

    Picker(Choices("resume", rows()))
    assert ROWS <= len(taken) < 100


@pytest.mark.parametrize("columns", [80, 40])
def test_a_session_is_filtered_for_looked_at_and_resumed(server: Server, home: Path, columns: int) -> None:
    kept(home / "sessions", "20260101-090000-aaaa", "About sed", "It edits", used=100)
    kept(home / "sessions", "20260101-090000-bbbb", "About awk", "It computes", used=200)
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home), columns=columns) as chat:
        chat.wait_for_prompt()
        chat.line("/resume")
        chat.wait_for("2 of 2")
        chat.wait_for("› About awk")
        chat.wait_for("It computes")
        chat.send("edi")
        chat.wait_for("Nothing matches")
        chat.send(CTRL_U + "sed")
        chat.wait_for("It edits")
        assert max(map(len, chat.lines())) <= columns
        chat.send(ENTER)
        chat.wait_for('"About sed" goes on')
        chat.wait_for_prompt()
        assert "resume ›" not in chat.text(), "the list leaves nothing behind"


def test_keys_move_delete_after_a_second_press_and_leave(chat: Terminal, home: Path) -> None:
    for number in range(3):
        kept(home / "sessions", f"20260101-090000-000{number}", f"Question {number}", "Reply", used=100 + number)
    chat.line("/sessions")
    chat.wait_for("› Question 2")
    chat.send(DOWN)
    chat.wait_for("› Question 1")
    chat.send(CTRL_D)
    chat.wait_for("again deletes it")
    chat.send(DOWN)
    chat.wait_for("› Question 0")
    assert len(list((home / "sessions").glob("*.jsonl"))) == 3
    chat.send(CTRL_D + CTRL_D)
    chat.wait_for("2 of 2")
    assert not list((home / "sessions").glob("*0000.jsonl"))
    for key in (ESCAPE, CTRL_C):
        chat.send(key)
        chat.wait_for("You stay in this session.", times=1 + (key == CTRL_C))
        chat.wait_for_prompt()
        chat.line("/resume")
        chat.wait_for("2 of 2")
    chat.send(ESCAPE)


def test_one_shots_are_marked_and_shown_by_a_key(server: Server, home: Path) -> None:
    path = kept(home / "sessions", "20260101-090000-aaaa", "Once", "Reply", used=100)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], '{"mark":"once"}\n', *lines[1:]]))
    kept(home / "sessions", "20260101-090000-bbbb", "Often", "Reply", used=200)
    with chatrepl("--base-url", server.url, "-m", "m", "-r", env=environment(home)) as chat:
        chat.wait_for("1 of 1")
        chat.send(CTRL_O)
        chat.wait_for("2 of 2")
        chat.wait_for("one-shot")
        chat.send(DOWN + ENTER)
        chat.wait_for("> Once")
        chat.wait_for_prompt()
