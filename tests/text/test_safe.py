"""Text from outside can neither act on the terminal nor hide in it."""

import itertools
import re
import sys
import time
import unicodedata

import pyte
import pytest
from hypothesis import given, strategies as st

from chatrepl.text import safe, width

HOSTILE = [
    "\x1b]0;owned\x07",
    "\x1b]0;owned\x1b\\",
    "\x1b]52;c;b3duZWQ=\x07",
    "\x9d52;c;b3duZWQ=\x9c",
    "\x1b]8;;http://evil\x1b\\label\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H",
    "\x9b2J",
    "\x1b[1A\x1b[2K",
    "\x1b[6n",
    "\x1b[?1049h",
    "\x1bc",
    "\x1bPq#0\x1b\\",
    "\x1b_Gi=1\x1b\\",
    "\x1b^pm\x1b\\",
    "\x1bXsos\x1b\\",
    "over\rwritten",
    "a\b\bb",
    "\x0e\x0f\x11\x13\x05\x00\x7f",
    "\u202eevil\u2066\u2069",
    "z\u0300\u0301\u0302\u0303\u0304\u0305\u0306",
    "\ud800\udfff\uffff\ufdd0",
    "\x85\u2028\u2029",
    "\U000e0041\u200b\ufeff",
]


def tagged(place: str) -> str:
    """The flag of a part of a country."""
    return "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in place) + "\U000e007f"


ENGLAND, SCOTLAND, WALES = map(tagged, ("gbeng", "gbsct", "gbwls"))
NEEDED = [
    ENGLAND,
    WALES[:4],
    "\U000e0067",
    "葛\U000e0100",
    "\U000e0101",
    "\xad",
    "a\xadb",
    "ក\u200b",
    "\u200bก",
    "ᠠ\u180e",
]
texts = st.lists(
    st.one_of(
        st.sampled_from(HOSTILE),
        st.sampled_from(NEEDED),
        st.sampled_from("\r\n\t\x1b[]\u0301\u200d"),
        st.text(max_size=8),
    ),
    max_size=12,
).map("".join)
any_text = st.one_of(texts, st.text(st.characters(codec=None), max_size=60))
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufffe\uffff]")


@given(any_text, st.lists(st.integers(0, 120)))
def test_any_cutting_gives_the_same(text: str, cuts: list[int]) -> None:
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    stream = safe.Stream()
    pieces = [stream.feed(text[start:end]) for start, end in itertools.pairwise(edges)]
    assert "".join(pieces) + stream.close() == safe.text(text)


@given(st.text(st.sampled_from("a\u0301\u200d。👍\n"), max_size=30))
def test_a_character_keeps_its_first_marks(text: str) -> None:
    kept, stacked = "", 0
    for char in text:
        stacked = stacked + 1 if char in "\u0301\u200d" else 0
        kept += char if stacked <= safe.MAX_STACKED else ""
    assert safe.text(text) == kept


@pytest.mark.parametrize("text", HOSTILE)
def test_cut_at_every_character(text: str) -> None:
    stream = safe.Stream()
    assert "".join(map(stream.feed, text)) + stream.close() == safe.text(text)


@given(any_text)
def test_nothing_unsafe_is_left_and_all_of_it_can_be_written(text: str) -> None:
    result = safe.text(text)
    assert not UNSAFE.search(result)
    result.encode()


@given(any_text)
def test_applied_twice_it_changes_nothing(text: str) -> None:
    assert safe.text(safe.text(text)) == safe.text(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]) | st.sampled_from("\n\t")))
def test_what_is_plain_stays_as_it_is(text: str) -> None:
    kept = "".join(char for char in text if char not in "\u115f\u1160\u3164\uffa0")
    assert safe.text(kept) == kept


