"""Every key of the contract, pressed on a real terminal."""

import shlex
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl.errors import CommandError
from chatrepl.terminal import editor
from tests.support.chatting import ask, say_slowly, sent
from tests.support.server import Server, say, stay, whole
from tests.support.terminal import (
    ALT_ENTER,
    CTRL_C,
    CTRL_D,
    CTRL_J,
    ENTER,
    PASTE,
    TAB,
    UP,
    Terminal,
    chatrepl,
    environment,
)

CTRL_R, CTRL_Z, CTRL_X_CTRL_E, BACKSPACE, LEFT, RIGHT, ESCAPE = (
    "\x12",
    "\x1a",
    "\x18\x05",
    "\x7f",
    "\x1b[D",
    "\x1b[C",
    "\x1b",
)
SHIFT_ENTER = ["\x1b[13;2u", "\x1b[27;2;13~"]


@pytest.fixture
def chat(server: Server, home: Path, tmp_path: Path) -> Iterator[Terminal]:
    """chatrepl at its prompt, with an editor that puts "edited " before every text."""
    editor = script(tmp_path / "editor.sh", 'printf "edited %s\\n" "$(cat "$1")" > "$1.new" && mv "$1.new" "$1"')
    flags = ["--base-url", server.url, "-m", "test-model"]
    with chatrepl(*flags, env=environment(home, EDITOR=str(editor))) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def lines(count: int) -> str:
    return "\r".join(f"line {number}" for number in range(1, count + 1))


@pytest.mark.parametrize("key", [ALT_ENTER, CTRL_J, *SHIFT_ENTER], ids=["alt-enter", "ctrl-j", "csi-u", "modify-other"])
def test_a_key_adds_a_line_and_enter_sends(chat: Terminal, server: Server, key: str) -> None:
    chat.send(f"one{key}two")
    ask(chat, "", "Hello")
    assert sent(server) == [("user", "one\ntwo")]


def test_multiline_swaps_the_keys(chat: Terminal, server: Server) -> None:
    ask(chat, "/multiline", "Enter adds a line, Alt-Enter sends.")
    assert chat.lines()[-1].startswith("multiline · by-hand")
    chat.send(f"one{ENTER}two{ALT_ENTER}")
    chat.wait_for("Hello")
    chat.wait_for_prompt()
    chat.send(f"//help{ENTER}two{ALT_ENTER}")
    chat.wait_for("Hello", times=2)
    assert sent(server)[0::2] == [("user", "one\ntwo"), ("user", "/help\ntwo")]
    chat.send(f"/help nope{ALT_ENTER}")
    chat.wait_for("There is no command")
    ask(chat, "/multiline", "Enter sends, Alt-Enter adds a line.")
    assert chat.lines()[-1].startswith("by-hand")


def test_a_long_paste_is_one_folded_text_and_is_sent_whole(chat: Terminal, server: Server) -> None:
    chat.send(f"Sum up: {PASTE[0]}{lines(5000)}{PASTE[1]} please")
    chat.wait_for_prompt("Sum up: [pasted 5000 lines] please")
    ask(chat, "", "Hello")
    assert "line 2500" not in chat.text()
    expected = "\n".join(f"line {number}" for number in range(1, 5001))
    assert sent(server) == [("user", f"Sum up: {expected} please")]
    chat.send(UP)
    chat.wait_for_prompt("Sum up: [pasted 5000 lines] please")


def test_a_folded_paste_is_stepped_over_and_removed_as_one_character(chat: Terminal, server: Server) -> None:
    chat.send(f"a{PASTE[0]}{lines(30)}{PASTE[1]}")
    chat.wait_for_prompt("a[pasted 30 lines]")
    chat.send(f"{LEFT}b")
    chat.wait_for("ab[pasted 30 lines]")
    chat.send(f"{RIGHT}{BACKSPACE}c")
    chat.wait_for_prompt("abc")
    ask(chat, "", "Hello")
    assert sent(server) == [("user", "abc")]


def test_a_long_paste_comes_back_folded_when_its_question_failed(chat: Terminal, server: Server) -> None:
    server.answers(stay())
    chat.send(f"{PASTE[0]}{lines(100)}{PASTE[1]}{ENTER}")
    server.received()
    chat.send(CTRL_C)
    chat.wait_for("Stopped before the first word")
    chat.wait_for_prompt("[pasted 100 lines]")


