"""What can go wrong on the way to a server and back, for each dialect in its own words on the wire."""

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from io import StringIO
from pathlib import Path

from chatrepl import config
from chatrepl.chat.session import Session
from chatrepl.chat.user import User
from chatrepl.config import reading
from chatrepl.config.config import Profile, Timeouts
from chatrepl.terminal.screen.screen import Screen
from tests.support.exchanges import CAPTURES, Answer, load, told
from tests.support.server import Exchange, Script, Server

QUICK = Timeouts(connect=5, first_byte=5, silence=5, total=10)
KEY = "sk-recognisable-0123456789"


# A session that is looked at


@dataclass
class Seen:
    """A session with what it printed, and how long it waited between tries."""

    session: Session
    out: StringIO
    notes: StringIO
    slept: list[float] = field(default_factory=list)

    @property
    def journal(self) -> str:
        """What stands in the file of the session."""
        assert self.session.transcript.path
        return self.session.transcript.path.read_text("utf-8")


@contextmanager
def session(home: Path, profile: Profile, *others: Profile, record: Path | None = None) -> Iterator[Seen]:
    """A session in that folder which talks to that profile, and waits for nothing between tries."""
    env = {"CHATREPL_HOME": str(home), "THE_KEY": KEY}
    configuration = reading.load(home / "none.toml")
    profiles = {**configuration.profiles, **{each.name: each for each in (profile, *others)}}
    out, notes = StringIO(), StringIO()
    screen = Screen(out, notes, env)
    running = Session(
        configuration._replace(profiles=profiles),
        config.places(env),
        env,
        profile,
        screen,
        record=record,
        user=User(has_prompt=True),
    )
    seen = Seen(running, out, notes)
    running.connection.sleep = seen.slept.append
    try:
        yield seen
    finally:
        running.close()


# The wire


@dataclass(frozen=True)
class Wire:
    """A streamed reply of a dialect, as bytes; ``speaking`` is how many of them hold the first word, not the end."""

    dialect: str
    kind: str
    whole: bytes
    speaking: int
    word: str
    edges: tuple[int, ...]

    @property
    def begun(self) -> bytes:
        return self.whole[: self.speaking]

    @property
    def nothing(self) -> bytes:
        """A sign of life that says nothing."""
        return b"\n" if "json" in self.kind else b": keep-alive\n\n"

    @property
    def error(self) -> bytes:
        return self.frame({"error": {"message": "crashed"}})

    def frame(self, value: object) -> bytes:
        data = json.dumps(value)
        return f"{data}\n".encode() if "json" in self.kind else f"data: {data}\n\n".encode()


@cache
def wire(dialect: str) -> Wire:
    """The wire of that dialect, from its capture."""
    answer = load(CAPTURES / dialect / "reference-stream.http")
    edges = tuple(_edges(answer.body))
    for edge in edges:
        texts = [data["text"] for name, data in _events(dialect, answer, edge) if name == "Text" and data["text"]]
        if texts:
            return Wire(dialect, answer.headers["content-type"], answer.body, edge, texts[0], edges)
    raise AssertionError(f"the capture of {dialect} holds no text")


def _events(dialect: str, answer: Answer, edge: int) -> list[tuple[str, dict[str, str]]]:
    found = told(dialect, answer, [answer.body[:edge]])
    return [(name, data) for name, data in found if isinstance(data, dict)]


def _edges(body: bytes) -> Iterator[int]:
    end = b"\n\n" if b"\n\n" in body else b"\n"
    at = body.find(end)
    while at >= 0:
        yield at + len(end)
        at = body.find(end, at + 1)


# Scripts. Each ends when the client has closed the connection, so that it is seen to do so.


def answer(status: int, body: bytes | str, kind: str = "application/json", **headers: str) -> Script:
    """A whole answer of known length."""
    data = body.encode() if isinstance(body, str) else body

    def script(exchange: Exchange) -> None:
        exchange.head(status, kind, **{**headers, "Content_Length": str(len(data))})
        exchange.send(data)
        exchange.wait_for_hang_up()

    return script


def refusal(status: int, message: str = "no", **headers: str) -> Script:
    return answer(status, json.dumps({"error": {"message": message}}), **headers)


def stream(kind: str, *pieces: bytes, last: Callable[[Exchange], None] = Exchange.finish, **headers: str) -> Script:
    """The beginning of a stream, and what happens then."""

    def script(exchange: Exchange) -> None:
        exchange.head(200, kind, **headers)
        for piece in pieces:
            exchange.send(piece)
        last(exchange)
        exchange.wait_for_hang_up()

    return script


def endless(piece: bytes) -> Callable[[Exchange], None]:
    """The piece again and again, until the client has had enough."""

    def last(exchange: Exchange) -> None:
        while not exchange.received.closed.wait(0.005):
            exchange.send(piece)

    return last


def babble(exchange: Exchange) -> None:
    """An answer in another protocol."""
    exchange.send("hello\r\n\r\n")
    exchange.finish()
    exchange.wait_for_hang_up()


def silence(exchange: Exchange) -> None:
    pass


# The faults


@dataclass(frozen=True)
class Fault:
    """One way to fail: what the server does, what the user reads, and whether a part of the reply came before."""

    line: str
    script: Callable[[Wire], Script] | None = None
    partial: bool = False
    tries: int = 1
    limits: Timeouts = QUICK
    address: Callable[[Server], str] = lambda server: server.url


def said(script: Script) -> Callable[[Wire], Script]:
    """The same script for every dialect."""
    return lambda _wire: script


def in_the_stream(last: Callable[[Exchange], None], *more: bytes) -> Callable[[Wire], Script]:
    return lambda wire: stream(wire.kind, wire.begun, *more, last=last)


