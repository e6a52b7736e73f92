"""The last exchange with a server, without secrets: what /last shows, and the same as a curl command."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping

from chatrepl import dataclass, field
from chatrepl.client.redacting import without
from chatrepl.client.routes import Route
from chatrepl.text.redaction import HIDDEN, Secrets
from chatrepl.text.shapes import parsed

REQUEST_IDS = tuple("x-request-id request-id x-generation-id x-litellm-call-id apim-request-id x-ms-request-id".split())
"""The headers in which servers name a request, for whoever asks their support."""

_OWN = {"host", "connection", "content-length", "accept", "accept-encoding", "user-agent"}
"""The request headers that curl makes itself."""

SHOWN = 2_000
"""Of a longer body so many characters are shown, of a request from both ends, of an answer from the end."""

KEPT = 4 * SHOWN
"""So many bytes of an answer are kept at least."""


@dataclass()
class Exchange:
    """A request and what became of it; times in seconds of one clock. No secret is shown of it."""

    method: str
    url: str
    headers: Mapping[str, str]
    raw_body: bytes
    secrets: Secrets
    route: Route
    key_name: str
    """The environment variable that the key is read from, "" where it comes from elsewhere."""
    asked: float
    status: int | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    first: float | None = None
    over: float | None = None
    failure: str = ""
    received: int = 0
    """The bytes of the answer's body that came, of which the last are kept."""
    events: int = 0
    """The lines of a stream that hold something, names and comments left out."""
    _line: bytes = b"\n"
    """The first characters of the line that has begun, from the end of the one before it."""
    _end: bytearray = field(default_factory=bytearray)

    def came(self, chunk: bytes, now: float) -> None:
        """Take note of a piece of the answer."""
        self.first = now if self.first is None else self.first
        self.received += len(chunk)
        self._count(chunk)
        self._end += chunk[-2 * KEPT :]
        if len(self._end) > 2 * KEPT:
            del self._end[:-KEPT]

    def _count(self, chunk: bytes) -> None:
        text = self._line + chunk
        self.events += len(_EVENT.findall(text)) - len(_EVENT.findall(self._line))
        self._line = text[max(text.rfind(b"\n"), text.rfind(b"\r"), 0) :][:16]

    @property
    def body(self) -> str:
        """The body as text to read, without secrets; made when it is wanted, for it may be large."""
        return self.secrets.hide(_pretty(self.raw_body))

    @property
    def request_id(self) -> str:
        """What the server calls this request, "" if it does not say."""
        return next((self.answer_headers[name] for name in REQUEST_IDS if name in self.answer_headers), "")

    @property
    def answer_end(self) -> str:
        """The end of the answer as it came, without secrets. Where its beginning is not kept, nothing near the cut is
        shown: a secret may have been cut as well."""
        text = without(bytes(self._end), self.secrets).decode("utf-8", "replace")
        return text[SHOWN if self.received > len(self._end) else 0 :][-SHOWN:].strip("\n")

    @property
    def is_stream(self) -> bool:
        """Whether the answer came event by event."""
        kind = self.answer_headers.get("content-type", "").partition(";")[0].strip()
        return kind in ("text/event-stream", "application/x-ndjson", "application/jsonl")

    def told(self, *, raw: bool = False) -> Iterator[str]:
        """The lines that /last shows; a stream in short, but for ``raw``."""
        yield f"{self.method} {self.url}" + (f", by way of {self.route.proxy}" if self.route.proxy else "")
        yield from (f"  {name}: {value}" for name, value in self.headers.items())
        yield f"  {len(self.raw_body)} bytes" if self.raw_body else "  no body"
        yield from _indented(_shortened(self.body))
        yield f"{self.status or 'no answer'}{' · ' + self.failure if self.failure else ''}"
        yield from (f"  {name}: {value}" for name, value in self.answer_headers.items())
        if self.received and self.is_stream and not raw:
            yield f"  a stream of {self.received:,} bytes in {self.events:,} events; /last --raw shows its end"
            yield from _indented(_last_event(self.answer_end))
        elif self.received:
            yield f"  {self.received} bytes" + (", which end with" if self.received > SHOWN else "")
            yield from _indented(self.answer_end)
        times = [f"first byte after {self.first - self.asked:.2f} s"] if self.first is not None else []
        times += [f"over after {self.over - self.asked:.2f} s"] if self.over is not None else []
        if times:
            yield " · ".join(times)
        if self.request_id:
            yield f"request {self.request_id}"

    def curl(self) -> str:
        """A command for a POSIX shell that asks the same; a secret is a variable that has to be set."""
        parts = ["curl -sS -N" + ("" if self.method == "POST" and self.raw_body else f" -X {self.method}")]
        parts += [_quoted(self.url, self.key_name)]
        parts += [f"{flag} {shlex.quote(value)}" for flag, value in _route_flags(self.route)]
        parts += ["-k"] if self.route.tls and not self.route.verify else []
        for name, value in self.headers.items():
            if name.lower() not in _OWN:
                parts.append(f"-H {_quoted(f'{name}: {value}', self._variable(name))}")
        if self.raw_body:
            parts.append(f"--data-raw {shlex.quote(self.body)}")
        return " \\\n  ".join(parts)

    def _variable(self, header: str) -> str:
        """The variable for the secret in that header: the key's own where dialects put the key, if it has one."""
        key_headers = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
        if self.key_name and header.lower() in key_headers:
            return self.key_name
        return "API_KEY" if header.lower() == "authorization" else re.sub(r"\W", "_", header).upper()


_EVENT = re.compile(rb"[\r\n](?:data:|\{)")


def _last_event(end: str) -> str:
    """The last event of a stream that says something, as text to read."""
    lines = [line.removeprefix("data:").strip() for line in end.splitlines() if line.startswith(("data:", "{"))]
    return next((_pretty(line.encode()) for line in reversed(lines) if line.startswith("{")), "")


def _indented(text: str) -> Iterator[str]:
    return (f"  {line}" for line in text.splitlines())


def _shortened(text: str) -> str:
    """The text, without the middle of a long one."""
    left_out = len(text) - 2 * SHOWN
    return text if left_out <= 0 else f"{text[:SHOWN]}\n({left_out} characters left out)\n{text[-SHOWN:]}"


def _route_flags(way: Route) -> Iterator[tuple[str, str]]:
    flags = {
        "--proxy": way.proxy,
        "--cacert": way.ca_file,
        "--cert": way.client_cert,
        "--key": way.client_key,
    }
    return ((flag, value) for flag, value in flags.items() if value)


def _quoted(text: str, variable: str) -> str:
    """The text quoted for the shell, with the variable in the place of what is hidden in it."""
    if HIDDEN not in text:
        return shlex.quote(text)
    escaped = (re.sub(r'(["\\$`])', r"\\\1", piece) for piece in text.split(HIDDEN))
    return '"' + f"${variable or 'API_KEY'}".join(escaped) + '"'


def _pretty(body: bytes) -> str:
    """A body as text to read: JSON over several lines."""
    text = body.decode("utf-8", "replace")
    value = parsed(text)
    return text if value is None else json.dumps(value, ensure_ascii=False, indent=1)
