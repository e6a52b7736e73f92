"""Keys as slow lines, vi mode and modern terminals send them, on a real terminal."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from tests.support.chatting import CTRL_Z, ask, sent, shell
from tests.support.server import Server, stay
from tests.support.terminal import CTRL_C, CTRL_D, ENTER, TAB, Terminal, chatrepl, environment

BACKSPACE, CTRL_R, ESCAPE, LEFT = "\x7f", "\x12", "\x1b", "\x1b[D"
APART = 0.08
"""Seconds between an Escape and what belongs to it, on a slow line."""


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as terminal:
        terminal.wait_for_prompt()
        yield terminal


@pytest.fixture
def vi(server: Server, home: Path) -> Iterator[Terminal]:
    home.mkdir()
    (home / "config.toml").write_text('[ui]\nediting_mode = "vi"\n')
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def apart(chat: Terminal, *pieces: str, seconds: float = APART) -> None:
    """Send the pieces as a slow line would."""
    for piece in pieces:
        chat.send(piece)
        time.sleep(seconds)  # the line is slow: that is what is tested


SPLIT = [
    ("bc", ("\x1b", "[D"), "bXc"),
    ("bc", ("\x1b", "[", "D"), "bXc"),
    ("bc", ("\x1b[", "D"), "bXc"),
    ("one two", ("\x1b", "[1;5D"), "one Xtwo"),
    ("bc", ("\x1b[1", "~"), "Xbc"),
    ("a", ("\x1b", "[200~b\x1b", "[201~"), "abX"),
    ("ab", ("\x1b", "]11;rgb:1e1e/1e1e/", "1e1e\x1b", "\\"), "abX"),
]


@pytest.mark.parametrize(("typed", "pieces", "line"), SPLIT)
@pytest.mark.parametrize("seconds", [APART, 0.18])
def test_a_key_that_comes_apart_is_one(
    chat: Terminal, typed: str, pieces: tuple[str, ...], line: str, seconds: float
) -> None:
    chat.send(typed)
    chat.wait_for_prompt(typed)
    apart(chat, *pieces, seconds=seconds)
    chat.send("X")
    chat.until(lambda: chat.row() == f"> {line}", "the line")


@pytest.mark.parametrize(("typed", "pieces", "line"), [case for case in SPLIT if "Xtwo" not in case[2]])
def test_so_it_is_in_vi_mode(vi: Terminal, typed: str, pieces: tuple[str, ...], line: str) -> None:
    vi.send(typed)
    vi.wait_for_prompt(typed)
    apart(vi, *pieces)
    vi.send("X")
    vi.until(lambda: vi.row() == f"> {line}", "the line")
    assert vi.lines()[-1].startswith("vi insert · ")


def test_escape_is_vis_at_once_and_its_mode_is_shown(vi: Terminal, server: Server) -> None:
    assert vi.lines()[-1].startswith("vi insert · ")
    vi.send("abc")
    vi.wait_for_prompt("abc")
    begun = time.monotonic()
    vi.send(ESCAPE)
    vi.until(lambda: vi.lines()[-1].startswith("vi normal · "), "the mode")
    assert time.monotonic() - begun < 0.3  # 0.05 s, and what a busy machine adds
    vi.send("0x")
    vi.until(lambda: vi.row() == "> bc", "the line without its first letter")
    ask(vi, "", "Hello")
    assert sent(server) == [("user", "bc")]


@pytest.mark.parametrize("behind", ["O", "o", "]", "hP", "A"])
def test_what_is_typed_behind_escape_is_for_vi(vi: Terminal, behind: str) -> None:
    vi.send("abc")
    vi.wait_for_prompt("abc")
    apart(vi, ESCAPE, behind, seconds=0.1)
    vi.until(lambda: vi.lines()[-1].startswith("vi insert" if behind in "OoA" else "vi normal"), "the mode")
    assert "abc" in vi.text()


def test_alt_enter_adds_a_line_in_vi_mode_too(vi: Terminal, server: Server) -> None:
    vi.send("one\x1b\rtwo")
    ask(vi, "", "Hello")
    assert sent(server) == [("user", "one\ntwo")]


MODIFIED = {
    "shift-enter": ("a\x1b[27;2;13~b", "a\nb"),
    "shift-enter, kitty": ("a\x1b[13;2ub", "a\nb"),
    "alt-enter": ("a\x1b[27;3;13~b", "a\nb"),
    "alt-enter, kitty": ("a\x1b[13;3ub", "a\nb"),
    "ctrl-j": ("a\x1b[27;5;106~b", "a\nb"),
    "ctrl-a": ("a\x1b[27;5;97~b", "ba"),
    "ctrl-a, kitty": ("a\x1b[97;5ub", "ba"),
    "ctrl-w": ("one two\x1b[27;5;119~b", "one b"),
    "alt-b": ("one two\x1b[27;3;98~b", "one btwo"),
    "alt-b, kitty": ("one two\x1b[98;3ub", "one btwo"),
    "shift-letter": ("\x1b[27;2;65~\x1b[97;2u\x1b[97:65;2u", "AAA"),
    "shift-blank": ("a\x1b[27;2;32~b", "a b"),
    "a letter of Germany": ("\x1b[228;1u\x1b[27;2;196~", "äÄ"),
    "ctrl and a digit": ("a\x1b[27;5;49~\x1b[57;5u", "a19"),
    "backspace": ("ab\x1b[27;2;127~\x1b[127;2u", ""),
    "with caps lock": ("ab\x1b[1;65Dc", "acb"),
    "released": ("ab\x1b[97;1:3u\x1b[1;1:3D", "ab"),
    "unknown": ("ab\x1b[57441u\x1b[99;99;99v\x1b[?1u", "ab"),
    "number pad": ("\x1b[57400u\x1b[57413u\x1bOA", "1+"),
}


@pytest.mark.parametrize("case", MODIFIED)
def test_modified_keys_in_both_formats(chat: Terminal, server: Server, case: str) -> None:
    keys, text = MODIFIED[case]
    chat.send(keys)
    ask(chat, ".", "Hello")
    wanted = f"{text[:1]}.{text[1:]}" if case.startswith(("ctrl-a", "with")) else f"{text}."
    got = sent(server)[0][1]
    assert got.replace(".", "") == wanted.replace(".", "")


@pytest.mark.parametrize("key", ["\x1b[27;5;99~", "\x1b[99;5u"])
def test_ctrl_c_clears_the_line_however_it_is_told(chat: Terminal, key: str) -> None:
    chat.send(f"half{key}")
    chat.wait_for_prompt()


def test_the_signal_of_ctrl_c_is_the_key(chat: Terminal) -> None:
    chat.send("half")
    chat.wait_for("> half")
    chat.kill(signal.SIGINT)
    chat.wait_for_prompt()
    chat.kill(signal.SIGINT)
    chat.wait_for("Ctrl-C again")
    chat.wait_for_prompt()
    chat.kill(signal.SIGINT)
    assert chat.end() == 0


@pytest.mark.parametrize("key", ["\x1b[27;5;100~", "\x1b[100;5u"])
def test_ctrl_d_leaves_however_it_is_told(chat: Terminal, key: str) -> None:
    chat.send(key)
    assert chat.end() == 0


ASKED, GIVEN_BACK = b"\x1b[>4;2m", b"\x1b[>4m"


def test_shift_enter_is_asked_for_at_the_prompt_alone(chat: Terminal, server: Server) -> None:
    assert chat.bytes.rindex(ASKED) > chat.bytes.rfind(GIVEN_BACK)
    server.answers(stay("one"))
    chat.line("Hi")
    chat.wait_for("one")
    assert chat.bytes.rindex(GIVEN_BACK) > chat.bytes.rindex(ASKED), "Ctrl-C is a signal while a reply streams"
    chat.send(CTRL_C)
    chat.wait_for("kept")
    chat.wait_for_prompt()
    assert chat.bytes.rindex(ASKED) > chat.bytes.rindex(GIVEN_BACK)
    chat.send(CTRL_D)
    assert chat.end() == 0
    assert chat.bytes.rindex(GIVEN_BACK) > chat.bytes.rindex(ASKED)


@pytest.mark.parametrize("key", [CTRL_Z, "\x1b[27;5;122~", "\x1b[122;5u"])
def test_it_is_given_back_while_the_program_is_suspended(server: Server, home: Path, key: str) -> None:
    with shell(server, home) as chat:
        chat.send(key)
        chat.wait_for("Stopped")
        assert chat.bytes.rindex(GIVEN_BACK) > chat.bytes.rindex(ASKED)
        before = chat.bytes.count(ASKED)
        chat.line("fg")
        chat.until(lambda: chat.bytes.count(ASKED) > before, "the keys, asked for again")


def test_it_is_given_back_to_the_editor(server: Server, home: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text("#!/bin/sh\necho editing\nread line\n")
    editor.chmod(0o700)
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home, EDITOR=str(editor))) as chat:
        chat.wait_for_prompt()
        chat.send("x\x18\x05")
        chat.wait_for("editing")
        assert chat.bytes.rindex(GIVEN_BACK) > chat.bytes.rindex(ASKED)
        before = chat.bytes.count(ASKED)
        chat.send(ENTER)
        chat.until(lambda: chat.bytes.count(ASKED) > before, "the keys, asked for again")


@pytest.mark.parametrize("env", [{"TERM": "screen-256color"}, {"TERM": "linux"}, {"TERM_PROGRAM": "Apple_Terminal"}])
def test_a_terminal_that_would_draw_it_is_not_asked(server: Server, home: Path, env: dict[str, str]) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home) | env) as chat:
        chat.wait_for_prompt()
        assert b"\x1b[>4" not in chat.bytes


@pytest.mark.parametrize("key", [BACKSPACE, "\x1b[27;2;127~", "\x08"])
def test_the_menu_comes_back_after_backspace(chat: Terminal, key: str) -> None:
    chat.send("/edx")
    chat.wait_for_prompt("/edx")
    assert "/editor" not in chat.text()
    chat.send(key)
    chat.wait_for("/editor")
    chat.wait_for_prompt("/ed")


def test_it_comes_back_after_a_word_is_taken_away(chat: Terminal) -> None:
    chat.send("/set nosuch")
    chat.wait_for_prompt("/set nosuch")
    chat.send("\x17")
    chat.wait_for("editing_mode")
    chat.send("th\x7f\x7f\x7f")
    chat.wait_for("[--save] [key [value]]")


@pytest.mark.parametrize(("line", "arguments"), [("/edit", "[n | summary]"), ("/find", "words"), ("/model", "[name]")])
def test_a_whole_command_shows_what_may_stand_behind_it(chat: Terminal, line: str, arguments: str) -> None:
    chat.send(line)
    chat.wait_for(f"{arguments} · ")
    chat.wait_for_prompt(line)


def test_tab_goes_on_behind_a_whole_command(chat: Terminal) -> None:
    chat.send(f"/profile{TAB}gro")
    chat.wait_for_prompt("/profile gro")


@pytest.mark.parametrize("key", [LEFT, "\x1b[C", "\x1b[H", "\x1b[F"], ids=["left", "right", "home", "end"])
@pytest.mark.parametrize("mode", ["emacs", "vi"])
def test_a_key_that_moves_takes_over_what_ctrl_r_found(chat: Terminal, server: Server, key: str, mode: str) -> None:
    ask(chat, "alpha beta", "Hello")
    ask(chat, f"/set editing_mode {mode}", "editing_mode =")
    chat.send(f"{CTRL_R}beta")
    chat.wait_for("alpha beta", times=2)
    chat.send(f"{key}Z{ENTER}")
    chat.wait_for("Hello", times=2)
    got = sent(server)[-1][1]
    assert (got.replace("Z", ""), got.count("Z")) == ("alpha beta", 1)