def closed_port(_server: Server) -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


_full: list[socket.socket] = []


def full_port(_server: Server) -> str:
    """A port whose queue of connections is full, so that the next one gets no answer."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=0)
    _full.append(listening)
    for _ in range(2):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(listening.getsockname())
        _full.append(waiting)
    return f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


AGAIN = 3
"""How often a request goes out that may be made again."""

FAULTS: dict[str, Fault] = {
    "refused": Fault("cannot be reached: connection refused", tries=AGAIN, address=closed_port),
    "a name that is not known": Fault("cannot be found", address=lambda _server: "http://name.invalid/v1"),
    "TLS where there is none": Fault(
        "No secure connection", address=lambda server: server.url.replace("http:", "https:")
    ),
    "silence at connect": Fault(
        "did not answer within 0.1 s", tries=AGAIN, limits=replace(QUICK, connect=0.1), address=full_port
    ),
    "silence before the head": Fault(
        "sent nothing for 0.1 s",
        said(Exchange.wait_for_hang_up),
        limits=replace(QUICK, first_byte=0.1),
    ),
    "silence before the first byte": Fault(
        "sent nothing for 0.1 s", lambda wire: stream(wire.kind, last=silence), limits=replace(QUICK, first_byte=0.1)
    ),
    "silence between bytes": Fault(
        "0.1 s of silence", in_the_stream(silence), partial=True, limits=replace(QUICK, silence=0.1)
    ),
    "keep-alives without end": Fault(
        "not over after 0.5 s",
        lambda wire: stream(wire.kind, last=endless(wire.nothing)),
        limits=replace(QUICK, silence=0.4, total=0.5),
    ),
    "a reply without end": Fault(
        "not over after 0.5 s",
        lambda wire: stream(wire.kind, wire.begun, last=endless(wire.nothing)),
        partial=True,
        limits=replace(QUICK, silence=0.4, total=0.5),
    ),
    "401": Fault("401 Unauthorized: no", said(refusal(401))),
    "401 with the key in it": Fault(r"Incorrect key \(hidden\)", said(refusal(401, f"Incorrect key {KEY}"))),
    "403": Fault("403 Forbidden: no", said(refusal(403))),
    "404": Fault("404 Not Found: no", said(refusal(404))),
    "408": Fault("408 Request Timeout: no", said(refusal(408)), tries=AGAIN),
    "409": Fault("409 Conflict: no", said(refusal(409)), tries=AGAIN),
    "429": Fault("429 Too Many Requests: no", said(refusal(429)), tries=AGAIN),
    "429 with seconds": Fault("429", said(refusal(429, Retry_After="7")), tries=AGAIN),
    "429 with milliseconds": Fault("429", said(refusal(429, retry_after_ms="70")), tries=AGAIN),
    "429 with a date": Fault("429", said(refusal(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")), tries=AGAIN),
    "429 in words": Fault("429", said(refusal(429, "Please try again in 5.289s.")), tries=AGAIN),
    "429 that takes too long": Fault("429", said(refusal(429, Retry_After="3600"))),
    "429 not to be tried again": Fault("429", said(refusal(429, x_should_retry="false"))),
    "429 for a quota": Fault("429", said(refusal(429, "You exceeded your current quota"))),
    "500": Fault("500 Internal Server Error: no", said(refusal(500)), tries=AGAIN),
    "503": Fault("503 Service Unavailable: no", said(refusal(503)), tries=AGAIN),
    "529": Fault("529 Overloaded: no", said(refusal(529)), tries=AGAIN),
    "a redirect": Fault(
        "redirects to https://evil.example/v1, which is not followed",
        said(refusal(307, "", Location="https://evil.example/v1")),
    ),
    "a page of a proxy": Fault(
        "502 Bad Gateway: Sign in", said(answer(502, "<html><title>Sign in</title></html>", "text/html")), tries=AGAIN
    ),
    "a page in place of a reply": Fault("not JSON", said(answer(200, "<html>Welcome</html>", "text/html"))),
    "nothing at all": Fault("broke off|holds no", lambda wire: answer(200, "", wire.kind)),
    "nothing of JSON": Fault("is empty", said(answer(200, ""))),
    "a wrong content type": Fault("not JSON", lambda wire: answer(200, b"x" + wire.whole, "application/json")),
    "gzip that nobody asked for": Fault(
        "compressed \\(gzip\\), which was not asked for",
        lambda wire: answer(200, wire.whole, wire.kind, Content_Encoding="gzip"),
    ),
    "no HTTP": Fault("not HTTP", said(babble)),
    "a reset before the head": Fault("closed the connection without an answer", said(Exchange.hang_up), tries=AGAIN),
    "a reset in the stream": Fault("The connection broke", in_the_stream(Exchange.hang_up), partial=True),
    "an end in the stream": Fault("broke off", in_the_stream(Exchange.finish), partial=True),
    "less than was promised": Fault(
        "The connection broke", lambda wire: stream(wire.kind, wire.begun, Content_Length="99999"), partial=True
    ),
    "an error in the stream": Fault("crashed", lambda wire: stream(wire.kind, wire.begun, wire.error), partial=True),
    "an error before the first word": Fault("crashed", lambda wire: stream(wire.kind, wire.error)),
    "an event of 10 MB that is none": Fault(
        "reply", lambda wire: stream(wire.kind, wire.begun, b"data: " + b"x" * 10**7 + b"\n\n"), partial=True
    ),
    "a line without end": Fault("more than 32 MiB", lambda wire: stream(wire.kind, b"x" * 2**20 * 34, last=silence)),
}
if sys.platform != "linux" or not os.path.exists("/proc/sys/net"):
    del FAULTS["silence at connect"]  # elsewhere a full queue refuses
