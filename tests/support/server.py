"""A small scripted HTTP server on loopback: what it answers is written in the test, byte by byte if need be."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any

PATIENCE = 20.0
"""How long, in seconds, anything may take that a test waits for."""


@dataclass
class Received:
    """A request as it arrived. ``closed`` is set when the client hung up before the answer was whole."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    closed: threading.Event = field(default_factory=threading.Event)


class Exchange:
    """One request and the socket to answer it on."""

    def __init__(self, handler: BaseHTTPRequestHandler, received: Received) -> None:
        self._handler = handler
        self.received = received

    def head(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        """The status line and the headers; the body ends with the connection."""
        self._handler.close_connection = True
        lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Status')}", f"Content-Type: {kind}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join(lines) + "\r\n\r\n")

    def head_lines(self, lines: Iterable[bytes]) -> None:
        """A head as it was captured; the body ends with the connection."""
        self._handler.close_connection = True
        self.send(b"\r\n".join([*lines, b"Connection: close", b"", b""]))

    def send(self, data: str | bytes) -> None:
        """Some bytes, at once."""
        try:
            self._handler.wfile.write(data.encode() if isinstance(data, str) else data)
            self._handler.wfile.flush()
        except OSError:
            self.received.closed.set()

    def hang_up(self) -> None:
        """Reset the connection, as a crashing server does."""
        self._handler.close_connection = True
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self._handler.connection.detach())  # close() alone waits for the files made of it
        self.received.closed.set()

    def finish(self) -> None:
        """Say that nothing more will come, and leave the connection open."""
        with suppress(OSError):
            self._handler.connection.shutdown(socket.SHUT_WR)

    def wait_for_hang_up(self) -> None:
        """Until the client closes the connection."""
        with suppress(OSError):
            self._handler.connection.settimeout(PATIENCE)
            while self._handler.connection.recv(4096):
                pass
        self.received.closed.set()


Script = Callable[[Exchange], None]
_PHRASES = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal",
}


class Server:
    """The server: queue scripts by ``answers``, look at ``requests``. Without a script it says Hello."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.requests: list[Received] = []
        self._arrived: SimpleQueue[Received] = SimpleQueue()
        self._scripts: SimpleQueue[Script] = SimpleQueue()
        self.models = ["test-model", "other-model"]
        self.accepted: list[socket.socket] = []
        """The connections that were made so far."""
        self.tls: ssl.SSLContext | None = None
        """What it speaks TLS with, None for none."""
        self.listing: Any = None
        """What a GET brings, or a script for it, if not these models in the words of OpenAI."""

    def answers(self, *scripts: Script) -> None:
        """The next requests are answered by these."""
        for script in scripts:
            self._scripts.put(script)

    def received(self) -> Received:
        """The next request, waited for."""
        return self._arrived.get(timeout=PATIENCE)

    def forget(self) -> None:
        """As if nothing had been asked yet, and no script queued."""
        self.requests.clear()
        self._arrived, self._scripts = SimpleQueue(), SimpleQueue()

    def serve(self, exchange: Exchange) -> None:
        received = exchange.received
        if received.method == "GET":
            models = {"object": "list", "data": [{"id": model} for model in self.models]}
            script: Script = self.listing if callable(self.listing) else whole(self.listing or models)
            script(exchange)
            return
        self.requests.append(received)
        try:
            script = self._scripts.get_nowait()
        except Empty:
            script = say("Hello")
        self._arrived.put(received)
        script(exchange)


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port of loopback, gone at the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(self.command, self.path, headers, json.loads(body) if body else None)
            server.serve(Exchange(self, received))

        do_GET = do_POST = handle_any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, Any]:
            connection, address = super().get_request()
            if server.tls:
                connection = server.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            server.accepted.append(connection)
            return connection, address

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # clients hang up in many tests

    http = Quiet(("127.0.0.1", 0), Handler)
    server = Server(http.server_port)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


# Scripts


def chunk(content: str | None = None, finish: str | None = None, **more: Any) -> str:
    """One event of a streamed chat completion."""
    delta = {} if content is None else {"content": content}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({'model': 'test-model', 'choices': [choice], **more})}\n\n"


END = chunk(finish="stop", usage={"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}) + "data: [DONE]\n\n"


def say(*pieces: str) -> Script:
    """A streamed reply in these pieces."""

    def script(exchange: Exchange) -> None:
        exchange.head()
        for piece in pieces:
            exchange.send(chunk(piece))
        exchange.send(END)

    return script


def byte_by_byte(*pieces: str) -> Script:
    """The same, every byte in a packet of its own."""

    def script(exchange: Exchange) -> None:
        exchange.head()
        for byte in ("".join(map(chunk, pieces)) + END).encode():
            exchange.send(bytes([byte]))

    return script


def then(pieces: Iterable[str], last: Callable[[Exchange], None]) -> Script:
    """The pieces of a stream, and then what ``last`` does."""

    def script(exchange: Exchange) -> None:
        exchange.head()
        for piece in pieces:
            exchange.send(chunk(piece))
        last(exchange)

    return script


def cut(*pieces: str) -> Script:
    """A stream that breaks off after these pieces."""
    return then(pieces, lambda exchange: None)


def stay(*pieces: str) -> Script:
    """A stream that goes silent after these pieces, until the client hangs up."""
    return then(pieces, Exchange.wait_for_hang_up)


def whole(data: Any, status: int = 200, kind: str = "application/json", **headers: str) -> Script:
    """An answer in one piece."""

    def script(exchange: Exchange) -> None:
        exchange.head(status, kind, **headers)
        exchange.send(data if isinstance(data, str | bytes) else json.dumps(data))

    return script


def held(release: threading.Event, script: Script) -> Script:
    """A script that begins when the test says so."""

    def waiting(exchange: Exchange) -> None:
        assert release.wait(PATIENCE)
        script(exchange)

    return waiting
