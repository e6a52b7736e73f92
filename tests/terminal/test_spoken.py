"""For screen readers: nothing moves, an answer comes in one piece, and choices are numbered."""

import io
import threading
from functools import partial
from pathlib import Path

import pytest

from chatrepl.events import Text
from chatrepl.terminal.screen.pictures import Cited
from chatrepl.terminal.screen.spoken import SpokenPicture
from tests.support.chatting import ask
from tests.support.server import Server, say
from tests.support.stored import kept
from tests.support.terminal import Terminal, chatrepl, environment


def test_a_sign_of_life_comes_while_a_reply_is_awaited_and_then_all_of_it() -> None:
    out, said, beat = io.StringIO(), list[str](), threading.Event()

    def tell(line: str) -> None:
        said.append(line)
        beat.set()

    with SpokenPicture(out, tell, every=0.01) as picture:
        assert beat.wait(10)
        picture.feed(Text("One "))
        picture.feed(Text("two\x1b[2J"))
        assert out.getvalue() == ""
    assert said[0].endswith("no word yet. Ctrl-C stops.")
    assert said[-1] == "Answer, 2 words"
    assert out.getvalue() == "One two␛[2J\n\a"


def test_marks_for_sources_stand_in_an_answer_in_whatever_order_they_come() -> None:
    out, missed = io.StringIO(), list[int]()
    with SpokenPicture(out, lambda _line: None) as picture:
        picture.feed(Text("One. Two. Three."))
        for number, behind in [(1, " Three."), (2, " Two. Three."), (3, " Two. Three."), (4, " Four.")]:
            picture.feed(Cited(number, "https://a.example", behind, partial(missed.append, number)))
    assert out.getvalue() == "One.[2][3] Two.[1] Three.\n\a"
    assert missed == [4]


@pytest.mark.parametrize("how", ["--screen-reader", "ACCESSIBLE"])
def test_an_answer_is_in_one_piece_and_a_choice_is_numbered(server: Server, home: Path, how: str) -> None:
    for number in range(2):
        kept(home / "sessions", f"20260101-090000-000{number}", f"Question {number}", "Reply", used=100 + number)
    flags, more = ([how], {}) if how.startswith("-") else ([], {how: "1"})
    server.answers(say("It is **so**."))
    with chatrepl("--base-url", server.url, "-m", "m", *flags, env=environment(home, **more)) as chat:
        chat.wait_for_prompt()
        ask(chat, "Why?", "Answer, 3 words")
        chat.wait_for("It is **so**.")
        assert _quiet(chat)
        chat.line("/resume")
        chat.wait_for("Which one? [1-3]")
        chat.line("3")
        chat.wait_for('"Question 0" goes on')


def _quiet(chat: Terminal) -> bool:
    """Whether nothing was painted over, and a bell rang once."""
    return b"\x1b[" not in chat.bytes.partition(b"Why?")[2] and chat.bytes.count(b"\a") == 1
