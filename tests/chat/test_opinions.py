"""What is asked aside and of others: it is shown and kept, and one reply alone counts."""

import json
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from chatrepl import values
from chatrepl.chat import turn
from chatrepl.chat.commands import run
from chatrepl.chat.session import Session
from chatrepl.config import reading
from chatrepl.config.config import Budget, Profile
from chatrepl.config.place import Url
from chatrepl.conversation import question
from chatrepl.errors import CommandError, ConfigError
from chatrepl.sessions import transcript
from chatrepl.sessions.entries import Aside, Said
from tests.support import program
from tests.support.server import Exchange, Script, Server, held, say, serving, then, whole
from tests.support.talking import Talk, asked, shown


def beginning(talk: Talk, server: Server, *others: tuple[str, Server]) -> Session:
    session = talk(Profile("test", dialect="openai-chat", place=Url(server.url), model="m"))
    more = {name: Profile(name, dialect="openai-chat", place=Url(its.url), model="m") for name, its in others}
    session.config = session.config._replace(profiles={**session.config.profiles, "test": session.profile, **more})
    return session


def garbage(event: threading.Event) -> Script:
    """A stream of no sense, whose end the event tells of."""

    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send("data: {nonsense\n\ndata: ]]\n\n")
        exchange.finish()
        event.set()

    return script


def replies(session: Session) -> list[str]:
    return [each[-1].text for each in session.transcript.state.replies(alike=True)]


def on_disk(session: Session) -> bool:
    path = session.transcript.path
    assert path
    read, known = values(transcript.read(path)), values(session.transcript.state)
    assert {name for name in known if read[name] != known[name]} == set()
    return True


def test_what_is_asked_aside_is_kept_and_counted_and_never_sent_again(talk: Talk, server: Server) -> None:
    session = beginning(talk, server)
    server.answers(say("One."), say("Aside."), say("Two."))
    asked(session, "First")
    run(session, "/btw And why?")
    assert [each["content"] for each in server.requests[1].body["messages"]] == ["First", "One.", "And why?"]
    assert "Aside." in shown(session)
    asked(session, "Second")
    assert "Aside." not in str(server.requests[2].body)
    assert session.spent.replies == 3
    assert on_disk(session)
    run(session, "/btw keep")
    assert [each[-1].text for each in session.conversation.turns] == ["One.", "Two.", "Aside."]
    with pytest.raises(CommandError, match="Nothing was asked aside"):
        run(session, "/btw keep")
    run(session, "/undo")
    assert len(session.conversation.turns) == 2
    assert session.spent.replies == 3, "it was asked once"
    assert on_disk(session)


def test_others_are_asked_at_once_and_one_reply_counts(talk: Talk, server: Server) -> None:
    with serving() as slow, serving() as failing, serving() as garbled:
        session = beginning(talk, server, ("slow", slow), ("failing", failing), ("garbled", garbled))
        release = threading.Event()
        slow.answers(held(release, say("Slow one.")))
        failing.answers(whole({"error": {"message": "no such thing"}}, 400))
        garbled.answers(garbage(release))
        asked(session, "What is it?")
        run(session, "/ask slow,failing,garbled,test/other")
        assert server.requests[-1].body["model"] == "other"
        assert slow.requests[0].body["messages"] == [{"role": "user", "content": "What is it?"}]
        assert replies(session)[:1] == ["Hello"]
        assert {"Slow one.", "Hello"} <= set(replies(session))
        assert "no such thing" in shown(session)
        assert session.conversation.turns[-1][-1].text == "Hello", "which counted before"
        place = replies(session).index("Slow one.") + 1
        run(session, f"/replies {place}")
        assert session.conversation.turns[-1][-1].text == "Slow one."
        assert session.conversation.turns[-1][-1].profile == "slow"
        run(session, "/replies")
        run(session, f"/replies diff 1 {place}")
        assert "Slow one." in shown(session).rpartition("+++")[2]
        run(session, "/undo")
        assert session.conversation.turns[-1][-1].text == "Hello"
        with pytest.raises(CommandError, match="the replies 1 to"):
            run(session, "/replies 99")
        assert on_disk(session)


def test_a_new_question_gets_the_first_whole_reply(talk: Talk, server: Server) -> None:
    with serving() as other:
        session = beginning(talk, server, ("other", other))
        other.answers(say("Theirs."))
        server.answers(say("Ours."))
        run(session, "/ask test,other How are you?")
        assert sorted(replies(session)) == ["Ours.", "Theirs."]
        assert len(session.conversation.turns) == 1
        assert session.spent.replies == 2
        asked(session, "And then?")
        assert len(server.requests[-1].body["messages"]) == 3
        assert on_disk(session)


def test_a_question_that_nobody_answers_is_back(talk: Talk, server: Server) -> None:
    session = beginning(talk, server)
    server.answers(whole({"error": {"message": "no"}}, 400))
    outcome = run(session, "/ask test How are you?")
    assert outcome
    assert outcome.question_back == "How are you?"
    assert not session.conversation.turns
    assert on_disk(session)


