"""The width of texts, and what is cut and wrapped by it."""

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st
from wcwidth import wcswidth

from chatrepl.chat import status_line
from chatrepl.chat.status_line import Facts
from chatrepl.text import width

LETTERS = st.lists(
    st.sampled_from([*"ab ä漢字한é·✗", "e\u0301", "👍", "👍🏽", "⚠️", "👨‍👩‍👧", "🇩🇪", "नि"]), max_size=40
).map("".join)


@pytest.mark.parametrize(
    "text", ["", "plain", "é", "e\u0301", "漢字", "한글", "👍", "ｗｉｄｅ", "─│…✗", "⚠️", "👨‍👩‍👧", "1️⃣", "नि"]
)
def test_a_text_is_as_wide_as_terminals_draw_it(text: str) -> None:
    assert width.width(text) == wcswidth(text)


@given(LETTERS, st.integers(0, 30))
def test_a_cut_text_is_the_most_of_it_that_fits(text: str, columns: int) -> None:
    kept = width.cut(text, columns)
    assert text.startswith(kept)
    assert width.width(kept) <= columns
    assert kept == text or width.width(kept + next(iter(width.graphemes(text[len(kept) :])))) > columns


def test_an_emoji_is_two_columns_wide_however_many_characters_make_it() -> None:
    assert [width.width(text) for text in ("⚠️", "👨‍👩‍👧")] == [2, 2]
    assert width.cut("a👨‍👩‍👧b", 2) == "a"
    assert width.chopped("⚠️👨‍👩‍👧b", 3) == ["⚠️", "👨‍👩‍👧b"]


@given(LETTERS, st.integers(2, 30))
def test_a_chopped_text_is_whole_and_its_rows_are_full(text: str, columns: int) -> None:
    rows = width.chopped(text, columns)
    assert "".join(rows) == text
    for row, below in pairwise(rows):
        assert width.width(row) <= columns < width.width(row) + width.width(next(iter(width.graphemes(below))))


def test_what_is_measured_without_the_library_is_measured_alike() -> None:
    for text in map(chr, [*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x3000)]):
        assert width.width(text) == max(wcswidth(text), 0), ascii(text)


def test_text_of_one_column_a_character_does_not_load_the_library() -> None:
    script = (
        "import sys; from chatrepl.text import width\n"
        "width.width('Ärger – 0,4 s · „x“ … ✗ ⠋'); width.chopped('Größe', 3)\n"
        "print('wcwidth' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "False\n"
    )


@given(LETTERS, st.integers(4, 30))
def test_a_wrapped_line_keeps_its_words_and_fits_where_they_do(line: str, columns: int) -> None:
    rows = width.wrapped(line, columns, "  ")
    assert " ".join(rows).split() == line.split()
    for row in rows:
        assert width.width(row.rstrip()) <= columns or len(row.split()) == 1


def test_what_goes_on_stands_below_its_beginning() -> None:
    assert width.wrapped("  one two three", 9) == ["  one two", "  three"]


def test_a_line_of_figures_breaks_between_them() -> None:
    line = "0.4 s to the first word · 0.9 s in all · 21 tokens in · 48 out"
    assert width.wrapped(line, 56) == ["0.4 s to the first word · 0.9 s in all · 21 tokens in ·", "48 out"]
    assert width.wrapped(line, 50) == ["0.4 s to the first word · 0.9 s in all ·", "21 tokens in · 48 out"]


def test_numbers_stand_to_the_right_and_wide_words_take_two_columns_a_letter() -> None:
    assert [width.padded(text, 5) for text in ("12", "漢字", "ab")] == ["   12", "漢字 ", "ab   "]


@given(LETTERS, st.integers(10, 60))
def test_the_status_line_fits_whatever_it_tells(title: str, columns: int) -> None:
    line = status_line.text(Facts("", "漢字", "模型" * 5, "~3 tokens", "$0.01", title), columns)
    assert width.width(line) < columns


@given(st.lists(LETTERS, max_size=4), st.integers(1, 60))
def test_parts_that_do_not_fit_on_one_line_are_left_out_from_the_right(parts: list[str], columns: int) -> None:
    line = width.joined(parts, columns)
    assert width.width(line) <= columns
    given = [part for part in parts if part]
    assert not given or line == width.cut(given[0], columns) or line in (" · ".join(given[:end]) for end in range(5))


def test_an_address_that_is_not_the_profiles_own_goes_before_its_name() -> None:
    facts = Facts("", "openai", "good-1", "372 tokens", "$0.01", "", " at http://127.0.0.1:8931")
    told = [status_line.text(facts, columns) for columns in (80, 50, 30)]
    assert told == [
        "openai at http://127.0.0.1:8931 · good-1 · 372 tokens · $0.01",
        "openai · good-1 · 372 tokens · $0.01",
        "good-1 · 372 tokens · $0.01",
    ]
