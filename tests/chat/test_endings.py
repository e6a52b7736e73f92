"""How a reply ended: in one vocabulary, with the server's own word beside it, told where it says more."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat import turn
from chatrepl.chat.endings import Exchange, Timing, statistics
from chatrepl.chat.reply import Reply
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import question
from chatrepl.events import Text, Thinking
from chatrepl.sessions import transcript
from chatrepl.usage import Usage
from tests.support.program import run
from tests.support.server import Server, whole
from tests.support.talking import Talk, asked, shown


def openai(finish: str, content: str = "Hi", **more: Any) -> dict[str, Any]:
    return {"model": "m", "choices": [{"message": {"content": content}, "finish_reason": finish, **more}]}


VIOLENT = {"violence": {"filtered": True, "severity": "high"}}
BLOCKED = {"promptFeedback": {"blockReason": "SAFETY"}}
FILTERED = "The provider's content filter stopped it"


@pytest.mark.parametrize(
    ("dialect", "body", "ending", "raw", "told"),
    [
        ("openai-chat", openai("stop"), "stop", "", ""),
        ("openai-chat", openai("eos"), "stop", "eos", ""),
        ("openai-chat", openai("weird"), "other", "weird", "an unknown reason (weird)."),
        ("openai-chat", openai("content_filter"), "content_filter", "", "content filter ended the reply."),
        (
            "azure-inference",
            openai("content_filter", content_filter_results=VIOLENT),
            "content_filter",
            "The content filter stopped the reply: violence (high)",
            "\nThe content filter stopped the reply: violence (high).",
        ),
    ],
)
def test_the_servers_own_word_is_kept_and_told_where_it_says_more(
    server: Server, talk: Talk, dialect: str, body: dict[str, Any], ending: str, raw: str, told: str
) -> None:
    server.answers(whole(body))
    session = talk(Profile("test", dialect=dialect, place=Url(server.url), model="m"), stream=False)
    reply = asked(session, "Hi")
    assert (reply.ending, reply.raw_ending) == (ending, raw)
    assert told in shown(session)
    assert ("reason" in shown(session) or "filter" in shown(session)) == bool(told)
    assert session.transcript.path
    assert transcript.read(session.transcript.path).conversation.messages[-1] == reply


@pytest.mark.parametrize(
    ("dialect", "body", "told"),
    [
        ("gemini", BLOCKED, "The prompt was blocked: SAFETY"),
        ("openai-chat", openai("content_filter", ""), FILTERED),
        (
            "azure-inference",
            openai("content_filter", "") | {"prompt_filter_results": [{"content_filter_results": VIOLENT}]},
            "The content filter stopped the prompt: violence (high)",
        ),
    ],
)
def test_a_question_that_is_filtered_is_told_as_that_and_is_back_in_the_prompt(
    server: Server, talk: Talk, dialect: str, body: dict[str, Any], told: str
) -> None:
    server.answers(whole(body))
    session = talk(Profile("test", dialect=dialect, place=Url(server.url), model="m"), stream=False)
    outcome = turn.ask(session, question("How?"))
    assert not outcome.kept
    assert f"✗ {told}\n  Say it in other words.\n" in shown(session)
    assert "nothing" not in shown(session)
    assert outcome.question_back == "How?"


def test_a_script_gets_both_words(server: Server, home: Path) -> None:
    server.answers(
        whole(BLOCKED), whole({"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]})
    )
    words = ("--base-url", server.url, "--dialect", "gemini", "-m", "m", "--no-stream", "--json", "Hi")
    done = run(*words, home=home)
    found = json.loads(done.stdout)
    assert (done.returncode, found["finish_reason"], found["raw_finish_reason"]) == (
        1,
        "content_filter",
        "The prompt was blocked: SAFETY",
    )
    found = json.loads(run(*words, home=home).stdout)
    assert (found["finish_reason"], found["raw_finish_reason"]) == ("stop", "STOP")


@pytest.mark.parametrize(
    ("first", "used", "told"),
    [(0.01, None, []), (0.01, 8, ["<0.1 s", "8 out"]), (0.06, None, ["0.1 s"]), (2.04, 8, ["2.0 s", "8 out"])],
)
def test_the_first_word_takes_no_time_but_little(first: float, used: int | None, told: list[str]) -> None:
    reply = Reply()
    if used:
        reply.feed(Usage(output=used))
    assert statistics([Exchange(reply, Timing(0.0, first, first))], lambda _model, _profile: None) == told


def test_nor_do_two_requests_take_no_time() -> None:
    exchange = Exchange(Reply(), Timing(0.0, 0.01, 0.01))
    assert statistics([exchange, exchange], lambda _model, _profile: None) == ["2 requests", "<0.1 s"]


@pytest.mark.parametrize("counted", [None, Usage(input=9, output=1)])
def test_what_nobody_counted_to_its_end_is_counted_roughly(counted: Usage | None) -> None:
    reply = Reply(ending="interrupted")
    for event in (counted, Thinking("So. "), Text("Twelve signs")):
        if event:
            reply.feed(event)
    told = statistics([Exchange(reply, Timing(0.0, 1.0, 3.0))], lambda _model, _profile: None)
    assert told == ["1.0 s", "~2 tok/s", *(["9 in"] if counted else []), "~4 out"]


def test_a_model_that_has_no_more_to_say_leaves_the_reply_as_it_is(server: Server, talk: Talk) -> None:
    server.answers(whole(chat("It is done.")), whole(chat("")))
    session = talk(Profile("test", dialect="openai-chat", place=Url(server.url), model="m"), stream=False)
    asked(session, "How?")
    assert not turn.go_on(session).kept
    assert "✗ The model adds nothing: to it the reply is complete\n  /retry asks for another.\n" in shown(session)
    assert session.conversation.turns[-1][-1].text == "It is done."


def chat(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}
