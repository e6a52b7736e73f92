"""A connection that is opened while a question is typed, and taken by the first request to the same server.

It saves a first answer the round trips of TCP and TLS: of a server 30 ms away 63 ms for TLS alone, and as much again
for TCP, before which the trust store has been read. It is opened in a thread of its own; whether it comes to be or not
makes no difference but in time.
"""

import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import httpcore

from chatrepl import dataclass
from chatrepl.config.config import Profile, located
from chatrepl.text import urls

if TYPE_CHECKING:
    from chatrepl.client.transport import Transport

PAUSE = 10.0
"""While somebody types a connection is opened anew after so many seconds."""

KEPT = 15.0
"""How long one is good for, in seconds."""

TICKETS = 0.001
"""So many seconds may pass to see whether anything but tickets came on a TLS connection that nobody uses yet."""


class Ahead:
    """Opens connections ahead of requests. ``transport`` tells the way to a profile's server."""

    def __init__(self, transport: "Callable[[Profile], Transport | None]", env: Mapping[str, str]) -> None:
        self._transport = transport
        self._env = env
        self._begun = -PAUSE

    def begin(self, profile: Profile) -> None:
        """Open one to the server that is likely to be asked soon, behind the prompt, unless that was just done."""
        if profile.place.remote and (now := time.monotonic()) >= self._begun + PAUSE:
            self._begun = now
            threading.Thread(target=self.open, args=(profile,), name="connecting", daemon=True).start()

    def open(self, profile: Profile) -> None:
        """Open one. What goes wrong is told by the request."""
        with suppress(Exception):
            profile = located(profile, self._env)
            _, host, port = urls.parts(profile.base_url)
            if transport := self._transport(profile):
                transport.open_ahead(host, port, profile.timeouts.connect)


@dataclass(frozen=True)
class Connected:
    """A connection that nobody uses yet."""

    host: str
    port: int
    stream: httpcore.NetworkStream
    secured: bool
    """Whether TLS is set up on it."""
    opened: float


class Spare:
    """The place of the one connection that stands open. Any thread may put one there, or take it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._there: Connected | None = None
        self._swapping = threading.Lock()
        self._closed = False

    def open(
        self, backend: httpcore.NetworkBackend, host: str, port: int, tls: ssl.SSLContext | None, timeout: float | None
    ) -> None:
        """Open a connection, which the next ``take`` for that port takes."""
        stream = backend.connect_tcp(host, port, timeout)
        if tls:
            tls.set_alpn_protocols(["http/1.1"])  # as httpcore does
            stream = stream.start_tls(tls, host, timeout)
        self._put(Connected(host, port, stream, bool(tls), self._clock()))
        if self._closed:
            self._put(None)

    def take(self, host: str, port: int) -> Connected | None:
        """The connection that was opened ahead, if it leads there and is still good."""
        there = self._swapped(None)
        if not there:
            return None
        young = self._clock() < there.opened + KEPT
        if young and (there.host, there.port) == (host, port) and _silent(there.stream):
            return there
        there.stream.close()
        return None

    def close(self) -> None:
        """Close the one that is there, and any that comes yet."""
        self._closed = True
        self._put(None)

    def _put(self, connected: Connected | None) -> None:
        if old := self._swapped(connected):
            old.stream.close()

    def _swapped(self, connected: Connected | None) -> Connected | None:
        """The one that was there, in whose place the other now is."""
        with self._swapping:
            self._there, old = connected, self._there
        return old


def _silent(stream: httpcore.NetworkStream) -> bool:
    """Whether the server says nothing, as long as it was asked nothing: else it is hanging up.

    The tickets that TLS 1.3 sends after its handshake are nothing; they are taken off the wire here.
    """
    if not stream.get_extra_info("is_readable"):
        return True
    try:
        stream.read(1, TICKETS)
    except httpcore.ReadTimeout:
        return True
    except httpcore.NetworkError:
        return False
    return False
