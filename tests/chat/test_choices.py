"""Several replies of one request: each is read, kept and counted, and one of them counts."""

import json
import re
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatrepl import values
from chatrepl.chat import turn
from chatrepl.chat.commands import run
from chatrepl.chat.session import Session
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import question
from chatrepl.dialects import DIALECTS, dialect
from chatrepl.dialects.choices import wanted
from chatrepl.sessions import transcript
from chatrepl.usage import Usage
from tests.support import program
from tests.support.server import Exchange, Script, Server, say, whole
from tests.support.talking import Talk, asked, shown

TEXTS = ("Red, it is.", "<think>Hm.</think>Blue.", "Green \U0001f600.")
HALVES = "\ud83d", "\ude00"


def pieces(name: str, choice: int, text: str, end: str = "") -> dict[str, Any]:
    """A piece of one of the replies, in the words of the protocol."""
    if name == "gemini":
        found = {"content": {"parts": [{"text": text}]}, **({"finishReason": "STOP"} if end else {})}
        return {"modelVersion": "m", "candidates": [{**found, **({"index": choice} if choice else {})}]}
    said = {"text": text} if name == "openai-completions" else {"delta": {"content": text}}
    return {"model": "m", "choices": [{"index": choice, **said, "finish_reason": end or None}]}


USED: dict[str, dict[str, Any]] = {
    "gemini": {"usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 30, "totalTokenCount": 40}},
    "": {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 30, "total_tokens": 40}},
}


def streamed(name: str, ends: int = 3) -> Script:
    """Three replies by pieces, now of this and now of that one; ``ends`` of them are told to be over."""

    def script(exchange: Exchange) -> None:
        exchange.head()
        for place in range(max(map(len, TEXTS))):
            for choice, text in enumerate(TEXTS):
                if said := text[place : place + 1]:
                    for half in HALVES if said > "\uffff" else (said,):
                        exchange.send(f"data: {json.dumps(pieces(name, choice, half))}\n\n")
        for choice in range(ends):
            exchange.send(f"data: {json.dumps(pieces(name, choice, '', 'stop'))}\n\n")
        if ends == 3:
            exchange.send(f"data: {json.dumps(USED.get(name, USED['']))}\n\n")
            exchange.send("" if name == "gemini" else "data: [DONE]\n\n")

    return script


def in_one_piece(name: str) -> Script:
    """The same as a whole body."""
    each = [pieces(name, choice, text, "stop") for choice, text in enumerate(TEXTS)]
    where = "candidates" if name == "gemini" else "choices"
    found = json.dumps({**each[0], **USED.get(name, USED[""]), where: [one[where][0] for one in each]})
    return whole(found.replace('"delta"', '"message"'))


def profile(name: str, server: Server, **options: Any) -> Profile:
    options = {"n": 3, **options}
    return Profile("test", dialect=name, place=Url(server.url), model="m", options=options, retries=0)


def replies(session: Session) -> list[tuple[str, str, str]]:
    found = [each[-1] for each in session.transcript.state.replies()]
    return [(each.text, each.thinking, each.ending) for each in found]


def on_disk(session: Session) -> bool:
    path = session.transcript.path
    assert path
    read, known = values(transcript.read(path)), values(session.transcript.state)
    return {name for name in known if read[name] != known[name]} == set()


ALL = [("Red, it is.", "", "stop"), ("Blue.", "Hm.", "stop"), ("Green \U0001f600.", "", "stop")]
HAVE = [name for name in DIALECTS if dialect(name).choices]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("name", HAVE)
def test_each_reply_is_kept_and_counted_once(talk: Talk, server: Server, name: str, stream: bool) -> None:
    session = talk(profile(name, server), stream=stream)
    server.answers(streamed(name) if stream else in_one_piece(name))
    asked(session, "Which colour?")
    body = server.requests[0].body
    assert body.get("n", body.get("generationConfig", {}).get("candidateCount")) == 3
    assert replies(session) == ALL
    assert session.conversation.turns[-1][-1].text == "Red, it is."
    assert "2 more replies came along: /replies lists them" in shown(session)
    assert (session.spent.input, session.spent.output) == (10, 30)
    assert on_disk(session)
    run(session, "/replies 3")
    chosen = session.conversation.turns[-1][-1]
    assert chosen.text == "Green \U0001f600."
    assert chosen.usage
    assert chosen.usage.output
    assert chosen.usage.total == 10 + chosen.usage.output, "the conversation holds no other reply"
    run(session, "/undo")
    assert session.conversation.turns[-1][-1].text == "Red, it is."