def test_a_short_paste_stands_there_as_it_is_and_does_not_send(chat: Terminal, server: Server) -> None:
    chat.send(f"{PASTE[0]}one\r\ntwo{PASTE[1]}")
    chat.wait_for("two")
    assert not server.requests
    ask(chat, "", "Hello")
    assert sent(server) == [("user", "one\ntwo")]


def test_the_editor_gives_its_text_back_to_the_prompt(chat: Terminal, server: Server) -> None:
    chat.send("a thought")
    chat.send(CTRL_X_CTRL_E)
    chat.wait_for_prompt("edited a thought")
    assert not server.requests, "nothing is sent before Enter"
    ask(chat, "", "Hello")
    chat.line("/editor more")
    chat.wait_for_prompt("edited more")
    ask(chat, "", "Hello")
    assert sent(server)[-1] == ("user", "edited more")


def test_the_editor_gets_a_folded_paste_in_full(chat: Terminal, server: Server) -> None:
    chat.send(f"{PASTE[0]}{lines(30)}{PASTE[1]}")
    chat.wait_for_prompt("[pasted 30 lines]")
    chat.send(CTRL_X_CTRL_E)
    chat.wait_for_prompt("edited [pasted 30 lines]")
    ask(chat, "", "Hello")
    assert sent(server)[0][1].startswith("edited line 1\nline 2\n")


def test_ctrl_c_in_the_editor_is_for_the_editor(server: Server, home: Path, tmp_path: Path) -> None:
    editor = script(tmp_path / "slow.sh", 'trap "exit 3" INT; echo editing; while :; do sleep 0.05; done')
    flags = ["--base-url", server.url, "-m", "m"]
    with chatrepl(*flags, env=environment(home, VISUAL=str(editor))) as chat:
        chat.wait_for_prompt()
        chat.send("precious")
        chat.send(CTRL_X_CTRL_E)
        chat.wait_for("editing")
        chat.send(CTRL_C)
        chat.wait_for("ended with status 3; the text stays as it was")
        chat.wait_for_prompt("precious")
        ask(chat, "", "Hello")
    assert sent(server) == [("user", "precious")]


def test_an_editor_that_ctrl_c_ended_is_told_in_words(server: Server, home: Path, tmp_path: Path) -> None:
    editor = script(tmp_path / "slow.sh", "echo editing; exec sleep 60")
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home, VISUAL=str(editor))) as chat:
        chat.wait_for_prompt()
        chat.send(f"precious{CTRL_X_CTRL_E}")
        chat.wait_for("editing")
        chat.send(CTRL_C)
        chat.wait_for("was ended by Ctrl-C; the text stays as it was")
        chat.wait_for_prompt("precious")


def test_an_editor_that_is_not_there_is_a_line(server: Server, home: Path) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home, VISUAL="no-such-editor")) as chat:
        chat.wait_for_prompt()
        chat.send(f"precious{CTRL_X_CTRL_E}")
        chat.wait_for("The editor 'no-such-editor' cannot be run")
        chat.wait_for_prompt("precious")


def test_where_the_editor_can_have_no_file_it_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(CommandError, match="There is no file for the editor: No such file"):
        editor.edit("precious", {"EDITOR": "true"}, sys.stdin)


def test_ctrl_r_searches_the_history_and_enter_takes_what_it_finds(chat: Terminal, server: Server) -> None:
    ask(chat, "the first question", "Hello")
    ask(chat, "the second one", "Hello")
    chat.send(f"{CTRL_R}first")
    chat.wait_for("the first question", times=2)
    chat.send(ENTER)
    chat.until(lambda: chat.row().startswith("> the first question"), "what was found, in the prompt")
    assert len(server.requests) == 2, "Enter ends the search and sends nothing"
    ask(chat, "", "Hello")
    assert sent(server)[-1] == ("user", "the first question")


@pytest.mark.parametrize("key", [CTRL_C, "\x07"], ids=["ctrl-c", "ctrl-g"])
def test_a_search_that_is_given_up_leaves_the_line_that_was_there(chat: Terminal, key: str) -> None:
    ask(chat, "the first question", "Hello")
    ask(chat, "the second question", "Hello")
    chat.send(f"half a line{LEFT}{CTRL_R}the{CTRL_R}{CTRL_R}")
    chat.wait_for("> the first question", times=2)
    chat.send(key)
    chat.wait_for_prompt("half a lin")


