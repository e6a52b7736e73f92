"""Manners of the wire that only a real connection shows: what is held open, what speaks another protocol, addresses."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from chatrepl import dialects
from chatrepl.chat import turn
from chatrepl.client.retrying import retry_delay
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Conversation, question
from chatrepl.errors import Refused
from chatrepl.text import urls
from chatrepl.text.redaction import Secrets, is_secret
from tests.support import faults
from tests.support.faults import KEY, endless
from tests.support.server import Exchange, Server, chunk, then, whole

END = chunk(finish="stop")


def profile_at(url: str, dialect: str = "openai-chat") -> Profile:
    return Profile("test", dialect=dialect, place=Url(url), model="m")


@pytest.mark.parametrize(
    "last",
    [
        Exchange.wait_for_hang_up,
        endless(b": keep-alive\n\n"),
        endless(b'data: {"choices": []}\n\n'),
    ],
    ids=["silent", "with comments", "with chunks"],
)
def test_a_stream_that_is_held_open_after_its_end_does_not_hold_the_prompt(
    server: Server, tmp_path: Path, last: object
) -> None:
    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(chunk("Hello") + END)
        last(exchange)  # type: ignore[operator]

    server.answers(script)
    began = time.monotonic()
    with faults.session(tmp_path, profile_at(server.url)) as seen:
        outcome = turn.ask(seen.session, question("Hi"))
        assert time.monotonic() - began < 2
        assert outcome.reply.text == "Hello"
        assert outcome.ending == "stop"


def test_what_comes_soon_after_the_end_is_read(server: Server, tmp_path: Path) -> None:
    def late(exchange: Exchange) -> None:
        exchange.send(END)
        exchange.received.closed.wait(0.2)
        exchange.send(chunk(usage={"prompt_tokens": 3, "completion_tokens": 4}) + "data: [DONE]\n\n")

    server.answers(then(["Hello"], late))
    with faults.session(tmp_path, profile_at(server.url)) as seen:
        usage = turn.ask(seen.session, question("Hi")).reply.usage
        assert usage
        assert (usage.input, usage.output) == (3, 4)


@pytest.mark.parametrize("end", ["", "#", "#top", "?x=1#/a"])
def test_a_fragment_in_a_base_url_is_kept_out_of_the_way(server: Server, end: str) -> None:
    asked = Conversation().asking(question("Hi"))
    for dialect in ("openai-chat", "anthropic", "ollama", "gemini", "scale-egp", "azure-inference"):
        url = dialects.request(profile_at(server.url + end, dialect), asked, "", stream=True).url
        assert "#" not in url
        assert ("x=1" in url) == ("x=1" in end)


def test_where_a_server_listens_everywhere_it_is_reached_here(server: Server, tmp_path: Path) -> None:
    url = server.url.replace("127.0.0.1", "0.0.0.0")
    assert urls.is_loopback(url)
    assert urls.is_loopback("http://[::]:8080/v1")
    assert urls.reachable("http://0.0.0.0.example.org/") == "http://0.0.0.0.example.org/"
    assert urls.reachable("http://u:p@[::]:80/x") == "http://u:p@[::1]:80/x"
    with faults.session(tmp_path, profile_at(url)) as seen:
        assert turn.ask(seen.session, question("Hi")).reply.text == "Hello"
    assert server.received().headers["host"].startswith("127.0.0.1")


@pytest.mark.parametrize(("dialect", "would"), [("ollama", "openai-chat"), ("anthropic", "openai-chat")])
def test_a_server_of_this_machine_that_speaks_another_protocol_is_told(
    server: Server, tmp_path: Path, dialect: str, would: str
) -> None:
    server.answers(whole({"error": {"message": "File Not Found"}}, status=404))
    with faults.session(tmp_path, profile_at(server.url, dialect)) as seen:
        turn.ask(seen.session, question("Hi"))
        assert f"speaks the dialect {would}" in seen.notes.getvalue()


def test_a_missing_model_is_no_other_protocol(server: Server, tmp_path: Path) -> None:
    server.answers(whole({"error": "model 'm' not found"}, status=404))
    with faults.session(tmp_path, profile_at(server.url, "ollama")) as seen:
        turn.ask(seen.session, question("Hi"))
        assert "speaks the dialect" not in seen.notes.getvalue()


def test_a_server_without_a_list_of_models_is_told_as_that(server: Server, tmp_path: Path) -> None:
    server.listing = whole({"detail": "Not Found"}, status=404)
    with faults.session(tmp_path, replace(profile_at(server.url), model="")) as seen:
        turn.ask(seen.session, question("Hi"))
        assert "no list of models" in seen.notes.getvalue()


# Waits in words


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("said", "headers", "seconds"),
    [
        ("Please retry after 2 seconds.", {}, 2),
        ("Slow down: wait 1.5 sec", {}, 1.5),
        ("Try again in 1m2s", {}, 62),
        ("Try again in 1 minute and 5 seconds", {}, 65),
        ("Please wait 3 secs before trying again", {}, 3),
        ("Allow 4 seconds before the next request", {}, 4),
        ("Retry in 250 milliseconds", {}, 0.25),
        ("no", {"x-ratelimit-reset-requests": "20ms"}, 0.02),
        ("no", {"x-rate-limit-reset-tokens": "1m0s"}, 60),
        ("no", {"x-ratelimit-reset": str(int(NOW) + 7)}, 7),
        ("no", {"x-ratelimit-reset": str((int(NOW) + 7) * 1000)}, 7),
        ("no", {"anthropic-ratelimit-tokens-reset": "2027-01-15T08:00:09Z"}, 9),
        ("no", {"x-ratelimit-reset-requests": "1", "x-ratelimit-reset-tokens": "9"}, 1),
        (
            "no",
            {
                "x-ratelimit-reset-requests": "1",
                "x-ratelimit-reset-tokens": "9",
                "x-ratelimit-remaining-tokens": "0",
            },
            9,
        ),
        ("You used 60 requests in 1 minute. Try again later", {}, 0.5),
    ],
)
def test_a_wait_is_read_in_words_and_in_headers(said: str, headers: dict[str, str], seconds: float) -> None:
    error = Refused(said, status=429, headers=headers)
    assert retry_delay(error, 0, lambda: 0.0, NOW) == pytest.approx(seconds)


# Harmless headers


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("x-portkey-provider", "openai", False),
        ("x-portkey-custom-host", "http://127.0.0.1:8000/v1", False),
        ("Author", "somebody", False),
        ("x-assigned-team", "research", False),
        ("x-monkey", "business", False),
        ("x-authority", "example.org", False),
        ("x-max-tokens", "4096000000", False),
        ("x-passenger", "unlikely-words", False),
        ("x-design", "brutalist", False),
        ("x-encoder", "something", False),
        ("x-api-key", "abcdefgh", True),
        ("X-Goog-Api-Key", "abcdefgh", True),
        ("apikey", "abcdefgh", True),
        ("x-apikey", "abcdefgh", True),
        ("xApiKey", "abcdefgh", True),
        ("X_AUTH_TOKEN", "abcdefgh", True),
        ("x-access-token", "abcdefgh", True),
        ("accessToken", "abcdefgh", True),
        ("Proxy-Authorization", "Basic abcdefgh", True),
        ("Set-Cookie", "a=b", True),
        ("X-Amz-Signature", "abcdefgh", True),
        ("x-team", "sk-abcdefghijklmnopqrstuvwx1", True),
        ("x-upstream", "Bearer abcdefgh12345678", True),
        ("x-forward", "Zm9vYmFyYmF6cXV4MTIzNDU2", True),
        ("x-api-key", "none", False),
    ],
)
def test_whole_words_and_the_value_tell_whether_a_header_is_secret(name: str, value: str, secret: bool) -> None:
    assert is_secret(name, value) is secret


def test_a_harmless_header_hides_nothing() -> None:
    secrets = Secrets()
    secrets.add_headers({"x-portkey-provider": "provider-name", "authorization": f"Bearer {KEY}"})
    assert secrets.hide(f"provider-name says {KEY}") == "provider-name says (hidden)"
