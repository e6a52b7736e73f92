"""Connections that are opened while somebody types, and those that are kept between two turns."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatrepl.client import Client
from chatrepl.client.client import LINGER
from chatrepl.config.config import Profile, Timeouts
from chatrepl.config.place import Url
from chatrepl.conversation import Conversation, question
from chatrepl.events import Finished, Text
from tests.support.server import END, PATIENCE, Exchange, Server, chunk, say, serving
from tests.support.tls import AUTHORITY, secured

ASKING = Conversation().asking(question("Hi"))


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client({})
    yield client
    client.close()


def profile_at(url: str, **more: Any) -> Profile:
    return Profile("test", dialect="openai-chat", place=Url(url), model="m", **more)


def text(client: Client, profile: Profile) -> str:
    """The reply of one turn."""
    return "".join(event.text for event in client.ask(profile, ASKING, "") if isinstance(event, Text))


def until(met: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def spare(client: Client) -> Any:
    """The connection that stands open, None for none."""
    ((_, transport),) = client._open.values()
    assert transport
    spare = transport._network.spare._there
    return spare and spare.stream


def test_a_question_takes_the_connection_that_stands_open(server: Server, client: Client) -> None:
    client.ahead.open(profile_at(server.url))
    until(lambda: server.accepted)
    assert text(client, profile_at(server.url)) == "Hello"
    assert len(server.accepted) == 1
    assert spare(client) is None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_so_it_is_with_tls(server: Server, client: Client, version: ssl.TLSVersion) -> None:
    with secured(server, "server") as url:
        assert server.tls
        server.tls.minimum_version = server.tls.maximum_version = version
        client.ahead.open(profile_at(url, ca_file=AUTHORITY))
        if version == ssl.TLSVersion.TLSv1_3:  # its server sends tickets, unasked
            until(lambda: spare(client).get_extra_info("is_readable"))
        assert text(client, profile_at(url, ca_file=AUTHORITY)) == "Hello"
    assert len(server.accepted) == 1


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_one_that_the_server_has_closed_meanwhile_loses_nothing(server: Server, client: Client, secure: bool) -> None:
    with secured(server, "server") as url:
        if not secure:
            url, server.tls = server.url, None
        profile = profile_at(url, ca_file=AUTHORITY if secure else "")
        client.ahead.open(profile)
        until(lambda: server.accepted)
        server.accepted[0].shutdown(socket.SHUT_RDWR)
        until(lambda: spare(client).get_extra_info("is_readable"))
        assert text(client, profile) == "Hello"
    assert len(server.accepted) == 2
    assert len(server.requests) == 1


def test_one_that_dies_of_the_question_is_replaced_once(server: Server, client: Client) -> None:
    server.answers(Exchange.hang_up)
    client.ahead.open(profile_at(server.url))
    assert text(client, profile_at(server.url)) == "Hello"
    assert len(server.requests) == 2


def test_one_to_another_server_is_not_used_and_closed(server: Server, client: Client) -> None:
    with serving() as other:
        client.ahead.open(profile_at(other.url))
        until(lambda: other.accepted)
        assert text(client, profile_at(server.url)) == "Hello"
        assert spare(client) is None
        assert not other.requests
    assert len(server.accepted) == 1


def test_one_that_stood_open_too_long_is_not_used(server: Server, client: Client) -> None:
    client.ahead.open(profile_at(server.url))
    until(lambda: server.accepted)
    client._clocks.now = lambda: time.monotonic() + 3600
    assert text(client, profile_at(server.url)) == "Hello"
    assert len(server.accepted) == 2


def test_what_goes_wrong_ahead_is_told_by_the_question_alone(server: Server, client: Client) -> None:
    for profile in (profile_at("http://[::1"), profile_at("nonsense"), profile_at("https://a", ca_file="nowhere.pem")):
        client.ahead.open(profile)
    client.ahead.open(profile_at(server.url.replace("http:", "https:"), timeouts=Timeouts(connect=5)))
    assert text(client, profile_at(server.url)) == "Hello"


def test_what_opens_after_the_end_is_closed(server: Server) -> None:
    client = Client({})
    client.ahead.open(profile_at(server.url))
    client.close()
    assert spare(client) is None
    client.ahead.open(profile_at(server.url))
    assert spare(client) is None


# Between two turns


def kept(*pieces: str, last: Callable[[Exchange], None] = lambda exchange: exchange.send("0\r\n\r\n")) -> Any:
    """A reply on a connection that stays open; ``last`` is what comes after its end mark."""

    def script(exchange: Exchange) -> None:
        exchange.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (*map(chunk, pieces), END):
            exchange.send(f"{len(piece.encode()):x}\r\n{piece}\r\n")
        last(exchange)

    return script


def test_the_turns_of_a_server_that_keeps_alive_share_a_connection(server: Server, client: Client) -> None:
    server.answers(kept("One"), kept("Two"), kept("Three"))
    assert [text(client, profile_at(server.url)) for _ in range(3)] == ["One", "Two", "Three"]
    assert len(server.accepted) == 1


def test_a_server_that_lingers_after_the_end_mark_holds_nobody_up(server: Server, client: Client) -> None:
    ticks = 0.0

    def clock() -> float:
        nonlocal ticks
        ticks += LINGER / 10
        return ticks

    server.answers(kept("One", last=Exchange.wait_for_hang_up), say("Two"))
    client._clocks.now = clock
    profile = profile_at(server.url, timeouts=Timeouts(silence=5))
    finished = 0.0
    for event in client.ask(profile, ASKING, ""):
        if isinstance(event, Finished):
            finished = ticks
    assert finished < ticks < finished + 3 * LINGER
    assert server.requests[0].closed.wait(PATIENCE)
    assert text(client, profile) == "Two"


def test_bytes_without_end_after_the_end_mark_hold_nobody_up(server: Server, client: Client) -> None:
    def babble(exchange: Exchange) -> None:
        while not exchange.received.closed.is_set():
            exchange.send("1\r\n\n\r\n")

    server.answers(kept("One", last=babble))
    assert text(client, profile_at(server.url)) == "One"
    assert server.requests[0].closed.wait(PATIENCE)
