"""Exchanges written to a folder without secrets, and answers played from such a folder without a network.

``NAME.request``  method, URL, headers and body, as JSON
``NAME.http``     status line, headers, blank line, body: as the captures of the tests are
``NAME.times``    when the pieces of the body came and how long they were; the error if the connection broke
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from chatrepl import files, urls
from chatrepl.errors import BrokenReply, ConfigError
from chatrepl.redaction import HIDDEN, Secrets, is_secret

_OF_THE_WIRE = ("content-length", "transfer-encoding")
"""Headers that are not true any more of a body in a file."""


def shown_headers(headers: httpx.Headers, secrets: Secrets, *, of_request: bool) -> dict[str, str]:
    """The headers without secrets. In an answer only cookies are secret by their name."""
    found = {}
    for name, value in headers.items():
        if is_secret(name) if of_request else "cookie" in name:
            scheme, space, _ = value.rpartition(" ")
            value = f"{scheme if scheme.isalpha() else ''}{space}{HIDDEN}".strip()
        found[name] = secrets.hide(value)
    return found


class Recorder(httpx.BaseTransport):
    """A transport that writes down what goes through it."""

    def __init__(self, inner: httpx.BaseTransport, folder: Path, secrets: Secrets) -> None:
        self._inner = inner
        self._folder = folder
        self._secrets = secrets

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        place = self._claimed(request)
        began = time.monotonic()
        try:
            answer = self._inner.handle_request(request)
        except httpx.TransportError as error:
            self._write(place.with_suffix(".times"), {"pieces": [], "broke": type(error).__name__, "said": str(error)})
            raise
        stream = answer.stream
        assert isinstance(stream, httpx.SyncByteStream)
        answer.stream = _Recorded(stream, began, lambda pieces, broke: self._keep(place, answer, pieces, broke))
        return answer

    def close(self) -> None:
        self._inner.close()

    def _claimed(self, request: httpx.Request) -> Path:
        """The path of the next exchange, without a suffix; its request is written."""
        data: dict[str, Any] = {
            "method": request.method,
            "url": self._secrets.hide(urls.shown(str(request.url))),
            "headers": shown_headers(request.headers, self._secrets, of_request=True),
            "body": json.loads(self._secrets.hide_bytes(request.read()) or b"null"),
            **request.extensions.get("chatrepl", {}),
        }
        try:
            files.private_folder(self._folder)
            number = len(list(self._folder.glob("*.request"))) + 1
            while True:
                place = self._folder / f"{number:04}"
                try:
                    self._write(place.with_suffix(".request"), data, force=False)
                    return place
                except FileExistsError:
                    number += 1
        except OSError as error:
            raise ConfigError(f"Nothing can be recorded in {self._folder}: {error.strerror}") from None

    def _keep(self, place: Path, answer: httpx.Response, pieces: list[tuple[float, bytes]], broke: str) -> None:
        body = b"".join(piece for _, piece in pieces)
        untrue: tuple[str, ...] = _OF_THE_WIRE
        if "content-encoding" in answer.headers and (plain := _decoded(answer.headers, body)) is not None:
            body, pieces, untrue = plain, [], (*_OF_THE_WIRE, "content-encoding")
        kept = [(name, value) for name, value in answer.headers.multi_items() if name not in untrue]
        shown = shown_headers(httpx.Headers(kept), self._secrets, of_request=False)
        head = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}".rstrip()]
        head += [f"{name}: {value}" for name, value in shown.items()]
        whole = "\n".join(head).encode("utf-8", "replace") + b"\n\n" + self._secrets.hide_bytes(body)
        files.write(place.with_suffix(".http"), whole)
        times = {"pieces": [[round(at, 4), len(piece)] for at, piece in pieces], "broke": broke}
        self._write(place.with_suffix(".times"), times)

    def _write(self, path: Path, data: object, *, force: bool = True) -> None:
        text = self._secrets.hide(json.dumps(data, ensure_ascii=False, indent=None if "times" in path.suffix else 2))
        files.write(path, f"{text}\n".encode("utf-8", "replace"), force=force)


class _Recorded(httpx.SyncByteStream):
    def __init__(
        self, inner: httpx.SyncByteStream, began: float, keep: Callable[[list[tuple[float, bytes]], str], None]
    ) -> None:
        self._inner = inner
        self._began = began
        self._keep = keep
        self._pieces: list[tuple[float, bytes]] = []
        self._broke = ""
        self._kept = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._inner:
                self._pieces.append((time.monotonic() - self._began, piece))
                yield piece
        except httpx.TransportError as error:
            self._broke = type(error).__name__
            raise

    def close(self) -> None:
        self._inner.close()
        if not self._kept:
            self._kept = True
            self._keep(self._pieces, self._broke)


def _decoded(headers: httpx.Headers, body: bytes) -> bytes | None:
    """The body unpacked, None where it is damaged."""
    try:
        return httpx.Response(200, headers=headers, content=body).content
    except httpx.DecodingError:
        return None


class Replay(httpx.BaseTransport):
    """A transport that answers from a folder: each request gets the next recorded answer to one of its method."""

    def __init__(self, folder: Path, *, paced: bool = False, sleep: Callable[[float], None] = time.sleep) -> None:
        """``paced`` keeps the time that the pieces of an answer took."""
        self._folder = folder
        self._sleep = sleep if paced else lambda _seconds: None
        self._coming = [_Recording(path) for path in recorded(folder)]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = next((each for each in self._coming if each.method == request.method), None)
        if not found:
            raise BrokenReply(
                f"The recording in {self._folder} holds no further answer to a {request.method}", "It is over."
            )
        self._coming.remove(found)
        status, headers = found.head()
        return httpx.Response(status, headers=headers, stream=_Replayed(found, self._sleep))


def recorded(folder: Path) -> list[Path]:
    """The exchanges in a folder, in their order, each by its path without a suffix."""
    names = {path.with_suffix("") for suffix in (".http", ".times") for path in folder.glob(f"*{suffix}")}
    if not names:
        raise ConfigError(f"{folder} holds no recording", "chatrepl --record DIR makes one.")
    return sorted(names)


def recorded_request(place: Path) -> dict[str, Any]:
    """The request of an exchange as it was written, with POST alone where none is there."""
    try:
        data = json.loads(place.with_suffix(".request").read_text("utf-8"))
        return data if isinstance(data, dict) else {"method": "POST"}
    except (OSError, ValueError):
        return {"method": "POST"}


class _Recording:
    def __init__(self, place: Path) -> None:
        self._place = place
        self.method = recorded_request(place).get("method", "POST")
        try:
            self._times = json.loads(place.with_suffix(".times").read_text("utf-8"))
        except (OSError, ValueError):
            self._times = {}

    def head(self) -> tuple[int, list[tuple[str, str]]]:
        """Status and headers; an answer that never came raises what was raised then."""
        try:
            whole = self._place.with_suffix(".http").read_bytes()
        except OSError:
            raise self._error() from None
        head, _, self._body = whole.replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
        first, *lines = head.decode("utf-8", "replace").splitlines()
        pairs = [(name, value) for name, colon, value in (line.partition(": ") for line in lines) if colon]
        return int(first.split()[1]), [(name, value) for name, value in pairs if name.lower() not in _OF_THE_WIRE]

    def pieces(self) -> Iterator[tuple[float, bytes]]:
        """The pieces of the body, each with the seconds since the request."""
        rest = self._body
        for at, size in self._times.get("pieces", []):
            yield at, rest[:size]
            rest = rest[size:]
        yield 0.0, rest
        if self._times.get("broke"):
            raise self._error()

    def _error(self) -> httpx.TransportError:
        kind = getattr(httpx, self._times.get("broke", ""), None)
        if not (isinstance(kind, type) and issubclass(kind, httpx.TransportError)):
            kind = httpx.ReadError
        return kind(self._times.get("said", ""))


class _Replayed(httpx.SyncByteStream):
    def __init__(self, recording: _Recording, sleep: Callable[[float], None]) -> None:
        self._recording = recording
        self._sleep = sleep

    def __iter__(self) -> Iterator[bytes]:
        now = 0.0
        for at, piece in self._recording.pieces():
            self._sleep(max(0.0, at - now))
            now = max(now, at)
            if piece:
                yield piece
