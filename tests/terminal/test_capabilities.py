"""What terminals are known to do, by what they say of themselves."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from chatrepl.config.config import Ui
from chatrepl.terminal import capabilities
from chatrepl.terminal.screen.screen import Screen
from chatrepl.terminal.screen.window import Window
from tests.support.server import Server
from tests.support.terminal import chatrepl, environment

TMUX = {"TMUX": "/tmp/t", "TERM": "tmux-256color", "TERM_PROGRAM": "tmux"}


@pytest.mark.parametrize(
    ("env", "links", "marks"),
    [
        ({"TERM_PROGRAM": "iTerm.app"}, True, True),
        ({"TERM_PROGRAM": "vscode"}, True, True),
        ({"TERM": "xterm-ghostty"}, True, True),
        ({"TERM": "alacritty"}, True, True),
        ({"TERM": "foot"}, True, True),
        ({"KONSOLE_VERSION": "240202"}, True, True),
        ({"VTE_VERSION": "7600"}, True, False),
        ({"WT_SESSION": "1"}, True, False),
        ({"TERM": "xterm-256color"}, False, False),
        ({"TERM": "xterm-256color", "FORCE_HYPERLINK": "1"}, True, False),
        ({"TERM_PROGRAM": "iTerm.app", "FORCE_HYPERLINK": "0"}, False, True),
        ({**TMUX, "TERM_PROGRAM_VERSION": "3.4a", "KITTY_WINDOW_ID": "1"}, True, True),
        ({**TMUX, "TERM_PROGRAM_VERSION": "3.3a", "KITTY_WINDOW_ID": "1"}, False, False),
        ({"STY": "1", "TERM": "screen", "KITTY_WINDOW_ID": "1"}, False, False),
    ],
)
def test_links_and_marks_are_for_those_that_are_known(env: Mapping[str, str], links: bool, marks: bool) -> None:
    assert capabilities.makes_links(env) == links
    assert capabilities.takes_marks(env) == marks


def test_links_are_what_the_setting_says() -> None:
    screen = Screen(io.StringIO(), io.StringIO(), {})
    assert [screen.links(Ui(hyperlinks=value)) for value in ("auto", "on", "off")] == [False, True, False]


@pytest.mark.parametrize(
    ("env", "how", "expected"),
    [
        ({"TERM_PROGRAM": "iTerm.app"}, "auto", "\x1b]9;Done, now\a"),
        ({"GHOSTTY_RESOURCES_DIR": "/x"}, "auto", "\x1b]777;notify;chatrepl;Done, now\a"),
        ({"TERM": "xterm"}, "auto", "\a"),
        ({"TMUX": "x"}, "osc9", "\a\x1bPtmux;\x1b\x1b]9;Done, now\a\x1b\\"),
        ({}, "off", ""),
    ],
)
def test_a_notification_is_what_the_terminal_takes(env: Mapping[str, str], how: str, expected: str) -> None:
    out = io.StringIO()
    Window(out, env, live=True).notify(how, "Done; now")
    assert out.getvalue() == expected


def test_prompts_and_answers_are_marked_where_that_is_known(server: Server, home: Path) -> None:
    for marked in (False, True):
        env = environment(home, TERM="xterm-256color", TERM_PROGRAM="vscode" if marked else "")
        with chatrepl("--base-url", server.url, "-m", "m", env=env) as chat:
            chat.wait_for_prompt()
            chat.line("Hi")
            chat.wait_for("Hello")
            chat.wait_for_prompt()
            for mark in b"ABCD":
                assert (b"\x1b]133;%c\x1b\\" % mark in chat.bytes) == marked


@pytest.mark.parametrize(("report", "theme"), [("ffff/ffff/eeee", "light"), ("1e/1e/2e", "dark"), ("", "")])
def test_the_background_is_what_the_terminal_tells(report: str, theme: str) -> None:
    assert capabilities.background_of(f"\x1b]11;rgb:{report}\x1b\\") == theme


def test_a_terminal_is_asked_for_its_background_and_no_key_waits_for_that(server: Server, home: Path) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.until(lambda: b"\x1b]11;?" in chat.bytes, "the question")
        chat.send("one")
        chat.wait_for_prompt("one")
        chat.send("\x1b]11;rgb:ffff/ffff/ffff\x1b\\ two")
        chat.wait_for_prompt("one two")
        drawn = len(chat.bytes)
        chat.line("")
        chat.wait_for("Hello")
        chat.wait_for_prompt()
        assert b"34;1m" in chat.bytes[drawn:], "the colours for a light one"


def test_one_that_tells_otherwise_is_not_asked(server: Server, home: Path) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home, COLORFGBG="0;15")) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("Hello")
        assert b"\x1b]11;" not in chat.bytes