@pytest.mark.parametrize("name", [name for name in DIALECTS if name not in HAVE])
def test_elsewhere_one_line_says_that_there_is_no_such_thing(talk: Talk, server: Server, name: str) -> None:
    session = talk(profile(name, server))
    server.answers(whole({"error": {"message": "no"}}, 400), whole({"error": {"message": "no"}}, 400))
    for text in ("One?", "Two?"):
        turn.ask(session, question(text))
    assert shown(session).count(f"{name} has one reply to a request, so n is not sent") == 1
    assert '"n"' not in json.dumps([each.body for each in server.requests])


def test_replies_that_are_alike_have_a_number_each(talk: Talk, server: Server) -> None:
    session = talk(profile("openai-chat", server))
    texts = enumerate(["Red", "Red", "Blue", "Blue"])
    each = [pieces("openai-chat", choice, text, "stop")["choices"][0] for choice, text in texts]
    server.answers(whole(json.dumps({**USED[""], "choices": each}).replace('"delta"', '"message"')))
    asked(session, "Which colour?")
    run(session, "/replies")
    assert re.search(r"\* +1 .*Red\n +2 .*\(same as 1\)\n +3 .*Blue\n +4 .*\(same as 3\)\n", shown(session))
    run(session, "/replies 4")
    assert session.conversation.turns[-1][-1].text == "Blue"
    assert on_disk(session)


def test_a_server_that_takes_no_n_is_asked_without_it(talk: Talk, server: Server) -> None:
    refused = {"error": {"message": "Unsupported parameter: 'n'", "param": "n", "code": "unsupported_parameter"}}
    session = talk(profile("openai-chat", server))
    server.answers(whole(refused, 400), say("Fine."))
    assert asked(session, "Which colour?").text == "Fine."
    assert "does not take n; asked again without it" in shown(session)
    assert "n" not in server.requests[1].body
    assert [wanted(each) for each in (session.profile, session.connection.known(session.profile))] == [3, 1]
    other = replace(session.profile, dialect="anthropic")
    assert wanted(session.connection.known(other)) == 1


def test_what_is_cut_is_kept_and_told(talk: Talk, server: Server) -> None:
    session = talk(profile("openai-chat", server))
    server.answers(streamed("openai-chat", ends=2))
    asked(session, "Which colour?")
    assert replies(session) == [*ALL[:2], ("Green \U0001f600.", "", "failed")]
    assert "1 of them not whole" in shown(session)


def test_where_the_first_is_empty_another_counts(talk: Talk, server: Server) -> None:
    session = talk(profile("openai-chat", server))
    chunks = [pieces("openai-chat", 0, "", "content_filter"), pieces("openai-chat", 1, "Blue.", "stop")]
    server.answers(whole("".join(f"data: {json.dumps(each)}\n\n" for each in chunks), kind="text/event-stream"))
    assert asked(session, "Which colour?").text == "Blue."
    assert "1 of 3 replies came" in shown(session)


def test_no_number_of_choices_is_believed(talk: Talk, server: Server) -> None:
    session = talk(profile("openai-chat", server))
    odd: list[Any] = [-1, 10**9, "1", None, 1.5, True, 200]
    chunks = [{"choices": [{"index": each, "delta": {"content": "x"}}]} for each in odd]
    chunks.append(pieces("openai-chat", 0, "Fine.", "stop"))
    server.answers(whole("".join(f"data: {json.dumps(each)}\n\n" for each in chunks), kind="text/event-stream"))
    assert asked(session, "Which colour?").text == "xFine."
    assert len(replies(session)) == 1


def test_retry_and_continue_bring_several_too(talk: Talk, server: Server) -> None:
    session = talk(profile("openai-chat", server))
    server.answers(say("One."), streamed("openai-chat"), streamed("openai-chat"))
    asked(session, "Which colour?")
    run(session, "/retry")
    assert [each[0] for each in replies(session)] == ["One.", *(each[0] for each in ALL)]
    run(session, "/continue")
    assert [each[0] for each in replies(session)][-3:] == [f"Red, it is.{text}" for text, *_ in ALL]
    assert on_disk(session)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal on Windows")
