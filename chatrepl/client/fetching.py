"""A file from an address that somebody wrote: bounded in size and time, and never from a neighbour by accident.

The name is resolved once for each connection, every address it has is looked at, and the connection goes to the one
that was looked at; so nothing changes between the look and the use. Nothing of the user goes along: no key, no cookie.
"""

import socket
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from typing import Any, NamedTuple
from urllib.parse import urljoin

import httpcore

from chatrepl import __version__
from chatrepl.client import routes
from chatrepl.client.failures import reason
from chatrepl.client.http import httpx
from chatrepl.client.transport import Clocks, Stream
from chatrepl.config.config import Timeouts
from chatrepl.errors import CommandError, RequestError
from chatrepl.text import hosts, safe, urls

MOST = 5 * 2**20
"""The most bytes of a page."""

REDIRECTS = 5
"""So many times a server may send us on."""

SECONDS = 60.0
"""The longest that a page may take in all."""

CONNECT = 20.0
"""The longest that a server may take to be reached, or to go on."""


class Page(NamedTuple):
    """What stood at an address. ``url`` is where it was found, ``mime`` and ``charset`` what the server calls it."""

    url: str
    mime: str
    charset: str
    data: bytes


class Limits(NamedTuple):
    """How much and how long, and whether machines nearby may be asked: only after a yes that names the host."""

    size: int = MOST
    seconds: float = SECONDS
    private: bool = False


USUAL = Limits()


def fetch(url: str, env: Mapping[str, str], limits: Limits = USUAL) -> Page:
    """The page at that address, or where redirects within its site lead. A CommandError tells why it
    is not asked for, a RequestError what came instead."""
    clocks, here = Clocks(), checked(url)
    clocks.start(Timeouts(CONNECT, limits.seconds, CONNECT, limits.seconds))
    for _ in range(REDIRECTS + 1):
        with closing(_pool(here, env, limits.private, clocks)) as pool:
            answer = _asked(pool, here, limits.size)
        if isinstance(answer, Page):
            return answer
        here = _next(here, answer)
    raise RequestError(f"{shown(url)} sends us on more than {REDIRECTS} times")


def _next(here: str, location: str) -> str:
    """Where a redirect leads, if it may."""
    there = _joined(here, location)
    if not hosts.same_site(urls.host_of(here), urls.host_of(there)):
        raise RequestError(
            f"{shown(here)} sends us on to another site: {shown(there)}", "Ask for that address instead."
        )
    if here.startswith("https:") and not there.startswith("https:"):
        raise RequestError(f"{shown(here)} sends us on to an address that is not encrypted: {shown(there)}")
    return there


def _joined(here: str, location: str) -> str:
    """The address that a ``Location`` means, which may be a part of one."""
    try:
        return checked(urljoin(here, location.strip()))
    except CommandError as error:
        raise RequestError(f"{shown(here)} sends us on: {error}") from None
    except ValueError:
        raise RequestError(f"{shown(here)} sends us on to what is no address: {safe.line(location, 80)}") from None


def checked(url: str) -> str:
    """The address as it goes over the wire, if it is one that can be asked for: its host in ASCII, without a part."""
    try:
        there = httpx.URL(url.strip()).copy_with(fragment=None)
        port = there.port
    except (httpx.InvalidURL, ValueError):
        there, port = httpx.URL(), None
    if there.scheme not in ("http", "https") or not there.raw_host or (port is not None and not 0 < port < 65536):
        raise CommandError(f"{shown(url)} is no address of the web", "It begins with https:// and has a host.")
    if there.userinfo:
        raise CommandError(f"{shown(url)} holds a name or a password, which is not sent", "Leave it out.")
    if hosts.is_odd(there.raw_host.decode("ascii")):
        raise CommandError(f"{shown(url)} names its host in a way that hides it", "Write the address as usual.")
    return f"{there.scheme}://{there.netloc.decode('ascii')}{there.raw_path.decode('ascii')}"


def shown(url: str) -> str:
    """The address as it is told: whole as far as it fits, its host as it goes over the wire."""
    return safe.line(urls.shown(url), 200)


class Near(CommandError):
    """The address is one of this machine or of its network."""

    def __init__(self, host: str) -> None:
        self.host = safe.line(host, 100)
        line = f"{self.host} is not asked: it is an address of this machine or of its network"
        super().__init__(line, "Fetch it yourself and attach the file.")


class _Looking(httpcore.SyncBackend):
    """Connects to an address that was looked at, if it may be; and keeps to the time limits of the whole."""

    def __init__(self, clocks: Clocks, *, looks: bool) -> None:
        self._clocks = clocks
        self._looks = looks

    def connect_tcp(self, host: str, port: int, *args: Any, **more: Any) -> httpcore.NetworkStream:
        found = _resolved(host, port)
        if self._looks:
            _refuse_near(host, found)
        return Stream(super().connect_tcp(found[0], port, *args, **more), self._clocks)


def _refuse_near(host: str, found: list[str]) -> None:
    if not all(map(hosts.is_public, found)):
        raise Near(host)


class _Unknown(RequestError):
    """There is no such host, as far as is known here."""


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _Unknown(f"No host is known by the name {safe.line(host, 100)}") from None
    return [str(each[4][0]) for each in found]


def _pool(url: str, env: Mapping[str, str], private: bool, clocks: Clocks) -> httpcore.ConnectionPool:
    """The way to that address. A proxy connects for us: what it is asked for is looked at as well as can be from here,
    and a host that only the proxy knows is its affair."""
    proxy = routes.proxy_of(url, env)
    tls = routes.tls_context(routes.Route(proxy, url.startswith("https:")))
    backend = _Looking(clocks, looks=not (proxy or private))
    if not proxy:
        return httpcore.ConnectionPool(ssl_context=tls, network_backend=backend)
    if not private:
        host = urls.host_of(url)
        with suppress(_Unknown):
            _refuse_near(host, _resolved(host, 0))
    return httpcore.HTTPProxy(proxy, ssl_context=tls, network_backend=backend)


def _asked(pool: httpcore.ConnectionPool, url: str, most: int) -> Page | str:
    """The page, or where the server sends us on to."""
    headers = [("User-Agent", f"chatrepl/{__version__}"), ("Accept", "*/*"), ("Accept-Encoding", "identity")]
    limits = {"timeout": dict.fromkeys(("connect", "write", "pool"), CONNECT)}
    try:
        with pool.stream("GET", url, headers=headers, extensions=limits) as answer:
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            if answer.status in (301, 302, 303, 307, 308) and told.get("location"):
                return told["location"]
            _complain(url, answer.status, told)
            data = _bounded(answer.iter_stream(), url, most)
    except httpcore.TimeoutException:
        raise RequestError(f"{shown(url)} does not answer in time") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, OSError) as error:
        raise RequestError(f"{shown(url)} cannot be fetched: {safe.line(reason(error), 200)}") from None
    mime, _, rest = told.get("content-type", "").partition(";")
    charset = rest.partition("charset=")[2].partition(";")[0].strip("\"' ")
    return Page(url, mime.strip().lower(), charset, data)


def _complain(url: str, status: int, told: Mapping[str, str]) -> None:
    if status != 200:
        raise RequestError(f"{shown(url)} answers with status {status}")
    if told.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        encoding = safe.line(told["content-encoding"], 40)
        raise RequestError(f"{shown(url)} answers in an encoding that was not asked for: {encoding}")


def _bounded(pieces: Iterable[bytes], url: str, most: int) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > most:
            raise RequestError(f"{shown(url)} holds more than {most / 2**20:.0f} MB", "Fetch it yourself.")
    return bytes(data)
