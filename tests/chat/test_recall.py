"""A session's file that names another server: nothing goes there before somebody agreed."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatrepl.text import urls
from tests.support.program import run
from tests.support.server import Server
from tests.support.terminal import CTRL_D, chatrepl, environment

KNOWN = '[profiles.work]\ndialect = "openai-chat"\nbase_url = "{}"\nmodel = "m"\n'


def session_of(home: Path, url: str, profile: str, name: str = "20260101-000000-aaaa") -> None:
    """A session as somebody else wrote it, who wants to hear how it goes on."""
    marks = {"profile": profile, "dialect": "openai-chat", "base_url": url, "model": "m"}
    lines: Sequence[object] = [
        {"chatrepl": 2, "id": "x", "at": "2026-01-01T00:00:00+00:00"},
        *({"mark": kind, "text": text} for kind, text in marks.items()),
        {"message": {"role": "user", "parts": [{"kind": "text", "text": "hello"}]}},
        {"message": {"role": "assistant", "parts": [{"kind": "text", "text": "hi"}], "ending": "stop"}},
    ]
    (home / "sessions").mkdir(parents=True)
    path = home / "sessions" / f"{name}.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


@pytest.mark.parametrize("profile", ["local", "work", "gone"])
@pytest.mark.parametrize("words", [["-c"], ["-r", "hello"], ["-c", "--json"], ["-c", "--ephemeral"]])
def test_one_answer_goes_nowhere_that_only_the_session_names(
    server: Server, home: Path, profile: str, words: list[str]
) -> None:
    session_of(home, server.url, profile)
    (home / "config.toml").write_text(KNOWN.format("http://127.0.0.1:9/v1"))
    done = run(*words, "Hi", home=home)
    assert (done.returncode, done.stdout, server.requests) == (2, b"", [])
    assert f"names the server {server.url}".encode() in done.stderr
    assert not run("-c", "--list-models", home=home).stdout
    assert not server.requests


@pytest.mark.parametrize("flag", [["--yes"], ["--base-url", "{url}", "-m", "m"]])
def test_a_flag_sends_it_there(server: Server, home: Path, flag: list[str]) -> None:
    session_of(home, server.url, "local")
    done = run("-c", *(word.format(url=server.url) for word in flag), "Hi", home=home)
    assert (done.returncode, done.stdout) == (0, b"Hello\n"), done.stderr
    assert run("-c", "More", home=home).stdout == b"Hello\n", "what was agreed to is known"


@pytest.mark.parametrize("agrees", [True, False])
@pytest.mark.parametrize("live", [True, False])
def test_a_chat_asks_and_names_who_answers_by_the_address(server: Server, home: Path, agrees: bool, live: bool) -> None:
    session_of(home, server.url, "work")
    (home / "config.toml").write_text(KNOWN.format("http://127.0.0.1:9/v1"))
    with chatrepl("-c", *([] if live else ["--plain"]), env=environment(home)) as chat:
        chat.wait_for(f"names the server {server.url}, which is not the address of the profile 'work'")
        chat.wait_for("[y/N]")
        assert not server.requests
        chat.line("y" if agrees else "n")
        chat.wait_for_prompt()
        if not agrees:
            chat.wait_for("It goes on with work.")
            chat.send(CTRL_D)
            chat.end()
            assert not server.requests
            return
        place = f"work at {server.url.removesuffix('/v1')}"
        assert place in chat.text()
        chat.line("Hi")
        chat.wait_for("Hello")
        if live:
            chat.wait_for(f"{place} · m")
        chat.send(CTRL_D)
        chat.end()
    assert len(server.requests) == 1


def test_resuming_asks_too(server: Server, home: Path) -> None:
    session_of(home, server.url, "local")
    (home / "config.toml").write_text('default = "work"\n' + KNOWN.format("http://127.0.0.1:9/v1"))
    with chatrepl(env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("/resume hello")
        chat.wait_for(f"names the server {server.url}")
        chat.wait_for("[y/N]")
        chat.line("")
        chat.wait_for('"hello" goes on, with work.')
        chat.send(CTRL_D)
        chat.end()
    assert not server.requests


def test_a_host_that_looks_like_another_is_shown_as_the_network_knows_it() -> None:
    assert urls.plain("https://аpple.com/v1") == "https://xn--pple-43d.com/v1"
    assert urls.plain("https://api.openai.com@evil.example/v1") == "https://evil.example/v1"
