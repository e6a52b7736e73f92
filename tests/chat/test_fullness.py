"""How full the context is, told once at 80 and at 95 percent."""

import pytest

from chatrepl.chat import fullness
from chatrepl.chat.session import Session
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Message, TextPart, question
from chatrepl.events import Usage
from chatrepl.sessions.entries import Said
from tests.support.talking import Talk, shown


def say(session: Session, total: int) -> None:
    session.transcript.add(Said(question("Hi")))
    usage = Usage(input=total - 1, output=1, total=total)
    session.transcript.add(Said(Message("assistant", (TextPart("Hello"),), "m", "stop", usage=usage)))


def test_each_level_is_told_once_and_again_after_it_was_left(talk: Talk) -> None:
    session = talk(Profile("test", dialect="openai-chat", place=Url("http://127.0.0.1:9"), model="m", context=1_000))
    level = fullness.tell(session, fullness.LEVELS[-1])
    steps = ((790, "", 0), (800, "warning", 1), (850, "warning", 1), (950, "error", 2), (960, "error", 2))
    for total, style, lines in steps:
        say(session, total)
        level = fullness.tell(session, level)
        assert level.style == style
        assert shown(session).count("% full") == lines
    assert "The context is 95 % full (950 of 1k)." in shown(session)
    say(session, 100)
    level = fullness.tell(session, level)
    say(session, 810)
    fullness.tell(session, level)
    assert shown(session).count("% full") == 3


@pytest.mark.parametrize("total", [0, 5_000])
def test_nothing_is_said_where_the_size_is_not_known(talk: Talk, total: int) -> None:
    session = talk(Profile("test", dialect="openai-chat", place=Url("http://127.0.0.1:9"), model="m"))
    say(session, total)
    assert fullness.tell(session, fullness.LEVELS[-1]).style == ""
