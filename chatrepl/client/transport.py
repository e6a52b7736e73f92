"""HTTP over sockets that keep a profile's time limits apart: httpx's requests, httpcore's connections, our clocks."""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

from chatrepl import replace
from chatrepl.client.ahead import Spare
from chatrepl.client.http import httpx
from chatrepl.config.config import Timeouts

SLICE = 0.25
"""The longest a read blocks, in seconds: on Windows Ctrl-C waits for the end of it."""

KEPT = 5.0
"""How long an idle connection is kept. One that slept through a change of networks is dead, and nobody tells."""


def bounded(seconds: float) -> float | None:
    """A time limit as sockets take it, None for one that they cannot count to."""
    return seconds if seconds < 1e6 else None


class Clocks:
    """The clocks of the exchange that goes on; there is one at a time."""

    def __init__(self) -> None:
        self.now = time.monotonic
        self.stopped = False
        """Whether nothing is waited for any more; another thread may say so."""
        self.start(Timeouts())

    def start(self, limits: Timeouts) -> None:
        """A request is about to go out."""
        self._limits = limits
        self._started = self._sent = self.now()
        self.heard = False
        """Whether any byte of the answer came."""
        self.connected = False
        """Whether a connection was opened for it."""
        self.flows = False
        """Whether its body began to come, so that from now on the limit is that of silence."""

    def linger(self, seconds: float) -> None:
        """The answer has been read; what is left of it is read if it comes so soon."""
        self._limits = replace(self._limits, silence=seconds, total=self.now() - self._started + seconds)

    def sent(self) -> None:
        """The request is out, the answer is waited for."""
        self._sent = self.now()

    def due(self) -> tuple[float, str]:
        """When a wait that begins now is to be over, and which of the limits says so."""
        waits = (self.now() + self._limits.silence, "silence")
        if not self.flows:  # many servers send the head at once, and the body when the model has read the question
            waits = (self._sent + self._limits.first_byte, "first_byte")
        return min(waits, (self._started + self._limits.total, "total"))


class Stream(httpcore.NetworkStream):
    """A connection that is read in slices, under the clocks. What a limit ends is a timeout with its name."""

    def __init__(self, inner: httpcore.NetworkStream, clocks: Clocks, *, secured: bool = False) -> None:
        """``secured`` tells that TLS was set up already."""
        self._inner = inner
        self._clocks = clocks
        self._secured = secured

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        due, limit = self._clocks.due()
        while not self._clocks.stopped and (left := due - self._clocks.now()) > 0:
            try:
                data = self._inner.read(max_bytes, min(left, SLICE))
            except httpcore.ReadTimeout:
                continue
            self._clocks.heard |= bool(data)
            return data
        raise httpcore.ReadTimeout(limit)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        if self._secured:
            return self
        return Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._clocks)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Network(httpcore.NetworkBackend):
    """Opens such connections, or takes the one that was opened ahead."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self.sockets = httpcore.SyncBackend()
        self.spare = Spare(lambda: clocks.now())

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        if ahead := self.spare.take(host, port):
            return Stream(ahead.stream, self._clocks, secured=ahead.secured)
        self._clocks.connected = True
        try:
            stream = self.sockets.connect_tcp(host, port, timeout, local_address, socket_options)
        except UnicodeError:  # what getaddrinfo raises for a name that is none
            raise httpcore.UnsupportedProtocol("no name of a host") from None
        return Stream(stream, self._clocks)


class Transport(httpx.BaseTransport):
    """The way to a server, through ``proxy`` if there is one. Raises httpx's errors, with httpcore's as their cause."""

    def __init__(self, clocks: Clocks, tls: ssl.SSLContext | None, proxy: str = "") -> None:
        self._tls = tls
        self._proxied = bool(proxy)
        self._network = network = Network(clocks)
        if not proxy:
            self._pool: httpcore.ConnectionPool = httpcore.ConnectionPool(
                ssl_context=tls, keepalive_expiry=KEPT, network_backend=network
            )
            return
        told = httpx.Proxy(proxy)
        kind = httpcore.SOCKSProxy if told.url.scheme.startswith("socks") else httpcore.HTTPProxy
        self._pool = kind(str(told.url), told.raw_auth, ssl_context=tls, keepalive_expiry=KEPT, network_backend=network)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        outgoing = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _told_by_httpx():
            answer = self._pool.handle_request(outgoing)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    def open_ahead(self, host: str, port: int, timeout: float) -> None:
        """Open a connection for the next request, in any thread. A proxy is only connected to when it is needed."""
        if not self._proxied:
            self._network.spare.open(self._network.sockets, host, port, self._tls, bounded(timeout))

    def close(self) -> None:
        self._pool.close()
        self._network.spare.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _told_by_httpx():
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


@contextmanager
def _told_by_httpx() -> Iterator[None]:
    """httpcore's errors by the same names of httpx's."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
