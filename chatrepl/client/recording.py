"""Exchanges written to a folder without secrets, and answers played from such a folder without a network.

``NAME.request``  method, URL, headers and body, as JSON
``NAME.http``     status line, headers, blank line, body: as the captures of the tests are
``NAME.times``    when the pieces of the body came and how long they were; the error if the connection broke
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from chatrepl import files
from chatrepl.client.inflating import plain
from chatrepl.client.questions import parsed, question_in
from chatrepl.client.redacting import without
from chatrepl.config.place import Replay
from chatrepl.errors import BrokenReply, ConfigError
from chatrepl.files import reading
from chatrepl.text import safe, urls
from chatrepl.text.redaction import HIDDEN, Secrets, is_secret
from chatrepl.text.shapes import decoded

OF_THE_WIRE = ("content-length", "transfer-encoding")
"""Headers that say how the bytes go: nobody's choice in a request, and not true any more of a body in a file."""

LONGEST = 1e6
"""No piece of an answer came after so many seconds."""

PAUSE = 120.0
"""The longest that a recording is waited for between two pieces, in seconds, whatever it says."""

MOST = 32 * 2**20
"""So many bytes of an answer are recorded; what is longer counts as broken off."""

OF_A_PIECE = 100
"""So many bytes a piece takes beside its own."""

TOO_LONG = "ReadError"
"""What a replay raises where an answer went on that was not recorded any further."""


def shown_headers(headers: httpx.Headers, secrets: Secrets, *, of_request: bool) -> dict[str, str]:
    """The headers without secrets. In an answer only cookies are secret by their name."""
    found = {}
    for name, value in headers.items():
        if is_secret(name, value) if of_request else "cookie" in name:
            scheme, space, _ = value.rpartition(" ")
            value = f"{scheme if scheme.isalpha() else ''}{space}{HIDDEN}".strip()
        found[secrets.hide(name)] = secrets.hide(value)
    return found


class Recorder(httpx.BaseTransport):
    """A transport that writes down what goes through it."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        folder: Path,
        secrets: Secrets,
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``warn`` is told, once, if an answer cannot be written, which takes it from nobody."""
        self._inner = inner
        self._clock = clock
        self._warn = warn
        self._warned = False
        self._folder = folder
        self._secrets = secrets

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        place = self._claimed(request)
        began = self._clock()
        try:
            answer = self._inner.handle_request(request)
        except httpx.TransportError as error:
            self._keep(place, None, [], type(error).__name__, str(error))
            raise
        stream = answer.stream
        assert isinstance(stream, httpx.SyncByteStream)
        answer.stream = _Recorded(
            stream, lambda: self._clock() - began, lambda pieces, broke: self._keep(place, answer, pieces, broke)
        )
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

    def _keep(
        self, place: Path, answer: httpx.Response | None, pieces: list[tuple[float, bytes]], broke: str, said: str = ""
    ) -> None:
        """Write what came of an answer, or why none came."""
        try:
            if answer:
                pieces = self._kept(place, answer, pieces)
            times = {"pieces": [[round(at, 4), len(piece)] for at, piece in pieces], "broke": broke, "said": said}
            self._write(place.with_suffix(".times"), times)
        except OSError as error:
            if not self._warned:
                self._warned = True
                self._warn(f"The answer cannot be recorded in {self._folder}: {error.strerror}")

    def _kept(
        self, place: Path, answer: httpx.Response, pieces: list[tuple[float, bytes]]
    ) -> list[tuple[float, bytes]]:
        """The pieces of the body as it was written."""
        body = b"".join(piece for _, piece in pieces)
        untrue: tuple[str, ...] = OF_THE_WIRE
        packed = answer.headers.get("content-encoding", "")
        if packed and (unpacked := _unpacked(packed, body)) is not None:
            body, pieces, untrue = unpacked, [], (*OF_THE_WIRE, "content-encoding")
        kept = [(name, value) for name, value in answer.headers.multi_items() if name not in untrue]
        shown = shown_headers(httpx.Headers(kept), self._secrets, of_request=False)
        head = [f"HTTP/1.1 {answer.status_code} {self._secrets.hide(answer.reason_phrase)}".rstrip()]
        head += [f"{name}: {value}" for name, value in shown.items()]
        whole = "\n".join(head).encode("utf-8", "replace") + b"\n\n" + without(body, self._secrets)
        files.write(place.with_suffix(".http"), whole)
        return pieces

    def _write(self, path: Path, data: object, *, force: bool = True) -> None:
        text = self._secrets.hide(json.dumps(data, ensure_ascii=False, indent=None if "times" in path.suffix else 2))
        files.write(path, f"{text}\n".encode("utf-8", "replace"), force=force)


class _Recorded(httpx.SyncByteStream):
    def __init__(
        self,
        inner: httpx.SyncByteStream,
        elapsed: Callable[[], float],
        keep: Callable[[list[tuple[float, bytes]], str], None],
    ) -> None:
        self._inner = inner
        self._elapsed = elapsed
        self._keep = keep
        self._pieces: list[tuple[float, bytes]] = []
        self._left = MOST
        self._broke = ""
        self._kept = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._inner:
                if self._left > 0:
                    self._pieces.append((self._elapsed(), piece[: self._left]))
                self._left -= len(piece) + OF_A_PIECE
                if self._left < 0:
                    self._broke = TOO_LONG
                yield piece
        except httpx.TransportError as error:
            self._broke = type(error).__name__
            raise

    def close(self) -> None:
        self._inner.close()
        if not self._kept:
            self._kept = True
            self._keep(self._pieces, self._broke)


