"""Pages fetched from addresses: what comes, and what a hostile one may not do."""

import socket
from collections.abc import Callable
from typing import Any

import httpcore
import pytest

from chatrepl.client import fetching
from chatrepl.client.fetching import Limits, Page, fetch
from chatrepl.errors import CommandError, RequestError
from tests.support.server import Exchange, Script, Server
from tests.support.tls import AUTHORITY, secured

NEAR = Limits(private=True)


def page(body: str | bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> Script:
    def script(exchange: Exchange) -> None:
        exchange.head(200, kind, **headers)
        exchange.send(body)

    return script


def to(location: str, status: int = 302) -> Script:
    return lambda exchange: exchange.head(status, "text/plain", Location=location, Set_Cookie="a=b")


def answering(*scripts: Script) -> Callable[[Exchange], None]:
    """The scripts one after the other; the last one again and again."""
    left = list(scripts)
    return lambda exchange: (left.pop(0) if len(left) > 1 else left[0])(exchange)


def test_a_page_comes_with_what_the_server_calls_it(server: Server) -> None:
    server.listing = page(b"<p>Gr\xfc\xdfe", "text/HTML; charset='latin-1'; x=y")
    assert fetch(f"{server.url}/a#part", {}, NEAR) == Page(f"{server.url}/a", "text/html", "latin-1", b"<p>Gr\xfc\xdfe")


def test_nothing_of_the_user_goes_along(server: Server) -> None:
    seen: list[dict[str, str]] = []

    def script(exchange: Exchange) -> None:
        seen.append(exchange.received.headers)
        page("x")(exchange)

    server.listing = answering(lambda e: (seen.append(e.received.headers), to("/b")(e))[1], script)  # type: ignore[func-returns-value]
    fetch(server.url, {"OPENAI_API_KEY": "sk-secret"}, NEAR)
    assert [sorted(set(each) - {"host", "connection"}) for each in seen] == [
        ["accept", "accept-encoding", "user-agent"]
    ] * 2
    assert all(each["user-agent"].startswith("chatrepl/") for each in seen)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://0.0.0.0:{port}/",
    ],
)
def test_a_neighbour_is_not_asked(server: Server, url: str) -> None:
    with pytest.raises(CommandError, match=r"address of this machine or of its network|No host"):
        fetch(url.replace("{port}", server.url.split(":")[2].split("/")[0]), {})
    assert not server.accepted


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_an_address_in_disguise_is_refused_whoever_is_asked(host: str) -> None:
    with pytest.raises(CommandError, match=r"in a way that hides it|no address of the web"):
        fetch(f"http://{host}/", {}, NEAR)


@pytest.mark.parametrize(
    "url", ["ftp://example.org/x", "file:///etc/passwd", "https://", "example.org", "http://[::1/", "http://a:99999/"]
)
def test_what_is_no_address_of_the_web_is_said_so(url: str) -> None:
    with pytest.raises(CommandError, match="is no address of the web"):
        fetch(url, {})


def test_a_name_and_a_password_are_not_sent_and_not_shown() -> None:
    with pytest.raises(CommandError, match="holds a name or a password") as caught:
        fetch("https://user:secret@example.org/", {})
    assert "secret" not in str(caught.value)