def test_ctrl_c_keeps_what_came_of_each(talk: Talk, server: Server) -> None:
    session = talk(profile("openai-chat", server))
    begun = [json.dumps(pieces("openai-chat", choice, text)) for choice, text in enumerate(("One ", "Two "))]
    over = json.dumps(pieces("openai-chat", 0, "and only.", "stop"))
    came = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send("".join(f"data: {each}\n\n" for each in (*begun, over)))
        came.wait(20)
        exchange.wait_for_hang_up()

    server.answers(script)
    kept = session.transcript.add

    def watched(entry: Any) -> None:
        kept(entry)
        if getattr(entry, "text", "").endswith("and only."):
            came.set()
            import os
            import signal

            os.kill(os.getpid(), signal.SIGINT)

    session.transcript.add = watched  # type: ignore[method-assign]
    with session.interrupts.caught():
        asked(session, "Which?")
    assert replies(session) == [("One and only.", "", "stop"), ("Two ", "", "interrupted")]


def test_killed_at_any_line_what_came_is_kept(talk: Talk, server: Server) -> None:
    session = talk(profile("openai-chat", server))
    server.answers(streamed("openai-chat"))
    asked(session, "Which colour?")
    assert session.transcript.path
    lines = session.transcript.path.read_bytes().splitlines(keepends=True)
    torn = session.transcript.path.with_name("torn.jsonl")
    seen = [0, 0, 0]
    for end in range(3, len(lines) + 1):
        torn.write_bytes(b"".join(lines[:end]))
        state = transcript.read(torn)
        state.settle()
        lengths = [len(turn[-1].text + turn[-1].thinking) for turn in state.replies()]
        padded = [*lengths, 0, 0, 0][:3]
        assert sum(padded) >= sum(seen) - len("<think></think>")
        seen = padded
    assert seen == [len(text + thinking) for text, thinking, _ in ALL]


def test_with_others_asked_each_brings_its_own(talk: Talk, server: Server) -> None:
    session = talk(profile("openai-chat", server))
    session.config = session.config._replace(profiles={**session.config.profiles, "test": session.profile})
    server.answers(streamed("openai-chat"), streamed("openai-chat"))
    run(session, "/ask test Which colour?")
    assert replies(session) == ALL
    assert "2 more replies came along" in shown(session)
    assert (session.spent.input, session.spent.output) == (10, 30)
    assert on_disk(session)


def test_aside_there_is_one(talk: Talk, server: Server) -> None:
    session = talk(profile("openai-chat", server))
    run(session, "/btw Which colour?")
    assert "n" not in server.requests[0].body


def test_a_secret_is_hidden_in_each(talk: Talk, server: Server) -> None:
    session = talk(profile("openai-chat", server))
    key = "the-right-key"
    parts = (key[:5], key[5:])
    chunks = [pieces("openai-chat", choice, part) for part in ("It is ", *parts, "!") for choice in (0, 1)]
    chunks += [pieces("openai-chat", 1, "!")]
    chunks += [pieces("openai-chat", choice, "", "stop") for choice in (0, 1)]
    server.answers(whole("".join(f"data: {json.dumps(each)}\n\n" for each in chunks), kind="text/event-stream"))
    asked(session, "Which?")
    assert session.transcript.path
    assert [text for text, *_ in replies(session)] == ["It is (hidden)!", "It is (hidden)!!"]
    assert key not in session.transcript.path.read_text("utf-8")


def test_one_shot_prints_all_and_json_is_keyed_by_number(server: Server, home: Path) -> None:
    server.answers(streamed("openai-chat"), streamed("openai-chat"))
    flags = ["--base-url", server.url, "-m", "m", "-o", "n=3"]
    plain = program.run(*flags, "Which colour?", home=home)
    assert plain.stdout.startswith(b"Red, it is.")
    assert b"reply 3:\nGreen" in plain.stdout
    told = json.loads(program.run(*flags, "--json", "Which colour?", home=home).stdout)
    assert [(number, each["text"]) for number, each in told.items()] == [
        (str(number), text) for number, (text, *_) in enumerate(ALL, 1)
    ]
    assert sum(each["usage"]["output"] for each in told.values()) == 30


@pytest.mark.parametrize("value", ["x", "1.5", "true"])
def test_a_number_of_replies_that_is_none(talk: Talk, server: Server, value: str) -> None:
    session = talk(profile("openai-chat", server))
    with pytest.raises(Exception, match="n is a whole number"):
        run(session, f"/set n {value}")


def test_parts_add_up() -> None:
    from chatrepl.usage import shared

    used = Usage(10, 4, 31, 7, 41)
    found = shared(used, [5, 0, 9])
    assert [each and each.input for each in found] == [10, 0, 0]
    assert sum(each.output or 0 for each in found if each) == 31
    assert sum(each.reasoning or 0 for each in found if each) == 7
    assert shared(used, [3]) == [used]
    assert shared(None, [3, 3]) == [None, None]
    assert replace(used, output=None) == shared(replace(used, output=None), [1])[0]
