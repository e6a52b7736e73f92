"""What a terminal shows in the end is what drawing at once shows, and no frame writes more than has changed."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st

from chatrepl.events import Text
from chatrepl.terminal.drawing import ansi, draw
from chatrepl.terminal.escapes import ERASE_BELOW
from chatrepl.terminal.screen.frame import Frame, Look
from chatrepl.terminal.screen.painter import BEGIN, END, HIDE, NO_WRAP, SHOW, WRAP, Painter
from chatrepl.terminal.typeahead import Typed
from chatrepl.text import safe
from tests.support.emulator import Emulator
from tests.support.markdowns import CORPUS, cuts, documents, pieces

sizes = st.sampled_from([(24, 4), (40, 10), (80, 24), (100, 30), (200, 50)])
tails = st.lists(st.text("abc ", max_size=15), max_size=6)


def at_once(text: str, columns: int, rows: int) -> list[str]:
    terminal = Emulator(columns, rows)
    for line in draw(text, columns):
        terminal.write(ansi(line) + "\r\n")
    return terminal.text


def live(parts: Sequence[str], columns: int, rows: int) -> Emulator:
    terminal = Emulator(columns, rows)
    painter = Painter(terminal.write)
    frame = Frame(Look(), columns, 0.0)
    for second, part in enumerate(parts):
        frame.feed(Text(part), float(second))
        painter.paint(*frame.take("model", Typed(), rows - 2, float(second)), columns, rows - 1)
    painter.paint(frame.finish(99.0), [], columns, 0)
    return terminal


@given(documents, cuts, sizes)
def test_screen_and_scrollback_are_as_drawn_at_once(text: str, at: list[int], size: tuple[int, int]) -> None:
    text = safe.text(text)
    assert live(pieces(text, at), *size).text == at_once(text, *size)


@pytest.mark.parametrize("path", CORPUS[::5], ids=lambda path: path.stem)
@pytest.mark.parametrize("size", [(40, 10), (80, 24)])
def test_the_corpus_many_times_taller_than_the_screen(path: Path, size: tuple[int, int]) -> None:
    text = safe.text(path.read_text(encoding="utf-8"))
    parts = [text[start : start + 60] for start in range(0, len(text), 60)]
    assert live(parts, *size).text == at_once(text, *size)


@given(st.lists(st.tuples(st.lists(st.text("xyz", max_size=50), max_size=3), tails, st.integers(0, 7)), max_size=8))
@example([([], ["", ""], 7), ([], ["a", ""], 7)])
@example([([], ["a", "b", "c"], 7), ([], ["a"], 7), (["x"], ["a"], 7), ([], [], 7), ([], ["b"], 7)])
def test_every_frame_leaves_the_finished_lines_and_its_tail(frames: list[tuple[list[str], list[str], int]]) -> None:
    terminal = Emulator(20, 9)
    painter = Painter(terminal.write)
    shown: list[str] = []
    for finished, tail, rows in frames:
        painter.paint(finished, tail, 20, rows)
        shown += finished
        other = Emulator(20, 9)
        other.write("".join(f"{line}\r\n" for line in shown))
        start = other.cursor
        other.write("\r\n".join(tail[-rows:] if rows else []))
        assert terminal.text == other.text
        assert terminal.cursor == start, "between frames it stands at the start of the tail"
        assert terminal.screen.cursor.hidden == bool(tail and rows)
    painter.clear()
    assert terminal.cursor[0] == 0
    assert not terminal.screen.cursor.hidden


def painted(*frames: Sequence[str]) -> list[str]:
    """What the last of these tails makes the painter write."""
    written: list[str] = []
    painter = Painter(written.append)
    for frame in frames[:-1]:
        painter.paint((), frame, 80, 10)
    written.clear()
    painter.paint((), frames[-1], 80, 10)
    return [re.sub(r"\x1b\[\?\d+[hl]", "", text) for text in written]


def test_only_what_changed_is_written() -> None:
    assert painted(["a", "b"], ["a", "b"]) == []
    assert painted(["a", "b"], ["a", "bc"]) == ["\n\r\x1b[1Cc\r\x1b[1A"]
    assert painted(["a", "b"], ["x", "b"]) == ["\rx\r"]
    assert painted(["abc", "b"], ["abx", "b"]) == ["\r\x1b[2Cx\r"]
    assert painted(["abc"], ["ab"]) == ["\r\x1b[2C\x1b[K\r"]
    assert painted(["a", "b"], ["a", "b", "c"]) == ["\n\n\rc\r\x1b[2A"]
    assert painted(["a", "b", "c"], ["a", "b"]) == [f"\n\n\r{ERASE_BELOW}\r\x1b[2A"]
    assert painted(["é"], ["é."]) == ["\r\x1b[Ké.\r"], "who knows how wide that is here"
    assert painted(["a", "b"], []) == painted(["a"], []) == [ERASE_BELOW]
    assert painted([], []) == []


def test_a_frame_is_one_write_inside_synchronized_output() -> None:
    written: list[str] = []
    Painter(written.append).paint(["done"], ["a", "b"], 80, 10)
    assert written == [f"{BEGIN}done\r\n{NO_WRAP}\ra\n\rb\r\x1b[1A{WRAP}{HIDE}{END}"]


def test_finished_lines_and_the_new_tail_come_in_the_same_frame() -> None:
    written: list[str] = []
    painter = Painter(written.append)
    painter.paint([], ["a", "b"], 80, 10)
    painter.paint(["a"], ["b", "c"], 80, 10)
    assert written[1:] == [f"{BEGIN}{ERASE_BELOW}{SHOW}a\r\n{NO_WRAP}\rb\n\rc\r\x1b[1A{WRAP}{HIDE}{END}"]


@given(
    st.lists(st.text("abc", max_size=30), min_size=1, max_size=4),
    st.lists(st.tuples(st.lists(st.text("xyz", max_size=30), max_size=2), tails), max_size=4),
    st.integers(5, 40),
)
def test_a_terminal_that_tells_its_size_late_loses_and_doubles_no_finished_line(
    tail: list[str], frames: list[tuple[list[str], list[str]]], columns: int
) -> None:
    """Its rows are wrapped anew, the cursor stays with what it stands at, and frames go on for the old size."""
    terminal = Emulator(columns, 40)
    painter = Painter(terminal.write)
    painter.paint([], ["x"], 40, 5)
    painter.clear()
    terminal.write("top\r\n")
    painter.paint([], tail, 40, 5)
    wrapped = [row[at : at + columns] for row in tail for at in range(0, max(len(row), 1), columns)]
    terminal.write("\x1b[J" + "\r\n".join(wrapped) + f"\r\x1b[{len(wrapped) - 1}A" * (len(wrapped) > 1) + "\r")
    shown = ["top"]
    for finished, late in frames:
        painter.paint(finished, late, 40, 5)
        shown += finished
    painter.resized(columns)
    other = Emulator(columns, 40)
    other.write("".join(f"{line}\r\n" for line in shown))
    assert terminal.text == other.text
    assert terminal.cursor == other.cursor


def test_a_resize_that_was_not_told_is_noticed_at_the_next_frame() -> None:
    terminal = Emulator(20, 10)
    painter = Painter(terminal.write)
    painter.paint(["top"], ["x" * 15], 20, 5)
    painter.paint(["done"], ["y"], 10, 5)
    assert terminal.text == ["top", "done", "y"]


def test_the_bytes_are_in_proportion_to_the_text() -> None:
    text = safe.text("\n\n".join(path.read_text(encoding="utf-8") for path in CORPUS))
    parts = [text[start : start + 1300] for start in range(0, len(text), 1300)]
    written: list[str] = []
    painter = Painter(written.append)
    frame = Frame(Look(), 80, 0.0)
    for second, part in enumerate(parts):
        frame.feed(Text(part), float(second))
        painter.paint(*frame.take("model", Typed(), 10, float(second)), 80, 10)
    assert sum(len(each.encode()) for each in written) <= 4 * len(text.encode())
    assert len(written) <= len(parts)


@given(st.lists(st.tuples(st.lists(st.just("x"), max_size=2), tails), max_size=6))
def test_nothing_is_erased_from_the_top_left_corner(frames: list[tuple[list[str], list[str]]]) -> None:
    """There tmux would push what is erased into its scrollback."""
    terminal = Emulator(20, 30)
    erased_at: list[tuple[int, int]] = []

    def write(frame: str) -> None:
        first, *erasing = re.split(r"(?=\x1b\[\d*J)", frame)
        terminal.write(first)
        for part in erasing:
            erased_at.append(terminal.cursor)
            terminal.write(part)

    painter = Painter(write)
    for finished, tail in frames:
        painter.paint(finished, tail, 20, 9)
    painter.clear()
    assert (0, 0) not in erased_at