def test_ctrl_c_ends_a_search(chat: Terminal) -> None:
    chat.send(f"half{CTRL_R}xyz")
    chat.wait_for("xyz")
    chat.send(CTRL_C)
    chat.wait_for_prompt("half")


def test_the_history_suggests_and_right_takes_over(chat: Terminal, server: Server) -> None:
    ask(chat, "tell me a story", "Hello")
    chat.send("tell")
    chat.wait_for("> tell me a story", times=2)
    chat.send(RIGHT)
    chat.wait_for_prompt("tell me a story")


def test_up_walks_the_history_that_another_terminal_writes_too(chat: Terminal, server: Server, home: Path) -> None:
    ask(chat, "from the first", "Hello")
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as other:
        other.wait_for_prompt()
        other.send(UP)
        other.wait_for_prompt("from the first")
        other.send(CTRL_C)
        other.wait_for_prompt()
        ask(other, "from the second", "Hello")
    ask(chat, "again", "Hello")
    chat.send(UP * 2)
    chat.wait_for_prompt("from the second")


def test_vi_keys(chat: Terminal, server: Server) -> None:
    ask(chat, "/set editing_mode vi", "editing_mode = vi")
    chat.send("one two")
    chat.send(ESCAPE)
    chat.send("bcwthree")
    chat.wait_for_prompt("one three")
    ask(chat, "", "Hello")
    assert sent(server) == [("user", "one three")]


