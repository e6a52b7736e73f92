"""The parts of the prompt: folded pastes, the shared history, guessing what is meant, narrow terminals."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from chatrepl.files import completion
from chatrepl.terminal.prompt.history import SharedHistory
from chatrepl.terminal.prompt.pastes import CHARACTERS, LINES, Pastes
from chatrepl.text import charset, lookalikes
from chatrepl.text.fuzzy import matching

LONG = st.integers(LINES, LINES + 5).map(lambda count: "\n".join(f"{count}: {line}" for line in range(count + 1)))


@given(st.lists(st.one_of(LONG, st.text(max_size=30))))
def test_a_folded_line_unfolds_to_what_was_pasted(pasted: list[str]) -> None:
    pastes = Pastes()
    assert pastes.unfold("".join(pastes.fold(each) for each in pasted)) == "".join(pasted)


@given(st.lists(LONG, min_size=1), st.text())
def test_what_was_folded_is_found_again_in_a_text(pasted: list[str], typed: str) -> None:
    pastes = Pastes()
    for each in pasted:
        pastes.fold(each)
    text = typed + "".join(pasted)
    assert pastes.unfold(pastes.refold(text)) == pastes.unfold(text)


def test_a_paste_is_folded_by_its_lines_or_its_length() -> None:
    pastes = Pastes()
    assert pastes.fold("x\n" * (LINES - 1)) == "x\n" * (LINES - 1)
    assert pastes.label(pastes.fold("x\n" * LINES)) == f"[pasted {LINES} lines]"
    assert pastes.label(pastes.fold("x" * (CHARACTERS + 1))) == f"[pasted {CHARACTERS + 1} characters]"
    assert len(pastes.fold("\U00100000")) == 1, "a text that could be taken for a folded one is folded"
    assert pastes.unfold(pastes.fold("a\U00100000b")) == "a\U00100000b"


def entries(history: SharedHistory) -> list[str]:
    """What Up walks through, newest first."""
    return list(history.load_history_strings())


def test_terminals_share_a_history(tmp_path: Path) -> None:
    one, other = SharedHistory(tmp_path / "history", Pastes()), SharedHistory(tmp_path / "history", Pastes())
    one.append_string("first\nof two lines")
    other.append_string("second")
    one.append_string("third")
    other.refresh()
    assert entries(one) == entries(other) == ["third", "second", "first\nof two lines"]
    assert entries(SharedHistory(tmp_path / "history", Pastes())) == entries(one)


def test_terminals_that_write_at_once_tear_nothing(tmp_path: Path) -> None:
    written = [[f"{writer}-{entry}\nsecond line" for entry in range(50)] for writer in range(8)]

    def write(texts: list[str]) -> None:
        history = SharedHistory(tmp_path / "history", Pastes())
        for text in texts:
            history.append_string(text)

    threads = [threading.Thread(target=write, args=(texts,)) for texts in written]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = entries(SharedHistory(tmp_path / "history", Pastes()))
    assert sorted(found) == sorted(text for texts in written for text in texts)
    for texts in written:
        assert [each for each in reversed(found) if each in texts] == texts


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1)))
def test_any_text_comes_back_from_the_file(texts: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        history = SharedHistory(Path(folder) / "history", Pastes())
        for text in texts:
            history.append_string(text)
        again = SharedHistory(Path(folder) / "history", Pastes())
        kept = [text for place, text in enumerate(texts) if place == 0 or text != texts[place - 1]]
        assert entries(again) == entries(history) == kept[::-1]


def test_the_history_of_prompt_toolkit_is_read(tmp_path: Path) -> None:
    from prompt_toolkit.history import FileHistory

    FileHistory(tmp_path / "history").store_string("one\ntwo")
    assert entries(SharedHistory(tmp_path / "history", Pastes())) == ["one\ntwo"]


KEYS = [
    "sk-proj-abcdefghijklmnop0123",
    "sk-ant-api03-abcdefghijklmnop",
    "AIzaSyA0123456789abcdefghijklmnopqrstuvw",
    "gsk_abcdefghijklmnopqrstuvwxyz",
    "ghp_abcdefghijklmnopqrstuvwxyz0123",
    "github_pat_abcdefghijklmnopqrstuv",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-123456789012-abcdef",
    "hf_abcdefghijklmnopqrstuvwx",
    "-----BEGIN RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("key", KEYS)
def test_what_looks_like_a_key_stays_in_memory(tmp_path: Path, key: str) -> None:
    history = SharedHistory(tmp_path / "history", Pastes())
    history.append_string("before")
    history.append_string(f"my key is {key}, why does it fail?")
    history.append_string("after")
    assert key not in (tmp_path / "history").read_text("utf-8")
    assert entries(history) == ["after", f"my key is {key}, why does it fail?", "before"]


@pytest.mark.parametrize("text", ["task-force-of-the-year-2024", "a sk- b", "AKIA", "risk-averse-investors-of"])
def test_plain_words_are_no_keys(text: str) -> None:
    assert not lookalikes.kind(text)


def test_a_history_that_cannot_be_written_is_told_once_and_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history = SharedHistory(tmp_path / "file" / "history", Pastes())
    history.refresh()
    assert "cannot be used: " in history.complaint
    history.complaint = ""
    history.append_string("one")
    history.refresh()
    assert (entries(history), history.complaint) == (["one"], "")


@pytest.mark.skipif(os.name != "posix", reason="there are no file modes")
def test_the_history_is_for_the_user_alone(tmp_path: Path) -> None:
    SharedHistory(tmp_path / "new" / "history", Pastes()).append_string("one")
    assert (tmp_path / "new" / "history").stat().st_mode & 0o077 == 0
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


NAMES = [("/reset", ""), ("/retry", ""), ("/profile", ""), ("/history", "")]


@pytest.mark.parametrize(
    ("typed", "found"),
    [("/re", ["/reset", "/retry"]), ("file", ["/profile"]), ("hsty", ["/history"]), ("/RETRY", ["/retry"]), ("zz", [])],
)
def test_what_begins_so_comes_before_what_holds_it_before_what_has_its_letters(typed: str, found: list[str]) -> None:
    assert [name for name, _ in matching(typed, NAMES)] == found


def test_file_names_are_found_without_hidden_ones(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "note.txt").write_text("four")
    (tmp_path / ".note").write_text("")
    found = list(completion.completions(f"{tmp_path}/no"))
    assert found == [(f"{tmp_path}/note.txt", "4 bytes"), (f"{tmp_path}/notes/", "folder")]
    assert [name for name, _ in completion.completions(f"{tmp_path}/.n")] == [f"{tmp_path}/.note"]
    assert list(completion.completions(f"{tmp_path}/nowhere/x")) == []
    assert list(completion.completions("~nobody-of-that-name/x")) == []


def test_file_names_are_found_behind_a_backslash_where_that_separates(tmp_path: Path) -> None:
    folder = tmp_path / "a\\"
    (folder / "notes").mkdir(parents=True)
    found = list(completion.completions(f"{folder}no", separators="\\/"))
    assert found == [(f"{folder}notes\\", "folder")]
    assert list(completion.completions(f"{tmp_path}/a", separators="\\/")) == [(f"{folder}/", "folder")]


@given(st.text())
def test_a_narrow_terminal_gets_something_for_every_text(text: str) -> None:
    shown = charset.fitting(text, "ascii")
    assert shown.isascii()
    assert charset.fitting(text, "utf-8") == text
    if text.isascii():
        assert shown == text


@pytest.mark.parametrize(
    ("shown", "instead"),
    [
        ("a · b…", "a - b..."),
        ("✗ no", "x no"),
        ("│─┼", "|-+"),
        ("café", "cafe"),
        ("“x”", '"x"'),
        ("漢", "?"),
        ("1½ cups, ¾ or 1⁄3", "1 1/2 cups, 3/4 or 1/3"),
        ("2¹⁰ × 10⁻³ m², H₂O", "2^10 x 10^-3 m^2, H_2O"),
    ],
)
def test_what_stands_in_for_a_character_is_like_it(shown: str, instead: str) -> None:
    assert charset.fitting(shown, "ascii") == instead


@pytest.mark.parametrize(
    ("env", "encoding"),
    [
        ({"LC_ALL": "C"}, "ascii"),
        ({"LANG": "POSIX"}, "ascii"),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, "utf-8"),
        ({"LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, "utf-8"),
        ({}, "utf-8"),
        ({"LC_ALL": "C", "PYTHONUTF8": "1"}, "utf-8"),
    ],
)
def test_the_c_locale_means_ascii(env: dict[str, str], encoding: str) -> None:
    assert charset.encoding(env, "utf-8") == encoding
