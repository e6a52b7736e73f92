"""What is recorded can be replayed: the same words, the same failures, and no secret in any file."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatrepl.chat import turn
from chatrepl.client import recording, replaying
from chatrepl.client.choosing import recorded_profile
from chatrepl.client.exchange import Exchange as LastExchange
from chatrepl.client.replaying import ReplayTransport
from chatrepl.client.routes import Route
from chatrepl.config.config import Profile
from chatrepl.config.place import Replay, Url
from chatrepl.conversation import question
from chatrepl.dialects import DIALECTS
from chatrepl.errors import ConfigError
from chatrepl.text.redaction import Secrets
from tests.support import exchanges, faults
from tests.support.calls import calls
from tests.support.faults import KEY, wire
from tests.support.program import run
from tests.support.server import Exchange, Script, Server, say, whole


def profile_at(url: str, name: str = "openai-chat", **more: Any) -> Profile:
    return Profile("test", dialect=name, place=Url(url), model="m", key_env="THE_KEY", **more)


def one_turn(home: Path, profile: Profile, record: Path | None = None) -> tuple[str, str]:
    """What a turn left on the screen: the reply, and all else without its times."""
    with faults.session(home, profile, record=record) as seen:
        turn.ask(seen.session, question("Hi"))
        notes = re.sub(r"[0-9.]+ s\b|127.0.0.1:\d+", "", seen.notes.getvalue())
        return seen.out.getvalue(), notes


@pytest.mark.parametrize("name", DIALECTS)
def test_a_recording_is_a_capture_and_replays_to_the_same(server: Server, tmp_path: Path, name: str) -> None:
    spoken, folder = wire(name), tmp_path / "recording"
    server.answers(faults.answer(200, spoken.whole, spoken.kind))
    live = one_turn(tmp_path / "live", profile_at(server.url, name), folder)
    assert exchanges.load(folder / "0001.http").body == spoken.whole
    request = json.loads((folder / "0001.request").read_text("utf-8"))
    assert request["method"] == "POST"
    assert request["body"] == server.requests[0].body
    replayed = one_turn(tmp_path / "replay", recorded_profile(Replay(folder), ""))
    assert replayed[0] == live[0]
    assert len(server.requests) == 1


FAILURES: dict[str, Callable[[faults.Wire], Script]] = {
    "refused": lambda wire: faults.refusal(404, f"no such model for {KEY}"),
    "reset before the head": lambda wire: Exchange.hang_up,
    "reset in the stream": lambda wire: faults.stream(wire.kind, wire.begun, last=Exchange.hang_up),
    "end in the stream": lambda wire: faults.stream(wire.kind, wire.begun),
    "no HTTP": lambda wire: faults.babble,
    "gzip that nobody asked for": lambda wire: faults.answer(200, wire.whole, wire.kind, Content_Encoding="gzip"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_replays_to_the_same_failure(server: Server, tmp_path: Path, case: str) -> None:
    folder = tmp_path / "recording"
    server.answers(FAILURES[case](wire("openai-chat")))
    live = one_turn(tmp_path / "live", profile_at(server.url, retries=0), folder)
    profile = replace(recorded_profile(Replay(folder), ""), name="test", retries=0)
    replayed = one_turn(tmp_path / "replay", profile)
    assert replayed[0] == live[0]
    told, again = live[1].splitlines()[0], replayed[1].splitlines()[0]
    assert again.replace("https://replay.invalid", "http://") == told


def test_no_secret_is_in_any_file_and_nobody_else_can_read_them(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    echo = {"choices": [{"message": {"content": f"You sent {KEY} and other-secret-98765"}}]}
    server.answers(whole(echo, Set_Cookie="session=tasty-secret-1234", x_echo=KEY))
    headers = {"X-Team-Token": "other-secret-98765", "X-Plain": "shown"}
    url = server.url.replace("http://", "http://me:pass-word-12345@") + "?api_key=query-secret-777&mode=fast"
    one_turn(tmp_path / "live", profile_at(url, headers=headers), folder)
    assert server.requests[0].headers["x-team-token"] == "other-secret-98765"
    written = "".join(path.read_text("utf-8") for path in folder.iterdir())
    for secret in (KEY, "other-secret-98765", "tasty-secret", "pass-word-12345", "query-secret-777"):
        assert secret not in written
    assert "shown" in written
    assert "mode=fast" in written
    if os.name == "posix":
        assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.iterdir()))


PIECES: dict[str, Callable[[str], object]] = {
    "openai-chat": lambda text: {"choices": [{"index": 0, "delta": {"content": text}}]},
    "anthropic": lambda text: {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": text},
    },
    "ollama": lambda text: {"message": {"content": text}, "done": False},
    "gemini": lambda text: {"candidates": [{"content": {"parts": [{"text": text}]}}]},
}


@pytest.mark.parametrize("name", PIECES)
def test_an_echoed_key_in_pieces_is_whole_nowhere(server: Server, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "recording"
    spoken = wire(name)
    pieces = [KEY[at : at + 3] for at in range(0, len(KEY), 3)]
    frames = [spoken.frame(PIECES[name](piece)) for piece in ["It is ", *pieces, " indeed."]]
    server.answers(faults.stream(spoken.kind, b"".join(frames)))
    live = one_turn(tmp_path / "live", profile_at(server.url, name), folder)
    replayed = one_turn(tmp_path / "replay", recorded_profile(Replay(folder), ""))
    for said in (live[0], replayed[0]):
        assert "It is (hidden) indeed." in said
    (recorded,) = (path.read_text() for path in folder.glob("*.http"))
    assert not any(f'"{piece}"' in recorded for piece in pieces)


def test_no_secret_is_in_the_head_of_a_recording(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "recording"

    def echo(exchange: Exchange) -> None:
        exchange.head_lines([f"HTTP/1.1 401 No {KEY}".encode(), f"X-{KEY}: 1".encode()])

    server.answers(echo)
    one_turn(tmp_path / "live", profile_at(server.url, retries=0), folder)
    (recorded,) = (path.read_text() for path in folder.glob("*.http"))
    assert KEY.lower() not in recorded.lower()


def test_a_long_answer_is_recorded_up_to_a_bound(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST", 2_000)
    folder = tmp_path / "recording"
    server.answers(say(*["word "] * 500))
    one_turn(tmp_path / "live", profile_at(server.url), folder)
    assert (folder / "0001.http").stat().st_size < 3_000
    replayed = one_turn(tmp_path / "replay", recorded_profile(Replay(folder), ""))
    assert "word word" in replayed[0]


def test_pieces_of_a_recording_cost_what_they_hold(tmp_path: Path) -> None:
    body, sizes = b"x" * 2_000_000, [(0.0, 4)] * 500_000
    began = time.process_time()
    assert b"".join(piece for _, piece in replaying._pieces(body, sizes, None)) == body
    assert time.process_time() - began < 2


def test_no_pause_of_a_recording_is_believed_for_ever() -> None:
    slept: list[float] = []
    list(replaying._Replayed(iter([(999_999.0, b"x")]), slept.append))
    assert slept == [replaying.PAUSE]


@pytest.mark.skipif(os.name != "posix", reason="there are no such pipes on Windows")
@pytest.mark.parametrize("suffix", ["http", "times", "request"])
def test_a_pipe_in_a_recording_is_not_waited_for(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "0001.http").write_text("HTTP/1.1 200 OK\n\n{}")
    (tmp_path / f"0001.{suffix}").unlink(missing_ok=True)
    os.mkfifo(tmp_path / f"0001.{suffix}")
    profile = recorded_profile(Replay(tmp_path), "openai-chat")
    with faults.session(tmp_path / "home", profile) as seen:
        assert turn.ask(seen.session, question("Hi")).failure


def test_recordings_are_added_to_a_folder_and_never_replaced(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    for _ in range(3):
        one_turn(tmp_path / "live", profile_at(server.url), folder)
    assert sorted(path.name for path in folder.glob("*.http")) == ["0001.http", "0002.http", "0003.http"]


def test_a_recording_that_is_over_is_a_line(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    one_turn(tmp_path / "live", profile_at(server.url), folder)
    with faults.session(tmp_path / "r", recorded_profile(Replay(folder), "")) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert outcome.kept
        outcome = turn.ask(seen.session, question("More"))
        assert not outcome.kept
        assert "holds no further answer to a POST" in seen.notes.getvalue()
        assert not seen.slept


def test_captures_of_the_tests_replay_too(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    (folder / "one.http").write_bytes((exchanges.CAPTURES / "anthropic" / "reference-stream.http").read_bytes())
    profile = Profile("test", dialect="anthropic", place=Replay(folder), key_env="NOT_SET")
    with faults.session(tmp_path / "home", profile) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        reply = outcome.message
    assert reply
    assert reply.model == "claude-x"


def test_the_pace_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "1.http").write_text("HTTP/1.1 200 OK\nContent-Type: text/plain\n\nabcdef")
    (tmp_path / "1.times").write_text(json.dumps({"pieces": [[1.5, 2], [4.0, 4]], "broke": ""}))
    slept: list[float] = []
    for paced, waits in ((False, []), (True, [1.5, 2.5, 0.0])):
        import httpx

        slept.clear()
        with httpx.Client(transport=ReplayTransport(Replay(tmp_path, paced), slept.append)) as http:
            assert http.post("https://replay.invalid/").text == "abcdef"
        assert slept == waits


def test_a_folder_without_a_recording_is_a_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no recording"):
        ReplayTransport(Replay(tmp_path))


def test_a_folder_that_cannot_be_written_is_a_line_and_the_question_is_back(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with faults.session(tmp_path, profile_at(server.url), record=tmp_path / "file") as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert not outcome.kept
        assert "Nothing can be recorded in" in seen.notes.getvalue()
        assert outcome.question_back == "Hi"


def test_a_folder_that_vanishes_during_a_reply_takes_nothing_of_it(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "recording"

    def vanish(exchange: Exchange) -> None:
        shutil.rmtree(folder)
        folder.write_text("a file now")
        if len(server.requests) == 1:
            say("Hello")(exchange)
        else:
            exchange.hang_up()

    server.answers(vanish, vanish)
    profile = profile_at(server.url, retries=0)
    with faults.session(tmp_path, profile, record=folder) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        reply = outcome.message
        folder.unlink()
        outcome = turn.ask(seen.session, question("And now?"))
        assert not outcome.kept
        assert seen.notes.getvalue().count(f"The answer cannot be recorded in {folder}") == 1
        assert len(seen.session.conversation.turns) == 1
    assert reply
    assert (reply.text, reply.ending) == ("Hello", "stop")


NO_RECORDINGS: dict[str, dict[str, bytes]] = {
    "an empty answer": {"1.http": b"\n"},
    "a status in words": {"1.http": b"HTTP/1.1 fine\n\n"},
    "times in a list": {"1.http": b"HTTP/1.1 200 OK\n\n", "1.times": b"[]"},
    "times that are none": {"1.http": b"HTTP/1.1 200 OK\n\n", "1.times": b'{"pieces": [["a", 1]]}'},
    "pieces that are none": {"1.http": b"HTTP/1.1 200 OK\n\n", "1.times": b'{"pieces": 5}'},
    "a time without end": {"1.http": b"HTTP/1.1 200 OK\n\n", "1.times": b'{"pieces": [[Infinity, 1]]}'},
    "a number for an error": {"1.http": b"HTTP/1.1 200 OK\n\n", "1.times": b'{"broke": 5}'},
    "no JSON": {"1.http": b"HTTP/1.1 200 OK\n\n", "1.times": b"{"},
    "a folder": {"1.http/x": b""},
}


@pytest.mark.parametrize("case", NO_RECORDINGS)
def test_what_is_no_recording_is_a_line_and_the_question_is_back(tmp_path: Path, case: str) -> None:
    folder = tmp_path / "recording"
    for name, data in NO_RECORDINGS[case].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    with faults.session(tmp_path / "home", recorded_profile(Replay(folder, paced=True), "")) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert not outcome.kept
        assert f"{folder / '1.http'} is no recording" in seen.notes.getvalue()
        assert outcome.question_back == "Hi"


def test_a_recording_may_hold_any_header_and_line_end(tmp_path: Path) -> None:
    body = b'data: {"choices":[{"delta":{"content":"Hi"}}]}\r\n\r\ndata: [DONE]\r\n\r\n'
    for name, end in (("1", b"\n"), ("2", b"\r\n")):
        head = [b"HTTP/1.1 200 OK", b"x-name: J\xc3\xbcrgen\x85", b"x-\xff: \xff", b"content-type: text/event-stream"]
        (tmp_path / f"{name}.http").write_bytes(end.join([*head, b"", body]))
    (tmp_path / "1.request").write_text("[" * 100_000)
    with httpx.Client(transport=ReplayTransport(Replay(tmp_path))) as http:
        for _ in range(2):
            answer = http.post("https://replay.invalid/")
            assert (answer.content, answer.headers["content-type"]) == (body, "text/event-stream")


def test_the_program_records_and_replays(server: Server, home: Path, tmp_path: Path) -> None:
    folder = str(tmp_path / "recording")
    live = run("--record", folder, "Hi", home=home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY)
    replayed = run("--replay", folder, "--paced", "Hi", home=home)
    assert live.stdout == replayed.stdout == b"Hello\n"
    assert (replayed.returncode, replayed.stderr) == (0, b"")


# The last exchange


def last(seen: faults.Seen, words: str = "") -> str:
    from chatrepl.chat import commands

    before = len(seen.notes.getvalue())
    commands.run(seen.session, f"/last {words}".strip())
    return seen.notes.getvalue()[before:]


def test_the_last_exchange_is_shown_without_its_key(server: Server, tmp_path: Path) -> None:
    server.answers(whole({"error": {"message": f"bad key {KEY}"}}, 401, x_request_id="req-1", x_echo=KEY))
    with faults.session(tmp_path, profile_at(server.url, headers={"X-Team-Token": "other-secret-98765"})) as seen:
        turn.ask(seen.session, question("Hi"))
        shown = last(seen)
        curl = last(seen, "--curl")
    assert f"POST {server.url}/chat/completions" in shown
    assert "authorization: Bearer (hidden)" in shown
    assert "401 · test answered 401 Unauthorized: bad key (hidden)" in shown
    assert "request req-1" in shown
    assert '-H "authorization: Bearer $THE_KEY"' in curl
    assert '-H "x-team-token: $X_TEAM_TOKEN"' in curl
    for secret in (KEY, "other-secret-98765"):
        assert secret not in shown + curl


@pytest.mark.skipif(not Path("/usr/bin/curl").exists(), reason="curl is not here")
def test_the_curl_command_asks_the_same(server: Server, tmp_path: Path) -> None:
    hard = 'it\'s $HOME `id` "quoted" \\ \n ü \U0001f600'
    with faults.session(tmp_path, profile_at(server.url)) as seen:
        turn.ask(seen.session, question(hard))
        command = last(seen, "--curl")
    done = subprocess.run(
        ["/bin/sh", "-c", command], env={"PATH": os.environ["PATH"], "THE_KEY": KEY}, capture_output=True, check=True
    )
    assert b"Hello" in done.stdout
    first, second = server.requests
    assert second.body == first.body
    assert second.headers["authorization"] == first.headers["authorization"] == f"Bearer {KEY}"


def test_a_question_is_searched_for_secrets_when_somebody_looks(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = calls(monkeypatch, Secrets, "hide")
    profile = replace(profile_at(server.url), options={"note": f"much of it {KEY}"})
    with faults.session(tmp_path, profile) as seen:
        turn.ask(seen.session, question("Hi"))
        assert not any("much of it" in text for _, text in searched), "it may be large"
        assert '"note": "much of it (hidden)"' in last(seen, "--curl")


def test_the_last_question_is_shown_with_its_answer_whatever_else_was_asked_since(
    server: Server, tmp_path: Path
) -> None:
    server.answers(say("Fine", " indeed"))
    with faults.session(tmp_path, profile_at(server.url)) as seen:
        turn.ask(seen.session, question("How are you?"))
        seen.session.offered()
        shown = last(seen, "--raw")
    assert f"POST {server.url}/chat/completions" in shown
    assert '"content": "How are you?"' in shown
    assert '"content": " indeed"' in shown
    assert "data: [DONE]" in shown


def test_of_long_bodies_the_ends_are_shown_and_nothing_of_the_key_at_a_cut(server: Server, tmp_path: Path) -> None:
    server.answers(say(*[KEY] * 2_000, "the end"))
    with faults.session(tmp_path, profile_at(server.url)) as seen:
        turn.ask(seen.session, question(f"first {'x' * 100_000} last"))
        shown = last(seen, "--raw")
    assert len(shown) < 8_000
    for end in ('"content": "first x', 'x last"', "characters left out", "bytes, which end with", "the end", "[DONE]"):
        assert end in shown
    assert not any(KEY[at : at + 8] in shown for at in range(len(KEY) - 8))


@pytest.mark.parametrize("step", [1, 100, 10**6])
def test_the_end_of_an_answer_holds_no_piece_of_a_secret(step: int) -> None:
    exchange = LastExchange("POST", "", {}, b"", Secrets(), Route(), "", 0.0)
    key = "".join(f"{number:03}" for number in range(100))
    exchange.secrets.add(key)
    body = key.encode() * 1_000 + b"."
    for at in range(0, len(body), step):
        exchange.came(body[at : at + step], 1.0)
    assert exchange.received == len(body)
    assert re.fullmatch(r"[(hiden)]*\.?", exchange.answer_end), "it may begin within the word that hides"


def test_the_variable_of_a_key_that_is_in_no_environment_is_called_like_one(server: Server, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    with faults.session(tmp_path, replace(profile_at(server.url), key_env="", key_file=str(tmp_path / "key"))) as seen:
        turn.ask(seen.session, question("Hi"))
        assert "Bearer $API_KEY" in last(seen, "--curl")


def test_nothing_is_last_before_anything_was_asked(tmp_path: Path) -> None:
    from chatrepl.errors import CommandError

    with (
        faults.session(tmp_path, profile_at("http://127.0.0.1:1")) as seen,
        pytest.raises(CommandError, match="Nothing"),
    ):
        last(seen)
