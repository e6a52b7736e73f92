"""Answers made to fill memory or time: each is one line, and what came of a reply is kept."""

import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.measuring import MB, measured
from tests.support.program import run
from tests.support.server import Exchange, Script, Server, chunk, say, whole

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="what a process used is told otherwise there")

MEMORY = 400
"""The most that the program may take, in MB."""
TIME = 2.0
"""The most time of a processor, in seconds, that an answer may cost beside the start of the program."""


def bomb() -> Iterator[bytes]:
    """Hundreds of megabytes in one."""
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    for _ in range(400):
        yield packed.compress(bytes(MB))
    yield packed.flush()


def of(
    data: Callable[[], Iterator[bytes]], kind: str = "text/event-stream", status: int = 200, **headers: str
) -> Script:
    """A script that sends these pieces until nobody wants more."""

    def script(exchange: Exchange) -> None:
        exchange.head(status, kind, **headers)
        for piece in data():
            if exchange.received.closed.is_set():
                return
            exchange.send(piece)

    return script


def times(piece: bytes, count: int) -> Callable[[], Iterator[bytes]]:
    return lambda: (piece for _ in range(count))


HOSTILE: dict[str, tuple[Script, str]] = {
    "a bomb": (of(bomb, Content_Encoding="gzip"), "compressed (gzip)"),
    "nested encodings": (of(bomb, Content_Encoding="gzip, gzip, gzip"), "compressed (gzip, gzip, gzip)"),
    "an encoding that is unknown": (of(bomb, Content_Encoding="br"), "compressed (br)"),
    "empty values": (of(times(b"{}," * MB, 10), "application/json"), "not JSON"),
    "numbers": (of(lambda: iter([b"[", *[b"1.5," * MB] * 7, b"1]"]), "application/json"), "not JSON"),
    "brackets": (of(times(b"[" * MB, 31), "application/json"), "not JSON"),
    "lines that say nothing": (of(times(b"data:\n" * 170_000, 64)), "more than 32 MiB"),
    "lines that are no field": (of(times(b"x\n" * 500_000, 64)), "more than 32 MiB"),
    "a page of headings": (of(times(b"<h1>" * 250_000, 64), "text/html", 404), "404 Not Found"),
    "a page of titles": (
        of(lambda: iter([b"<html>", *[b"<title " * 150_000] * 64]), "text/html", 404),
        "404 Not Found",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_body_is_a_line_and_costs_little(server: Server, home: Path, case: str) -> None:
    script, told = HOSTILE[case]
    server.answers(script)
    done = measured(home, "--base-url", server.url, "-m", "m", "Hi")
    assert (done.status, done.out) == (1, b"")
    assert told in done.errors
    assert "Traceback" not in done.errors
    assert done.megabytes < MEMORY
    assert done.seconds < TIME


@pytest.mark.parametrize("words", [[], ["--record"], ["--json"]], ids=["kept", "recorded", "as JSON"])
def test_a_reply_without_end_is_kept_as_far_as_it_came(server: Server, home: Path, words: list[str]) -> None:
    server.answers(of(times(chunk("lorem ipsum dolor sit amet\n" * 2_000).encode(), 1_600)))
    words = [*words, str(home / "recorded")] if words == ["--record"] else words
    done = measured(home, "--base-url", server.url, "-m", "m", *words, "Hi")
    assert "The reply is longer than 64 MiB; it is kept up to there" in done.errors
    assert ("Only the first 16 MiB of the answer are recorded" in done.errors) is ("--record" in words)
    assert 60 * MB < len(done.out) < 70 * MB
    assert done.megabytes < MEMORY
    (path,) = (home / "sessions").glob("*.jsonl")
    assert path.read_bytes().endswith(b"}\n")


def test_a_list_of_models_is_not_unpacked_either(server: Server, home: Path) -> None:
    server.listing = of(bomb, Content_Encoding="gzip, gzip")
    done = measured(home, "--base-url", server.url, "--list-models")
    assert "compressed (gzip, gzip)" in done.errors
    assert done.megabytes < MEMORY


def test_no_cookie_comes_back(server: Server, home: Path) -> None:
    server.listing = whole({"data": [{"id": "m"}]}, Set_Cookie="session=abc; Path=/")
    server.answers(say("Hello"))
    assert run("--base-url", server.url, "Hi", home=home).stdout == b"Hello\n"
    assert server.requests[0].body["model"] == "m"
    assert not any("cookie" in request.headers for request in server.requests)


def test_a_key_that_is_a_word_hides_it_and_that_is_said_once(server: Server, home: Path) -> None:
    server.answers(say("Please changeme."))
    done = run("Hi", home=home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY="changeme")
    assert b"Please (hidden)." in done.stdout
    assert done.stderr.count(b"(hidden) stands where a reply repeats your key") == 1


def test_what_shows_nothing_is_escaped_in_json(server: Server, home: Path) -> None:
    server.answers(say("a\U000e0061b"))
    done = run("--base-url", server.url, "-m", "m", "--json", "Hi", home=home)
    assert b'"a\\udb40\\udc61b"' in done.stdout