@pytest.fixture
def shell(server: Server, home: Path) -> Iterator[Terminal]:
    """A shell with job control, for a program without one cannot be suspended; chatrepl runs in it."""
    words = [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m"]
    terminal = Terminal(["bash", "--norc", "-i"], environment(home, PS1="$ "))
    try:
        terminal.line(shlex.join(words))
        terminal.wait_for_prompt()
        yield terminal
    finally:
        terminal.close()


def test_ctrl_z_suspends_and_what_was_typed_is_there_again(shell: Terminal, server: Server) -> None:
    shell.send("half a thought")
    shell.wait_for_prompt("half a thought")
    shell.send(CTRL_Z)
    shell.wait_for("Stopped")
    shell.line("fg")
    shell.wait_for_prompt("half a thought")
    ask(shell, "", "Hello")
    assert sent(server) == [("user", "half a thought")]


def test_ctrl_z_suspends_while_a_reply_streams(shell: Terminal, server: Server) -> None:
    release = threading.Event()
    server.answers(say_slowly(release))
    shell.line("Hi")
    shell.wait_for("one")
    shell.send(CTRL_Z)
    shell.wait_for("Stopped")
    shell.line("fg")
    release.set()
    shell.wait_for("one two")
    shell.wait_for_prompt()
    shell.send("quiet no more")
    shell.wait_for_prompt("quiet no more")


def test_wide_and_combining_characters_are_edited_where_they_stand(chat: Terminal, server: Server) -> None:
    chat.send("漢字e\u0301👍")
    chat.wait_for("漢")
    chat.send(f"{LEFT}x")
    ask(chat, "", "Hello")
    assert sent(server) == [("user", "漢字e\u0301x👍")]


def test_resizing_while_typing_keeps_the_line(chat: Terminal, server: Server) -> None:
    chat.send("half a thought that is long enough to be wrapped")
    for columns in (40, 20, 120):
        chat.resize(columns, 24)
        chat.send(".")
    chat.until(lambda: chat.row().endswith("wrapped..."), "the line in one row")
    ask(chat, "", "Hello")
    assert sent(server) == [("user", "half a thought that is long enough to be wrapped...")]


@pytest.mark.parametrize("columns", [40, 300])
def test_narrow_and_wide_terminals(server: Server, home: Path, columns: int) -> None:
    server.answers(say("# Title\n\n| a | b |\n|---|---|\n| one | two |\n\n" + "wörd " * 100))
    with chatrepl(
        "--base-url", server.url, "-m", "test-model", env=environment(home, PAGER="cat"), columns=columns
    ) as chat:
        chat.wait_for_prompt()
        ask(chat, "Hi", "2 out")
        chat.line("/help keys")
        chat.wait_for("finds /model.")
        chat.wait_for_prompt()
        assert chat.text().count("wörd") == 100
        assert all(len(line) <= columns for line in chat.lines())


def test_tab_shows_the_ways_and_ctrl_c_clears_menu_and_line(chat: Terminal) -> None:
    chat.send("/re")
    chat.wait_for("/reset")
    chat.send(TAB)
    chat.wait_for("Forget the conversation")
    chat.send(CTRL_C)
    chat.wait_for_prompt()
    assert "/reset" not in "".join(chat.lines()[-4:])


COMPLETIONS = {
    "a command": ("/hist", "/history"),
    "a command by some letters": ("/mltl", "/multiline"),
    "a setting": ("/set the", "/set theme"),
    "its value": ("/set theme li", "/set theme light"),
    "a profile": ("/profile groq", "/profile groq"),
    "help": ("/help mult", "/help /multiline"),
}


@pytest.mark.parametrize("case", COMPLETIONS)
def test_tab_completes(chat: Terminal, case: str) -> None:
    typed, completed = COMPLETIONS[case]
    chat.send(f"{typed}{TAB}")
    chat.wait_for_prompt(completed)


def test_tab_completes_models_that_are_found_behind_the_prompt(chat: Terminal) -> None:
    chat.send("/model oth")

    def completed() -> bool:
        chat.send(TAB)
        return chat.at_cursor() == "> /model other-model"

    chat.until(completed, "the model")


def test_foreign_names_act_on_nothing_in_menu_or_line(chat: Terminal, server: Server) -> None:
    evil = "\u202e\u200b\x1b[2J"
    server.models = [f"a{evil}one", f"a{evil}two"]
    chat.send("/model a")

    def offered() -> bool:
        chat.send(TAB)
        return "⟨U+202E⟩⟨U+200B⟩␛[2Jtwo" in chat.text()

    chat.until(offered, "the models")
    chat.send(TAB)
    chat.until(lambda: chat.at_cursor().startswith("> /model a⟨U+202E⟩⟨U+200B⟩␛[2J"), "the name in the line")
    assert "\u202e" not in chat.bytes.decode()
    assert "\u200b" not in chat.bytes.decode()
    assert b"\x1b[2J" not in chat.bytes


def test_a_paste_is_one_text_after_a_question_too(chat: Terminal, server: Server) -> None:
    release = threading.Event()
    server.answers(say_slowly(release))
    chat.line(f"my key is sk-proj-{'Ab1' * 16}")
    chat.wait_for("Send it anyway?")
    chat.line("y")
    chat.wait_for("one")
    assert chat.bytes.rindex(b"\x1b[?2004h") > chat.bytes.rindex(b"\x1b[?2004l")
    release.set()
    chat.wait_for_prompt()


def test_tab_completes_file_names(chat: Terminal, tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "x y.txt").write_text("text")
    chat.send(f"look at @{tmp_path}/f/x{TAB}")
    chat.until(lambda: '/f/x y.txt"' in chat.text().replace("\n  ", "").replace("\n", ""), "the name, in quotes")


def test_type_ahead_of_several_lines_is_sent_line_by_line(chat: Terminal, server: Server) -> None:
    release = threading.Event()
    server.answers(say_slowly(release))
    chat.line("first")
    chat.wait_for("one")
    chat.send(f"second{ENTER}third")
    release.set()
    chat.wait_for_prompt("third")
    chat.wait_for("Hello")
    assert sent(server)[-1] == ("user", "second")


def test_a_paste_during_a_reply_is_one_text_too(chat: Terminal, server: Server) -> None:
    release = threading.Event()
    server.answers(say_slowly(release))
    chat.line("first")
    chat.wait_for("one")
    chat.send(f"{PASTE[0]}{lines(30)}{PASTE[1]}")
    release.set()
    chat.wait_for_prompt("[pasted 30 lines]")
    assert len(server.requests) == 1


def test_ctrl_d_leaves_on_an_empty_line_only(chat: Terminal) -> None:
    chat.send(f"ab{LEFT}{CTRL_D}")
    chat.wait_for_prompt("a")
    chat.send(BACKSPACE + CTRL_D)
    assert chat.end() == 0


def test_nothing_is_asked_of_the_terminal(chat: Terminal) -> None:
    ask(chat, "Hi", "Hello")
    assert b"\x1b[6n" not in chat.bytes


def test_the_status_line_tells_tokens_and_goes_when_it_is_turned_off(chat: Terminal) -> None:
    assert chat.lines()[-1] == "by-hand · test-model · 0 tokens · new session"
    ask(chat, "Hi", "Hello")
    chat.wait_for("by-hand · test-model · 11 tokens · Hi")
    ask(chat, "/set toolbar off", "toolbar = false")
    chat.until(lambda: chat.lines()[-1] == ">", "a bare prompt")


def test_the_window_is_named_and_gets_its_name_back(chat: Terminal) -> None:
    ask(chat, "A question\x1b[D", "Hello")
    chat.send(CTRL_D)
    chat.end()
    assert chat.bytes.count(b"\x1b[22;2t") == chat.bytes.count(b"\x1b[23;2t") == 1
    assert b"\x1b]2;chatrepl: A question\x07" in chat.bytes


def rows_to_the_status(chat: Terminal) -> int:
    """How many rows the prompt has, up to the status line below it."""
    lines = chat.lines()
    return next(count for count, line in enumerate(reversed(lines)) if line.startswith(">"))


def test_there_is_room_for_the_menu_while_it_is_shown_alone(chat: Terminal) -> None:
    ask(chat, "/help nope", "There is no command")
    chat.send(UP)
    chat.wait_for_prompt("/help nope")
    assert rows_to_the_status(chat) == 1
    chat.send(f"{CTRL_C}/")
    chat.until(lambda: rows_to_the_status(chat) == 7, "the menu")
    for keys, what in ((CTRL_C, ""), (CTRL_R, "I-search"), ("\x07", ""), (f"one{CTRL_J}two", "two"), (CTRL_C, "")):
        chat.send(keys)
        chat.wait_for(what)
        if not what:
            chat.wait_for_prompt()
            chat.until(lambda: rows_to_the_status(chat) == 1, "a prompt with no empty row below")


def test_a_window_of_a_few_rows_shows_the_menu_as_far_as_it_goes(server: Server, home: Path) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home), rows=4) as chat:
        chat.wait_for_prompt()
        chat.send("/")
        chat.until(lambda: any(line.startswith(" /") for line in chat.lines()), "a part of the menu")
        chat.until(lambda: chat.lines()[-1].startswith("by-hand"), "the status line")
        assert "too small" not in chat.text()
        assert "> /" in chat.text()


