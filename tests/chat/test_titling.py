"""A title that the model writes: asked for once behind the prompt, and waited for by nobody."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from chatrepl.chat import commands, titling
from chatrepl.chat.session import Session
from chatrepl.config.config import Budget, Profile
from chatrepl.config.place import Url
from chatrepl.sessions import transcript
from tests.support.server import PATIENCE, Server, held, say, whole
from tests.support.talking import KEY, Talk, asked, shown


@pytest.fixture
def session(talk: Talk, server: Server) -> Session:
    """One whose model writes titles. Its first question is not asked yet."""
    session = talk(Profile("test", dialect="openai-chat", place=Url(server.url), model="m", options={"effort": "high"}))
    session.ui = replace(session.ui, titles="model")
    return session


def titled(session: Session) -> str:
    """The title, once what was asked is over."""
    over = threading.Event()
    session.learned = over.set
    titling.follow(session)
    assert over.wait(PATIENCE)
    titling.follow(session)
    return session.transcript.state.title


def requests(server: Server) -> int:
    return sum(request.method == "POST" for request in server.requests)


def test_it_is_kept_counted_and_told_and_asked_for_once(session: Session, server: Server) -> None:
    server.answers(say("It replaces all."), say('Title: "Sed substitutions".\n'))
    asked(session, "What does the g in a sed substitution do?")
    before = session.spent.output
    assert titled(session) == "Sed substitutions"
    assert session.transcript.path
    assert transcript.read(session.transcript.path).title == "Sed substitutions"
    assert session.spent.output > before
    assert len(session.conversation.turns) == 1
    assert 'Titled "Sed substitutions" by the model' in shown(session)
    body = server.requests[-1].body
    assert "It replaces all." in body["messages"][-1]["content"]
    assert "reasoning_effort" not in body
    titling.follow(session)
    assert requests(server) == 2


@pytest.mark.parametrize("written", [f"The key {KEY}", "sk-proj-abcdefghijklmnop0123 leaked", "a\x1b[31mb " * 12])
def test_it_is_as_safe_as_any_title(session: Session, server: Server, written: str) -> None:
    server.answers(say("Yes."), say(written))
    asked(session, "Is it?")
    title = titled(session)
    assert title != "Is it?"
    assert len(title) <= 60
    assert not any(bad in title for bad in (KEY, "sk-proj", "\x1b"))


@pytest.mark.parametrize(
    "answer", [whole({"error": {"message": "too busy"}}, 400), say("Well,\n\nlet me see."), say("")]
)
def test_a_failure_is_told_to_those_who_ask_alone(session: Session, server: Server, answer: object) -> None:
    server.answers(say("Yes."), answer)  # type: ignore[arg-type]
    asked(session, "Is it?")
    before = shown(session)
    assert titled(session) == "Is it?"
    assert shown(session) == before
    titling.follow(session)
    assert requests(server) == 2
    commands.run(session, "/set titles")
    assert "The last title failed: " in shown(session)


@pytest.mark.parametrize("ask", [asked, lambda session, _text: commands.run(session, "/ask test And then?")])
def test_a_next_question_does_not_wait_for_it(
    session: Session, server: Server, ask: Callable[[Session, str], object]
) -> None:
    session.config = session.config._replace(profiles={"test": session.profile})
    release = threading.Event()
    server.answers(say("Yes."), held(release, say("Late")), say("Next."), say("In time"))
    asked(session, "Is it?")
    titling.follow(session)
    assert server.received()
    assert server.received(), "the request for a title"
    ask(session, "And then?")
    release.set()
    assert titled(session) == "In time"


def test_it_is_not_asked_for_where_there_is_a_title_or_nothing_to_be_spent(session: Session, server: Server) -> None:
    server.answers(say("Yes."))
    asked(session, "Is it?")
    session.config = session.config._replace(budget=Budget(tokens=1))
    titling.follow(session)
    session.config = session.config._replace(budget=None)
    commands.run(session, "/title Mine")
    titling.follow(session)
    assert session.titling is None
    assert requests(server) == 1
