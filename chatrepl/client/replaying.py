"""Answers played from a folder without a network: what ``recording`` wrote, or anybody else."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from chatrepl.client.http import httpx
from chatrepl.client.recording import OF_THE_WIRE
from chatrepl.config.place import Replay
from chatrepl.errors import BrokenReply, ConfigError
from chatrepl.files import reading
from chatrepl.text import safe
from chatrepl.text.shapes import decoded, parsed, table

LONGEST = 1e6
"""No piece of an answer came after so many seconds."""

READ = 64 * 2**20
"""The most bytes of a file of a recording."""

PAUSE = 120.0
"""The longest that a recording is waited for between two pieces, in seconds, whatever it says."""


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
    with suppress(OSError):
        return table(parsed(reading.bounded(place.with_suffix(".request"), READ))) or {"method": "POST"}
    return {"method": "POST"}


_SAID = ("content", "text", "input", "prompt", "parts", "contents", "messages", "input_text")
"""Where what was said stands in requests of any dialect."""


def question_in(body: object) -> str:
    """The last text that was said in a request, "" where none is found."""
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return next(filter(None, (question_in(each) for each in reversed(body))), "")
    if isinstance(body, dict):
        return next(filter(None, (question_in(body[name]) for name in _SAID if name in body)), "")
    return ""


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
            return reading.bounded(self._place.with_suffix(f".{suffix}"), READ)
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