@given(texts)
def test_the_terminal_is_as_without_it(text: str) -> None:
    screen = pyte.Screen(2000, 200)
    stream = pyte.Stream(screen)
    modes = set(screen.mode)
    result = safe.text(text)
    stream.feed(result.replace("\n", "\r\n"))
    assert (screen.title, screen.icon_name, screen.mode) == ("", "", modes)
    assert screen.cursor.y == result.count("\n")
    assert screen.cursor.attrs == screen.default_char


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("\x7f\x9b", "␡\ufffd"),
        ("a\r\nb\rc\x85d\u2028e", "a\nb\nc\nd\ne"),
        ("\r\r\n\n", "\n\n\n"),
        ("\u202ex", "⟨U+202E⟩x"),
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("\ud83d\udc4d \ufdd0", "\ufffd\ufffd \ufffd"),
        ("👩\u200d💻 ❤\ufe0f נ\u05bc", "👩\u200d💻 ❤\ufe0f נ\u05bc"),
        ("e" + "\u0301" * 9 + "x", "e" + "\u0301" * 4 + "x"),
        ("e" + "\u0301" * 5 + "x", "e" + "\u0301" * 4 + "x"),
        ("a" + "\u200d" * 9, "a" + "\u200d" * 4),
        ("Donau\xaddampf \xadx x\xad1", "Donau\xaddampf ⟨U+00AD⟩x x⟨U+00AD⟩1"),
        ("ភាសា\u200bខ្មែរ ไทย\u200bab a\u200bไทย", "ភាសា\u200bខ្មែរ ไทย\u200bab a\u200bไทย"),
        ("ไ\u200b\u200b\u200bไ", "ไ\u200b⟨U+200B⟩\u200bไ"),
        (f"{ENGLAND} {SCOTLAND}{WALES}", f"{ENGLAND} {SCOTLAND}{WALES}"),
        (f"a{ENGLAND[1:3]} {ENGLAND[:3]}", "a⟨U+E0067⟩⟨U+E0062⟩ 🏴⟨U+E0067⟩⟨U+E0062⟩"),
        (tagged("ustx"), "🏴⟨U+E0075⟩⟨U+E0073⟩⟨U+E0074⟩⟨U+E0078⟩⟨U+E007F⟩"),
        ("葛\U000e0100 a\U000e0100", "葛\U000e0100 a⟨U+E0100⟩"),
        ("葛\U000e0100\U000e0101", "葛\U000e0100⟨U+E0101⟩"),
        ("ᠠ\u180eᠠ a\u180e", "ᠠ\u180eᠠ a⟨U+180E⟩"),
        ("\u202a" + "\u0301" * 5, "⟨U+202A⟩" + "\u0301" * 4),
    ],
)
def test_what_is_shown_instead(text: str, shown: str) -> None:
    assert safe.text(text) == shown


def test_a_line_is_one_line_and_not_longer_than_asked() -> None:
    assert safe.line(" a\n\tb \x1b c\r") == "a b ␛ c"
    assert safe.line("x" * 300) == "x" * 199 + "…"
    assert safe.line("abcdef", 5) == "abcd…"


@given(any_text, st.integers(1, 50))
def test_a_line_has_no_break_and_a_limit(text: str, limit: int) -> None:
    result = safe.line(text, limit)
    assert width.width(result) <= limit
    assert not re.search("[\n\t]", result)
    assert not UNSAFE.search(result)


def test_no_combining_mark_is_taken_for_a_letter() -> None:
    marks = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ("Mn", "Me")]
    assert marks
    assert not [mark for mark in marks if not re.fullmatch(safe._MARKS, mark)]


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧 ok",
        "می‌خواهم",
        "កម្ពុជា\u200bខ្មែរ",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "e\u0301\t\n",
    ],
)
def test_what_a_script_needs_is_copied(text: str) -> None:
    assert safe.cleaned(text) == (text, 0)


@pytest.mark.parametrize(
    "text",
    [
        "\x1b",
        "\x9b",
        "\x07",
        "\u202e",
        "\u200b",
        "\u200d",
        "\u2066",
        "\u200f",
        "\xad",
        "\ufeff",
        "\U000e0061",
        "\ud800",
    ],
)
def test_what_acts_or_hides_is_not_copied(text: str) -> None:
    assert safe.cleaned(f"a{text}b{text}") == ("ab", 2)
    assert safe.cleaned("a\r\nb\rc") == ("a\nb\nc", 0)


def test_a_text_is_cleaned_in_time_that_grows_with_it() -> None:
    began = time.process_time()
    assert safe.cleaned("\u200d\u202ea" * 500_000) == ("a" * 500_000, 1_000_000)
    safe.cleaned("🏴" * 200_000 + "\u200d" * 200_000)
    assert time.process_time() - began < 4
