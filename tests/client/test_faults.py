"""Every fault of the network with every dialect: a calm line and a hint, the connection closed, and no word lost."""

import json
import math
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat import commands, turn
from chatrepl.chat.outcome import Outcome
from chatrepl.client.memory import DOWN
from chatrepl.config.config import Profile, Timeouts
from chatrepl.config.place import Url
from chatrepl.conversation import question
from chatrepl.dialects import DIALECTS
from tests.support import faults
from tests.support.exchanges import ENDS_AT_EOF
from tests.support.faults import FAULTS, KEY, Fault, Seen, Wire, wire
from tests.support.server import PATIENCE, Exchange, Server, held, say, serving, whole


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that end in .invalid are unknown at once, also where a name server takes its time to say so."""
    real = socket.getaddrinfo

    def getaddrinfo(host: bytes | str | None, *rest: Any, **more: Any) -> object:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def profile_for(name: str, url: str, **more: Any) -> Profile:
    return Profile("test", dialect=name, place=Url(url), model="m", key_env="THE_KEY", **more)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_a_line_and_no_word_is_lost(server: Server, tmp_path: Path, name: str, case: str) -> None:
    fault, spoken = FAULTS[case], wire(name)
    if case == "an end in the stream" and name in ENDS_AT_EOF:
        pytest.skip("in this protocol it is an end like any other")
    if fault.script:
        server.answers(*[fault.script(spoken)] * fault.tries)
    profile = profile_for(name, fault.address(server), timeouts=fault.limits)
    with faults.session(tmp_path, profile) as seen:
        outcome = turn.ask(seen.session, question("Precious words"))
        check(seen, outcome, fault, spoken)
        for received in server.requests:
            assert received.closed.wait(PATIENCE), "the connection is still open"
        assert len(server.requests) == (fault.tries if fault.script else 0)
        assert len(seen.slept) == fault.tries - 1
        goes_on(seen, server, spoken)


def check(seen: Seen, outcome: Outcome, fault: Fault, spoken: Wire) -> None:
    """The line and the hint, what was kept, and where the question is."""
    lines = seen.notes.getvalue().splitlines()
    (place,) = [number for number, line in enumerate(lines) if line.startswith("✗")]
    assert re.search(fault.line, lines[place])
    assert len(lines[place]) < 620
    assert re.match(r"  \S|The reply is incomplete.*; /continue", lines[place + 1]), "no hint"
    journal = seen.journal
    assert "Precious words" in journal
    assert KEY not in journal + seen.notes.getvalue() + seen.out.getvalue()
    assert outcome.question_back == ("" if fault.partial else "Precious words")
    assert len(seen.session.conversation.turns) == fault.partial
    if fault.partial:
        assert seen.session.conversation.messages[-1].text.startswith(spoken.word)
        assert seen.session.conversation.messages[-1].ending == "failed"


def goes_on(seen: Seen, server: Server, spoken: Wire) -> None:
    """The next turn is as if nothing had been: its roles alternate, its reply is whole."""
    server.answers(faults.answer(200, spoken.whole, spoken.kind))
    seen.session.switch(replace(seen.session.profile, place=Url(server.url)))
    outcome = turn.ask(seen.session, question("And now?"))
    reply = outcome.message
    assert reply
    assert reply.ending not in ("failed", "interrupted")
    roles = [message.role for message in seen.session.conversation.messages]
    assert roles == ["user", "assistant"] * (len(roles) // 2)
    assert KEY in json.dumps(server.requests[-1].headers), "the key went out"


@pytest.mark.parametrize("name", DIALECTS)
def test_cut_after_any_event_the_reply_is_kept_or_the_question_is_back(
    server: Server, tmp_path: Path, name: str
) -> None:
    spoken = wire(name)
    with faults.session(tmp_path, profile_for(name, server.url, timeouts=faults.QUICK)) as seen:
        for edge in spoken.edges[:-1]:
            server.answers(faults.stream(spoken.kind, spoken.whole[:edge]))
            before = len(seen.session.conversation.turns)
            outcome = turn.ask(seen.session, question(f"Cut at {edge}"))
            reply = outcome.message
            assert outcome.question_back == ("" if reply else f"Cut at {edge}")
            assert len(seen.session.conversation.turns) == before + bool(reply)
            if outcome.failure is None:
                assert reply
                assert reply.ending != "failed" or name in ENDS_AT_EOF
            assert server.requests[-1].closed.wait(PATIENCE)


@pytest.mark.parametrize("name", DIALECTS)
def test_an_event_of_ten_megabytes_is_an_event_like_any_other(server: Server, tmp_path: Path, name: str) -> None:
    spoken = wire(name)
    text = json.dumps(spoken.word).encode()
    assert text in spoken.whole
    large = spoken.whole.replace(text, json.dumps("x" * 10**7).encode(), 1)
    server.answers(faults.answer(200, large, spoken.kind))
    with faults.session(tmp_path, profile_for(name, server.url, timeouts=faults.QUICK)) as seen:
        outcome = turn.ask(seen.session, question("Much, please"))
        reply = outcome.message
    assert reply
    assert len(reply.text) >= 10**7
    assert not outcome.failure


def test_the_waits_between_tries_are_what_the_server_asks_for(server: Server, tmp_path: Path) -> None:
    answers = [
        faults.refusal(429, Retry_After="7"),
        faults.refusal(503, retry_after_ms="70"),
        faults.answer(200, wire("openai-chat").whole, "text/event-stream"),
    ]
    server.answers(*answers)
    with faults.session(tmp_path, profile_for("openai-chat", server.url)) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert outcome.kept
        assert seen.slept == [7.0, 0.07]
        assert "asking again in 7.0 s (1 of 2)" in seen.notes.getvalue()
        assert not outcome.failure


def test_a_wait_that_is_too_long_is_told_and_not_waited(server: Server, tmp_path: Path) -> None:
    server.answers(faults.refusal(429, Retry_After="600"))
    with faults.session(tmp_path, profile_for("openai-chat", server.url)) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert not outcome.kept
        assert "  The server asks to wait 10 minutes, until " in seen.notes.getvalue()
        assert not seen.slept


def test_a_connection_that_died_while_it_was_kept_is_replaced_without_a_word(server: Server, tmp_path: Path) -> None:
    """The first answer leaves the connection open; the next request on it meets a reset, and goes out again, once."""
    whole = json.dumps({"model": "m", "choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]})

    def keep_open(exchange: Exchange) -> None:
        exchange.send(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(whole)}\r\n\r\n")
        exchange.send(whole)

    server.answers(keep_open, Exchange.hang_up, keep_open, Exchange.hang_up, Exchange.hang_up)
    with faults.session(tmp_path, profile_for("openai-chat", server.url, retries=0)) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert outcome.kept
        outcome = turn.ask(seen.session, question("Again"))
        assert outcome.kept
        assert seen.notes.getvalue().count("again") == 0
        assert len(server.requests) == 3
        outcome = turn.ask(seen.session, question("And now?"))
        assert not outcome.kept
    assert len(server.requests) == 5, "a fresh connection that dies is not replaced in silence"


# Failover


def test_a_fallback_is_asked_and_noted(server: Server, tmp_path: Path) -> None:
    spoken = wire("anthropic")
    with serving() as second:
        server.answers(faults.refusal(401))
        second.answers(faults.answer(200, spoken.whole, spoken.kind))
        broken = Profile("broken", dialect="openai-chat", place=Url("http://name.invalid/v1"), model="m")
        backup = replace(profile_for("anthropic", second.url), name="backup")
        profile = profile_for("openai-chat", server.url, fallback=("broken", "backup"))
        with faults.session(tmp_path, profile, broken, backup) as seen:
            outcome = turn.ask(seen.session, question("Hi"))
            reply = outcome.message
    assert reply
    assert (reply.profile, reply.model) == ("backup", "claude-x")
    said = seen.notes.getvalue()
    assert "401 Unauthorized: no; asking broken instead" in said
    assert "cannot be found: Name or service not known; asking backup instead" in said
    assert '"profile":"backup"' in seen.journal


def test_who_is_down_is_passed_by_for_a_while_with_one_line(server: Server, tmp_path: Path) -> None:
    away = replace(profile_for("openai-chat", faults.closed_port(server)), name="away", fallback=("backup",))
    backup = replace(profile_for("openai-chat", server.url), name="backup", model="second")
    with faults.session(tmp_path, away, backup) as seen:
        now = [time.mktime((2026, 11, 21, 12, 3, 0, 0, 0, -1))]
        seen.session.connection.clock = lambda: now[0]

        def told(ask: Callable[[], object], tries: int) -> list[str]:
            """What was said, when the first one was asked so often."""
            before = len(seen.slept), len(seen.notes.getvalue())
            ask()
            assert len(seen.slept) - before[0] == max(tries - 1, 0)
            return [line for line in seen.notes.getvalue()[before[1] :].splitlines() if "asking" in line]

        once = partial(turn.ask, seen.session, question("Hi"))
        first, again, other = told(once, 3)
        assert re.fullmatch(r".*cannot be reached: .*; asking again in \d.\d s \(1 of 2\)", first)
        assert re.fullmatch(r"The same; asking again in \d.\d s \(2 of 2\)", again)
        assert other.endswith("asking backup instead")
        assert (seen.session.answering.name, seen.session.answering.model) == ("backup", "second")
        now[0] += DOWN - 1
        assert told(once, 0) == ["away is down since 12:03; asking backup instead"]
        now[0] += 1
        assert len(told(once, 3)) == 3
        assert len(told(once, 0)) == 1
        assert len(told(partial(commands.run, seen.session, "/retry"), 3)) == 3
        assert len(told(once, 0)) == 1
        commands.run(seen.session, "/profile away")
        assert len(told(once, 3)) == 3
        commands.run(seen.session, "/model other")
        assert seen.session.answering.model == "other"


def test_where_nobody_answers_everybody_is_asked_the_next_time(server: Server, tmp_path: Path) -> None:
    away = replace(profile_for("openai-chat", faults.closed_port(server)), name="away", fallback=("backup",), retries=0)
    with faults.session(tmp_path, away, replace(away, name="backup", fallback=())) as seen:
        for _ in range(2):
            outcome = turn.ask(seen.session, question("Hi"))
            assert not outcome.kept
    assert seen.notes.getvalue().count("cannot be reached") == 4
    assert "is down" not in seen.notes.getvalue()


def test_nothing_of_a_try_that_failed_is_taken_for_part_of_the_reply(server: Server, tmp_path: Path) -> None:
    spoken = wire("openai-chat")
    begun = spoken.frame({"model": "first", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 9}})
    server.answers(
        faults.stream(spoken.kind, begun, spoken.error), whole({"choices": [{"message": {"content": "Hi"}}]})
    )
    backup = replace(profile_for("openai-chat", server.url), name="backup", model="second")
    with faults.session(tmp_path, profile_for("openai-chat", server.url, fallback=("backup",)), backup) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        reply = outcome.message
    assert reply
    assert (reply.text, reply.model, reply.usage) == ("Hi", "second", None)


def test_the_last_error_is_told_when_every_fallback_failed(server: Server, tmp_path: Path) -> None:
    server.answers(faults.refusal(500), faults.refusal(404))
    backup = replace(profile_for("openai-chat", server.url), name="backup")
    keyless = replace(backup, name="keyless", key_env="NOWHERE_KEY")
    profile = profile_for("openai-chat", server.url, fallback=("keyless", "backup"), retries=0)
    with faults.session(tmp_path, profile, backup, keyless) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert not outcome.kept
    assert "NOWHERE_KEY is not set; asking backup instead" in seen.notes.getvalue()
    assert "✗ backup answered 404" in seen.notes.getvalue()
    assert outcome.question_back == "Hi"


def test_nobody_else_is_asked_after_the_first_word_or_for_a_request_that_is_wrong(
    server: Server, tmp_path: Path
) -> None:
    spoken = wire("openai-chat")
    server.answers(faults.stream(spoken.kind, spoken.begun), faults.refusal(400))
    backup = replace(profile_for("openai-chat", server.url), name="backup")
    with faults.session(tmp_path, profile_for("openai-chat", server.url, fallback=("backup",)), backup) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert outcome.kept
        outcome = turn.ask(seen.session, question("Hi"))
        assert not outcome.kept
    assert len(server.requests) == 2


def test_a_list_of_models_that_does_not_come_is_a_reason_to_ask_elsewhere(server: Server, tmp_path: Path) -> None:
    away = Profile("away", dialect="openai-chat", place=Url(faults.closed_port(server)), fallback=("backup",))
    backup = replace(profile_for("openai-chat", server.url), name="backup")
    with faults.session(tmp_path, away, backup) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        reply = outcome.message
    assert reply
    assert reply.profile == "backup"


NO_REQUESTS: dict[str, dict[str, Any]] = {
    "a host that is none": {"place": Url("http://a..b/v1")},
    "a host too long": {"place": Url(f"http://{'a' * 300}.example/v1")},
    "no scheme": {"place": Url("example.org/v1")},
    "another scheme": {"place": Url("ftp://example.org/v1")},
    "a broken address": {"place": Url("http://[::1")},
    "half a character": {"place": Url("http://\ud800.invalid/v1")},
    "a header of two lines": {"headers": {"x": "a\r\nb"}},
    "a header that is no ASCII": {"headers": {"x": "ä"}},
}


@pytest.mark.parametrize("value", [date(2024, 1, 1), math.inf, [math.nan], [1 << 20000]])
def test_an_option_that_json_has_not_is_a_line(server: Server, tmp_path: Path, value: object) -> None:
    with faults.session(tmp_path, profile_for("openai-chat", server.url, options={"stop": value})) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert not outcome.kept
        assert "The request for the profile 'test' cannot be written as JSON" in seen.notes.getvalue()
        assert outcome.question_back == "Hi"
    assert not server.requests


@pytest.mark.parametrize("limit", [math.inf, 1e300])
def test_a_time_limit_may_be_infinite(server: Server, tmp_path: Path, limit: float) -> None:
    with faults.session(tmp_path, profile_for("openai-chat", server.url, timeouts=Timeouts(*[limit] * 4))) as seen:
        seen.session.connection.client.ahead.open(seen.session.profile)
        outcome = turn.ask(seen.session, question("Hi"))
        assert outcome.kept
        assert not outcome.failure


@pytest.mark.parametrize("case", NO_REQUESTS)
def test_what_no_request_can_be_made_of_is_a_line(server: Server, tmp_path: Path, case: str) -> None:
    profile = replace(profile_for("openai-chat", server.url), **NO_REQUESTS[case])
    with faults.session(tmp_path, profile) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert not outcome.kept
        assert "No request can be made for the profile 'test'" in seen.notes.getvalue()
        assert outcome.question_back == "Hi"
        assert not seen.slept


def test_a_header_about_the_bytes_is_not_believed(server: Server, tmp_path: Path) -> None:
    profile = profile_for("openai-chat", server.url, headers={"Content-Length": "3", "Transfer-Encoding": "none"})
    with faults.session(tmp_path, profile) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert outcome.kept


# On the terminal


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty on Windows")
def test_a_wait_is_told_and_ctrl_c_ends_it(server: Server, home: Path) -> None:
    from tests.support.terminal import CTRL_C, chatrepl, environment

    server.answers(faults.refusal(429, "slow down", Retry_After="60"))
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Precious words")
        chat.wait_for(" 429 Too Many Requests (1 of 2) · asking again in 60 s · Ctrl-C gives up")
        chat.wait_for("asking again in 59 s · Ctrl-C gives up")
        assert chat.count("429") == 1
        chat.send(CTRL_C)
        chat.wait_for("Stopped before the first word")
        chat.wait_for_prompt("Precious words")
        chat.line("")
        chat.wait_for("Hello")
        assert len(server.requests) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty on Windows")
def test_silence_is_told_and_a_fallback_is_said_above_the_reply(server: Server, home: Path) -> None:
    from tests.support.terminal import chatrepl, environment

    home.mkdir()
    (home / "config.toml").write_text(
        f'default = "one"\n[profiles.one]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "m"\n'
        'fallback = ["two"]\ntimeouts = { first_byte = 0.3 }\n'
        f'[profiles.two]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "m2"\n'
        "timeouts = { first_byte = inf }\n"
    )
    release = threading.Event()
    server.answers(Exchange.wait_for_hang_up, held(release, say("From", " two")))
    with chatrepl(env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("sent nothing for 0.3 s; asking")
        chat.wait_for("waiting for the first word")  # of one, whose time is short, or of two, which has no end
        chat.until(lambda: re.search(r"m2 · \d+ s · waiting for the first word \d+ s ·", chat.text()), "two")
        release.set()
        chat.wait_for("From two")
        chat.wait_for_prompt()
        chat.wait_for("two · m2 · ")
        assert "two instead\n\nFrom two\n" in chat.text()
        assert server.requests[0].closed.wait(PATIENCE)