def test_a_retry_overwrites_nothing(talk: Talk, server: Server) -> None:
    session = beginning(talk, server)
    server.answers(say("One."), say("Two."))
    asked(session, "First")
    run(session, "/retry")
    assert replies(session) == ["One.", "Two."]
    run(session, "/replies 1")
    assert session.conversation.turns[-1][-1].text == "One."


def test_several_models_on_the_command_line_are_one_object(server: Server, home: Path) -> None:
    with serving() as failing:
        failing.answers(whole({"error": {"message": "no such model"}}, 400))
        home.mkdir()
        tables = [
            f'[profiles.{name}]\ndialect = "openai-chat"\nbase_url = "{its.url}"\nmodel = "m"\n'
            for name, its in (("one", server), ("bad", failing))
        ]
        (home / "config.toml").write_text("".join(tables))
        ran = program.run("-p", "one", "-m", "one,bad,one/x", "-o", "seed=7", "--json", "Hi", home=home)
    told = json.loads(ran.stdout)
    assert list(told) == ["one", "bad", "one/x"]
    assert told["one"]["text"] == "Hello"
    assert told["one/x"]["profile"] == "one"
    assert "no such model" in told["bad"]["error"]
    assert ran.returncode == 1
    assert {(each.body["model"], each.body["seed"]) for each in server.requests} == {("m", 7), ("x", 7)}


def test_a_budget_is_told_nearly_used_and_asked_for_when_it_is(talk: Talk, server: Server) -> None:
    session = beginning(talk, server)
    session.config = session.config._replace(budget=Budget(tokens=24))  # a reply of the server takes 11
    said: list[str] = []

    def saying(answer: str) -> None:
        session.user = replace(session.user, answer=lambda text: said.append(text) or answer)  # type: ignore[func-returns-value]

    saying("n")
    for text in ("One", "Two", "Three"):
        assert turn.send(session, text).kept
    assert "22 tokens of the budget of 24 tokens" in shown(session)
    assert turn.send(session, "Four").question_back == "Four"
    assert len(server.requests) == 3
    saying("y")
    assert turn.send(session, "Four").kept
    assert len(said) == 2
    assert turn.send(session, "Five").kept
    assert len(said) == 2, "asked once for each budget"


@pytest.mark.parametrize("value", ["0", "-1", '"0 tokens"', '"many"', "true", "[]"])
def test_a_budget_of_nothing_is_a_mistake(home: Path, value: str) -> None:
    home.mkdir()
    path = home / "config.toml"
    path.write_text(f"budget = {value}\n")
    with pytest.raises(ConfigError, match="line 1: budget has to be dollars above 0"):
        reading.load(path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/ask", "Ask whom"),
        ("/ask ,", "Ask whom"),
        ("/ask test", "no question"),
        ("/replies", "no reply"),
        ("/btw", "what"),
    ],
)
def test_bad_input_is_one_line(talk: Talk, server: Server, line: str, told: str) -> None:
    with pytest.raises(CommandError, match=told):
        run(beginning(talk, server), line)
    assert not server.requests


def test_an_unknown_model_and_itself(talk: Talk, server: Server) -> None:
    session = beginning(talk, server)
    session.offers = session.offered()
    asked(session, "First")
    with pytest.raises(CommandError, match="No profile or model is called 'nobody'"):
        run(session, "/ask nobody")
    run(session, "/ask test,test")
    assert len(server.requests) == 2, "each is asked once"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal on Windows")
def test_ctrl_c_stops_all_at_once_and_keeps_what_came(talk: Talk, server: Server) -> None:
    with serving() as silent:
        session = beginning(talk, server, ("silent", silent))
        release = threading.Event()
        asked(session, "First")
        server.answers(then(["Begun "], held(release, lambda exchange: None)))
        silent.answers(held(release, say("Too late.")))
        with session.interrupts.caught():
            threading.Thread(target=_press, args=(server, silent), daemon=True).start()
            started = time.monotonic()
            run(session, "/ask test,silent")
        release.set()
        assert "Begun " in replies(session)
        assert session.transcript.state.replies()[-1][-1].ending == "interrupted"
        assert time.monotonic() - started < 3
        assert session.conversation.turns[-1][-1].text == "Hello"


def _press(server: Server, silent: Server) -> None:
    import os
    import signal

    silent.received()
    server.received()
    server.received()
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)


def test_killed_among_replies_the_first_counts(talk: Talk, server: Server, tmp_path: Path) -> None:
    session = beginning(talk, server)
    new = question("Which?")
    session.transcript.add(Said(new))
    reply = asked(beginning(talk, server), "Which?")
    session.transcript.add(Aside("reply", (new, replace(reply, model="b"))))
    assert session.transcript.path
    state = transcript.read(session.transcript.path)
    state.settle()
    assert [each[-1].model for each in state.conversation.turns] == ["b"]