def test_who_is_looked_at_is_who_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means another host the second time it is resolved."""
    answers = ["93.184.216.34", "127.0.0.1"]
    asked: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (answers.pop(0), port))]

    def connect(self: Any, host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        raise httpcore.ConnectError("[Errno 101] Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with pytest.raises(RequestError, match="cannot be fetched: network is unreachable"):
        fetch("http://rebinding.example/", {})
    assert asked == ["93.184.216.34"]


def test_a_public_name_with_one_private_address_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, 80)) for host in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(CommandError, match="of its network"):
        fetch("http://both.example/", {})


def test_a_redirect_is_followed_within_the_site_and_told_beyond_it(server: Server) -> None:
    server.listing = answering(to("/there?x=1"), page("there"))
    assert fetch(server.url, {}, NEAR).url.endswith("/there?x=1")
    for location in ("http://localhost:1/", "https://example.org/", "//example.org/"):
        server.listing = to(location)
        with pytest.raises(RequestError, match="another site"):
            fetch(server.url, {}, NEAR)
    for location in ("file:///etc/passwd", "http://[", "javascript:alert(1)"):
        server.listing = to(location)
        with pytest.raises(RequestError, match="no address"):
            fetch(server.url, {}, NEAR)


def test_a_redirect_in_a_circle_ends(server: Server) -> None:
    server.listing = to("/again")
    with pytest.raises(RequestError, match="more than 5 times"):
        fetch(server.url, {}, NEAR)


def test_an_encrypted_address_does_not_lead_to_one_that_is_not(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", AUTHORITY)
    with secured(server, "server") as url:
        server.listing = to(url.replace("https://127.0.0.1", "http://localhost"))
        with pytest.raises(RequestError, match="not encrypted"):
            fetch(url.replace("127.0.0.1", "localhost"), {}, NEAR)


@pytest.mark.parametrize("body", [b"x" * 1_000, b"x" * 100_000])
def test_what_is_too_large_is_not_kept(server: Server, body: bytes) -> None:
    server.listing = page(body)
    if len(body) > 2_000:
        with pytest.raises(RequestError, match="holds more than"):
            fetch(server.url, {}, NEAR._replace(size=2_000))
    else:
        assert fetch(server.url, {}, NEAR._replace(size=2_000)).data == body


def test_a_page_that_never_ends_is_ended(server: Server) -> None:
    def endless(exchange: Exchange) -> None:
        exchange.head(200, "text/plain")
        while not exchange.received.closed.is_set():
            exchange.send(b"x" * 65_536)

    server.listing = endless
    with pytest.raises(RequestError, match="holds more than 5 MB"):
        fetch(server.url, {}, NEAR)


@pytest.mark.parametrize("head", [False, True])
def test_a_slow_drip_ends_when_its_time_is_over(server: Server, head: bool) -> None:
    def drip(exchange: Exchange) -> None:
        if head:
            exchange.head(200, "text/plain")
        while not exchange.received.closed.wait(0.05):
            exchange.send(b"x" if head else b"H")

    server.listing = drip
    with pytest.raises(RequestError, match=r"in time|cannot be fetched"):
        fetch(server.url, {}, NEAR._replace(seconds=0.5))


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "br"])
def test_an_encoding_that_was_not_asked_for_is_named(server: Server, encoding: str) -> None:
    server.listing = page(b"\x1f\x8b", Content_Encoding=encoding)
    with pytest.raises(RequestError, match=f"not asked for: {encoding}"):
        fetch(server.url, {}, NEAR)


def test_a_status_is_told_and_no_escape_reaches_the_line(server: Server) -> None:
    server.listing = lambda exchange: exchange.head(404, "text/plain")
    with pytest.raises(RequestError, match="status 404") as caught:
        fetch(f"{server.url}/%1b[2J ü\u202e", {}, NEAR)
    assert "\u202e" not in str(caught.value)


def test_a_host_in_other_letters_is_told_and_asked_in_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        raise OSError("nobody")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(RequestError, match=r"xn--.*\.example"):
        fetch("https://bücher.example/", {})
    assert asked == ["xn--bcher-kva.example"]


def test_behind_a_proxy_the_host_is_looked_at_as_well(server: Server) -> None:
    env = {"http_proxy": server.url.removesuffix("/v1")}
    with pytest.raises(CommandError, match="of its network"):
        fetch("http://10.0.0.1/", env)
    assert not server.accepted
    server.listing = page("by proxy")
    assert fetch("http://only-the-proxy-knows.invalid/", env).data == b"by proxy"


def test_the_limits_are_those_that_are_told() -> None:
    assert (fetching.MOST, fetching.REDIRECTS) == (5 * 2**20, 5)
