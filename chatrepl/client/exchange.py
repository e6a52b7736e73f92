"""The last exchange with a server, without secrets: what /last shows, and the same as a curl command."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chatrepl.client.routes import Route
from chatrepl.redaction import HIDDEN, Secrets

REQUEST_IDS = tuple("x-request-id request-id x-generation-id x-litellm-call-id apim-request-id x-ms-request-id".split())
"""The headers in which servers name a request, for whoever asks their support."""

_OWN = {"host", "connection", "content-length", "accept", "accept-encoding", "user-agent"}
"""The request headers that curl makes itself."""


@dataclass(slots=True)
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

    @property
    def body(self) -> str:
        """The body as text to read, without secrets; made when it is wanted, for it may be large."""
        return self.secrets.hide(_pretty(self.raw_body))

    @property
    def request_id(self) -> str:
        """What the server calls this request, "" if it does not say."""
        return next((self.answer_headers[name] for name in REQUEST_IDS if name in self.answer_headers), "")

    def told(self) -> Iterator[str]:
        """The lines that /last shows."""
        yield f"{self.method} {self.url}" + (f", by way of {self.route.proxy}" if self.route.proxy else "")
        yield from (f"  {name}: {value}" for name, value in self.headers.items())
        yield f"  {len(self.raw_body)} bytes" if self.raw_body else "  no body"
        yield f"{self.status or 'no answer'}{' · ' + self.failure if self.failure else ''}"
        yield from (f"  {name}: {value}" for name, value in self.answer_headers.items())
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
        """The variable for the secret in that header: the key's own where dialects put the key."""
        key_headers = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
        return (self.key_name if header.lower() in key_headers else "") or re.sub(r"\W", "_", header).upper()


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
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    except ValueError:
        return text
