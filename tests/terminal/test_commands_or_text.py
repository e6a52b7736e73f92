"""What is a command and what is text: typed, pasted, put back, typed ahead, at every prompt."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl.chat.commands import is_command
from chatrepl.text.slashes import without_escape
from tests.support.chatting import ask, say_slowly, sent
from tests.support.server import Server, say, whole
from tests.support.terminal import CTRL_C, ENTER, PASTE, UP, Terminal, chatrepl, environment


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def paste(text: str) -> str:
    return text.replace("\n", "\r").join(PASTE)


PASTED = [
    "// a C comment\nint x;",
    "/dev/sda1 is full\nwhat now?",
    "/* x */\nint y;",
    "/help\nis what I typed",
    "/model of the world\n/reset",
    "/tmp is full",
    "// a comment",
    "!rm -rf x",
]


@pytest.mark.parametrize("text", PASTED)
def test_what_is_pasted_is_sent_as_it_is(chat: Terminal, server: Server, text: str) -> None:
    chat.send(paste(text))
    ask(chat, "", "Hello")
    assert sent(server) == [("user", text)]


TYPED = [
    "/etc/hosts what is this file?",
    "/etc/hosts",
    "/usr/bin/env: no such file",
    "/tmp is full",
    "/v1.2 breaks",
    "// a comment",
    "//TODO mend it",
    "///",
    "//example.org/x",
    "/* x */",
    " /help",
]


@pytest.mark.parametrize("text", TYPED)
def test_what_is_typed_and_no_command_is_sent_as_it_is(chat: Terminal, server: Server, text: str) -> None:
    ask(chat, text, "Hello")
    assert sent(server) == [("user", text)]


@pytest.mark.parametrize(
    "line", ["/help", "/HELP", "/hlep", "/retyr all", "/ste theme", "/hist 3", "/nosuch", "/clera", "/help\tx", "/"]
)
def test_commands_and_slips_of_them(line: str) -> None:
    assert is_command(line)


@pytest.mark.parametrize(
    "line", ["/home is full", "/bin x", "/net y", "/a.b", "/a/b", "//help", "/*", "/ x", "", "help"]
)
def test_what_is_no_command(line: str) -> None:
    assert not is_command(line)


def test_two_slashes_and_a_word_send_one_and_it() -> None:
    assert [without_escape(text) for text in ("//help", "//etc ", "//etc is", "// x", "///x", "//a/b")] == [
        "/help",
        "/etc",
        "//etc is",
        "// x",
        "///x",
        "//a/b",
    ]


def test_two_slashes_before_a_command_send_one_and_all_of_it(chat: Terminal, server: Server) -> None:
    ask(chat, "//reset is what I typed", "Hello")
    assert sent(server) == [("user", "/reset is what I typed")]


def test_a_command_may_end_with_what_is_pasted(chat: Terminal, server: Server) -> None:
    chat.send(f"/system {paste('You are brief.' + chr(10) + 'Very.')}")
    ask(chat, "", "The system prompt is set")
    ask(chat, "Hi", "Hello")
    assert sent(server)[0] == ("system", "You are brief.\nVery.")


def test_a_command_of_one_line_may_be_pasted(chat: Terminal, server: Server) -> None:
    chat.send(paste("/title It"))
    ask(chat, "", "It")
    assert not server.requests


def test_a_line_that_was_cleared_after_a_paste_is_typed_anew(chat: Terminal, server: Server) -> None:
    chat.send(paste("/reset\nx") + CTRL_C)
    chat.wait_for_prompt()
    ask(chat, "/title It", "It")
    assert not server.requests


def test_a_pasted_text_that_looks_like_a_command_comes_back_as_text(chat: Terminal, server: Server) -> None:
    server.answers(whole({"error": {"message": "no such model"}}, 404), say("Fine."), say("Again."))
    chat.send(paste("/reset\nis a command"))
    chat.line("")
    chat.wait_for("no such model")
    chat.until(lambda: chat.at_cursor() == "  is a command", "the question")
    ask(chat, "", "Fine.")
    chat.send(UP)
    chat.until(lambda: chat.at_cursor() == "  is a command", "the question")
    ask(chat, "", "Again.")
    assert [request.body["messages"][-1]["content"] for request in server.requests] == ["/reset\nis a command"] * 3


def test_a_command_recalled_over_a_paste_is_one(chat: Terminal, server: Server) -> None:
    ask(chat, "/title It", "It")
    chat.send(f"{paste('/dev')}{UP}")
    chat.wait_for_prompt("/title It")
    chat.line("")
    chat.wait_for("It", times=4)
    assert not server.requests


def test_enter_runs_commands_alone_where_it_adds_lines(chat: Terminal, server: Server) -> None:
    ask(chat, "/multiline", "Enter adds a line")
    chat.send(f"/tmp is full{ENTER}what now?\x1b\r")
    chat.wait_for("Hello")
    assert sent(server) == [("user", "/tmp is full\nwhat now?")]


def test_what_is_typed_ahead_of_a_reply_that_fails_runs_if_it_is_a_command(server: Server, home: Path) -> None:
    release = threading.Event()

    def refusal(exchange: object) -> None:
        assert release.wait(20)
        whole({"error": {"message": "no such model"}}, 404)(exchange)  # type: ignore[arg-type]

    server.answers(refusal)
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Precious")
        server.received()
        chat.send(f"/etc/hosts is{ENTER}")
        release.set()
        chat.wait_for("no such model")
        chat.until(lambda: chat.at_cursor() == "  /etc/hosts is", "what was typed, below the question")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "text", ["/dev/sda1 is full\nwhat now?", "// a comment\nint x;", "/* x */\nint y;", "/reset\nis\nwhat I typed"]
)
def test_a_paste_at_the_plain_prompt(server: Server, home: Path, text: str) -> None:
    with chatrepl("--plain", "--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.send(text + "\n")
        chat.wait_for("Hello")
    assert sent(server) == [("user", text)]


REPORTS = (
    "\x1b[O\x1b[I\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b[?62;22c\x1b[>41;380;0c"
    "\x1b[?997;1n\x1bP>|Term 1\x1b\\\x1b[48;30;100;600;1000t"
)
"""Focus, a colour, attributes, versions, the colour scheme, the size."""


@pytest.mark.parametrize("flags", [(), ("--plain",)], ids=["live", "plain"])
def test_what_the_terminal_tells_of_itself_is_not_typed(server: Server, home: Path, flags: tuple[str, ...]) -> None:
    release = threading.Event()
    server.answers(say_slowly(release), say("Fine."))
    with chatrepl(*flags, "--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.send(f"he{REPORTS}llo{ENTER}")
        chat.wait_for("one")
        chat.send(f"ag{REPORTS}ain{ENTER}{REPORTS}")
        release.set()
        chat.wait_for("Fine.")
        chat.wait_for_prompt()
    assert [request.body["messages"][-1]["content"] for request in server.requests] == ["hello", "again"]


def test_no_reports_of_focus_are_asked_for(chat: Terminal) -> None:
    assert b"\x1b[?1004l" in chat.bytes
    assert b"\x1b[?1004h" not in chat.bytes
