"""Replies as a person sees them: the whole program on a pty, with what models write that is easily drawn wrong."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from tests.support.chatting import ask
from tests.support.server import Server, say
from tests.support.terminal import Terminal, chatrepl, environment

DRAWN = {
    "emphasis": ("**测试。**后文，前文**（测试）**后文", "测试。后文，前文（测试）后文"),
    "shell": ("Export ${HOME}/bin:${PATH} and ^foo$|^bar$", "Export ${HOME}/bin:${PATH} and ^foo$|^bar$"),
    "formula": ("The price is $p=25.6\\$$.", "The price is p=25.6$."),
    "generics": ("std::vector<std::string> v; see <error:404>", "std::vector<std::string> v; see <error:404>"),
    "numbers": ("1. agreed\n5. no, both\n8. fair", " 8. fair"),
    "cells": ("a|b\n-|-\n`a || b`|lazy or\nx|y|LOST", "a || b │ lazy or │"),
    "soft hyphen": ("Donau\xaddampf!", "dampf!"),
    "heading alone": ("#", "This reply has nothing to show but #"),
    "break alone": ("<br>", "This reply has nothing to show but <br>"),
    "blanks alone": (" \n \n", "This reply is blank"),
}


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    """chatrepl at its prompt, talking to the scripted server."""
    with chatrepl("--base-url", server.url, "-m", "test-model", env=environment(home)) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def test_what_models_write_is_drawn_as_it_is_meant(chat: Terminal, server: Server) -> None:
    for text, drawn in DRAWN.values():
        server.answers(say(*text))
        ask(chat, "go on", drawn)
    assert "**" not in chat.text()
    assert "U+00AD" not in chat.text()


def test_a_reply_that_shows_nothing_is_told_again_in_the_history(chat: Terminal, server: Server) -> None:
    server.answers(say("#"))
    ask(chat, "go on", "nothing to show")
    chat.line("/history")
    chat.wait_for("This reply has nothing to show but #", times=2)


def test_without_markdown_only_blanks_show_nothing(server: Server, home: Path) -> None:
    with chatrepl("--plain", "--base-url", server.url, "-m", "test-model", env=environment(home)) as chat:
        chat.wait_for_prompt()
        server.answers(say("#"))
        ask(chat, "go on", "#")
        assert "nothing to show" not in chat.text()
        server.answers(say(" \n"))
        ask(chat, "go on", "This reply is blank")


def test_a_tab_in_a_paste_is_blanks(chat: Terminal) -> None:
    chat.send("\x1b[200~a\tb\x1b[201~")
    chat.wait_for("> a   b")
    assert "^I" not in chat.text()
