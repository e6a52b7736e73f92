"""Commands of the shell at the prompt: they have the terminal, and what they print goes along."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatrepl.chat.shell import command_of
from chatrepl.terminal.shell import printed
from tests.support.chatting import ask, sent
from tests.support.server import Server
from tests.support.terminal import CTRL_C, ENTER, PASTE, Terminal, chatrepl, environment


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    """chatrepl at its prompt."""
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home, X_API_KEY="hidden")) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def agree(chat: Terminal, line: str) -> None:
    chat.line(line)
    chat.wait_for("[y/N]")
    chat.line("y")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("!ls -l", "ls -l"),
        ("!./run", "./run"),
        ("!/bin/ls", "/bin/ls"),
        ("!~/run", "~/run"),
        ("!!", ""),
        ("![a picture](x.png)", ""),
        ("! Warning", ""),
        ("!one\ntwo", ""),
        ("no!", ""),
    ],
)
def test_a_command_is_an_exclamation_mark_and_a_word(line: str, command: str) -> None:
    assert command_of(line) == command


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x1b[31mred\x1b[m\r\n", "red"),
        (b"10 %\r20 %\r100 %\r\ndone\r\n", "100 %\ndone"),
        (b"ab\bc\r\n", "ac"),
        (b"before\r\n\x1b[?1049hvim\x1b[?1049lafter\r\n", "before\nafter"),
        (b"\x1b]0;title\x07x\xff\x07", "x\ufffd␇"),
        (b"\x1b]0;unended", ""),
    ],
)
def test_what_was_printed_is_what_one_saw_in_the_end(data: bytes, text: str) -> None:
    assert printed(data) == text


def test_much_is_cut_in_the_middle() -> None:
    text = printed(b"begin\r\n" + b"line\r\n" * 100_000 + b"end\r\n")
    assert len(text) <= 40_000
    assert text.startswith("begin\n")
    assert text.endswith("\nend")


def test_a_command_has_the_terminal_and_what_it_prints_goes_along(chat: Terminal, server: Server) -> None:
    agree(chat, "!read x; test -t 1 && stty size; echo got-$x key=$X_API_KEY.")
    chat.until(lambda: chat.at_cursor() == "", "the command")
    chat.line("abc")
    chat.wait_for("got-abc key=.")
    chat.wait_for_prompt()
    ask(chat, "What is that?", "Hello")
    ((_, said),) = sent(server)
    assert "24 80\ngot-abc key=." in said
    assert said.endswith("What is that?")


def test_ctrl_c_is_for_the_command_and_undo_takes_it_back(chat: Terminal, server: Server) -> None:
    agree(chat, "!echo begun; exec sleep 100")
    chat.wait_for("begun", times=3)
    chat.send(CTRL_C)
    chat.wait_for("[exit status 130]")
    chat.wait_for_prompt()
    ask(chat, "/undo", "no longer attached")
    ask(chat, "Hi", "Hello")
    assert sent(server) == [("user", "Hi")]


def test_it_is_run_after_a_yes_alone_and_never_from_a_paste(chat: Terminal, server: Server, home: Path) -> None:
    chat.line("!touch made")
    chat.wait_for("[y/N]")
    chat.send(ENTER)
    chat.wait_for("It was not run")
    chat.wait_for_prompt()
    chat.send(f"{PASTE[0]}!touch made{PASTE[1]}")
    ask(chat, "", "Hello")
    assert sent(server) == [("user", "!touch made")]
    assert not Path("made").exists()