def test_the_cursor_is_changed_in_vi_mode_alone_where_v_opens_the_editor(chat: Terminal) -> None:
    chat.line("/set theme light")
    chat.wait_for("theme = light")
    chat.wait_for_prompt()
    assert b" q" not in chat.bytes
    chat.line("/set editing_mode vi")
    chat.wait_for("editing_mode = vi")
    chat.wait_for_prompt()
    assert b"\x1b[6 q" in chat.bytes
    chat.send(f"a thought{ESCAPE}")
    chat.until(lambda: b"\x1b[2 q" in chat.bytes, "the cursor of navigation")
    chat.send("v")
    chat.wait_for_prompt("edited a thought")


def test_a_question_that_came_back_is_dim_until_the_first_key(chat: Terminal, server: Server) -> None:
    server.answers(whole({"error": {"message": "no"}}, 401))
    chat.line("Why so?")
    chat.wait_for("Your question is back. Enter sends it, Ctrl-C clears it, typing replaces it.")
    chat.wait_for_prompt("Why so?")
    assert b"90m" in chat.bytes.rpartition(b"Why so?")[0][-40:]
    drawn = len(chat.bytes)
    chat.send("\x1b[D")
    chat.until(lambda: b"Why so?" in chat.bytes[drawn:], "the question drawn anew")
    assert b"90m" not in chat.bytes[drawn:].partition(b"Why so?")[0][-40:]
    chat.send("!")
    chat.wait_for_prompt("Why so!")


def test_what_is_typed_takes_the_place_of_a_question_that_came_back(chat: Terminal, server: Server) -> None:
    server.answers(whole({"error": {"message": "no"}}, 401), say("There."))
    chat.line("Why so?")
    chat.wait_for_prompt("Why so?")
    chat.line("/title Another")
    chat.wait_for("Another", times=2)
    chat.wait_for_prompt("Why so?")  # a command leaves it to be sent
    chat.send("\x0c")
    chat.wait_for_prompt("Why so?")  # drawn anew
    chat.send("x")
    chat.wait_for_prompt("x")
    chat.send("\x1f")
    chat.wait_for_prompt("Why so?")  # undo brings it back
    chat.send(BACKSPACE)
    chat.wait_for_prompt("Why so")
    chat.line(f"{CTRL_C}Then this")
    chat.wait_for("There.")
    assert sent(server) == [("user", "Then this")]