def _unpacked(encoding: str, body: bytes) -> bytes | None:
    """The body unpacked, None where it is damaged or would be too large."""
    unpacked = bytearray()
    try:
        for piece in plain([body], encoding):
            unpacked += piece
            if len(unpacked) > MOST:
                return None
    except httpx.DecodingError:
        return None
    return bytes(unpacked)


class ReplayTransport(httpx.BaseTransport):
    """A transport that answers from a folder: each request gets the next recorded answer to one of its method. That it
    answers another question is told."""

    def __init__(
        self, place: Replay, sleep: Callable[[float], None] = time.sleep, warn: Callable[[str], object] = str
    ) -> None:
        self._folder = place.folder
        self._warn = warn
        self._sleep = sleep if place.paced else lambda _seconds: None
        self._coming = [_Recording(path) for path in recorded(place.folder)]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = next((each for each in self._coming if each.method == request.method), None)
        if not found:
            raise BrokenReply(
                f"The recording in {self._folder} holds no further answer to a {request.method}", "It is over."
            )
        self._coming.remove(found)
        asked, recorded_one = question_in(parsed(request.read())), found.question
        if recorded_one and asked and asked != recorded_one:
            self._warn(f"The recording answers another question: {safe.line(recorded_one, 60)!r}")
        status, headers, pieces = found.answer()
        return httpx.Response(status, headers=headers, stream=_Replayed(pieces, self._sleep))


def recorded(folder: Path) -> list[Path]:
    """The exchanges in a folder, in their order, each by its path without a suffix."""
    names = {path.with_suffix("") for suffix in (".http", ".times") for path in folder.glob(f"*{suffix}")}
    if not names:
        raise ConfigError(f"{folder} holds no recording", "chatrepl --record DIR makes one.")
    return sorted(names)


def recorded_request(place: Path) -> dict[str, Any]:
    """The request of an exchange as it was written, with POST alone where none is there."""
    try:
        data = decoded(reading.bounded(place.with_suffix(".request"), 2 * MOST))
        return data if isinstance(data, dict) else {"method": "POST"}
    except (OSError, ValueError):
        return {"method": "POST"}


class _Recording:
    """What was written of one exchange. It may be anybody's: what makes no sense is a ConfigError."""

    def __init__(self, place: Path) -> None:
        self._place = place
        asked = recorded_request(place)
        self.method = asked.get("method", "POST")
        self.question = question_in(asked.get("body"))

    def answer(self) -> tuple[int, list[tuple[bytes, bytes]], Iterator[tuple[float, bytes]]]:
        """Status, headers, and the pieces of the body, each with the seconds since the request.

        An answer that never came raises what was raised then.
        """
        try:
            sizes, broke = self._times()
            if not (whole := self._whole("http")):
                raise broke or httpx.ReadError("")
            head, body = (*re.split(rb"\r?\n\r?\n", whole, maxsplit=1), b"")[:2]
            first, *lines = (line.rstrip(b"\r") for line in head.split(b"\n"))
            pairs = [(name, value) for name, colon, value in (line.partition(b": ") for line in lines) if colon]
            kept = [(name, value) for name, value in pairs if name.lower().decode("latin-1") not in OF_THE_WIRE]
            return int(first.split()[1]), kept, _pieces(body, sizes, broke)
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise ConfigError(f"{self._place}.http is no recording", "chatrepl --record DIR makes one.") from None

    def _times(self) -> tuple[list[tuple[float, int]], httpx.TransportError | None]:
        """When the pieces came and how long they are, and what broke the connection."""
        told = decoded(self._whole("times") or "{}")
        sizes = [(float(at), int(size)) for at, size in told.get("pieces", [])]
        if not all(at < LONGEST for at, _ in sizes):
            raise ValueError("no time that anybody waits for")
        if not told.get("broke"):
            return sizes, None
        kind = getattr(httpx, told["broke"], None)
        if not (isinstance(kind, type) and issubclass(kind, httpx.TransportError)):
            kind = httpx.ReadError
        return sizes, kind(told.get("said", ""))

    def _whole(self, suffix: str) -> bytes:
        """The bytes of one of its files, none where it is not there."""
        try:
            return reading.bounded(self._place.with_suffix(f".{suffix}"), 2 * MOST)
        except FileNotFoundError:
            return b""


def _pieces(
    body: bytes, sizes: list[tuple[float, int]], broke: httpx.TransportError | None
) -> Iterator[tuple[float, bytes]]:
    start = 0
    for at, size in sizes:
        yield at, body[start : start + size]
        start += max(0, size)
    yield 0.0, body[start:]
    if broke:
        raise broke


class _Replayed(httpx.SyncByteStream):
    def __init__(self, pieces: Iterator[tuple[float, bytes]], sleep: Callable[[float], None]) -> None:
        self._pieces = pieces
        self._sleep = sleep

    def __iter__(self) -> Iterator[bytes]:
        now = 0.0
        for at, piece in self._pieces:
            self._sleep(min(max(0.0, at - now), PAUSE))
            now = max(now, at)
            if piece:
                yield piece
