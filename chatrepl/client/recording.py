"""Exchanges written to a folder without secrets.

``NAME.request``  method, URL, headers and body, as JSON
``NAME.http``     status line, headers, blank line, body: as the captures of the tests are
``NAME.times``    when the pieces of the body came and how long they were; the error if the connection broke
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chatrepl import files
from chatrepl.client.http import httpx
from chatrepl.client.redacting import without
from chatrepl.errors import ConfigError
from chatrepl.text import urls
from chatrepl.text.redaction import HIDDEN, Secrets, is_secret

OF_THE_WIRE = ("content-length", "transfer-encoding")
"""Headers that say how the bytes go: nobody's choice in a request, and not true any more of a body in a file."""

MOST = 16 * 2**20
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
        """``warn`` is told, once, if an answer cannot be written, or not all of it, which takes it from nobody."""
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
        if sum(len(piece) + OF_A_PIECE for _, piece in pieces) > MOST:
            self._tell(f"Only the first {MOST // 2**20} MiB of the answer are recorded in {self._folder}")
        try:
            sizes = [[round(at, 4), len(piece)] for at, piece in pieces]
            if answer:
                self._kept(place, answer, pieces)
            times = {"pieces": sizes, "broke": broke, "said": said}
            self._write(place.with_suffix(".times"), times)
        except OSError as error:
            self._tell(f"The answer cannot be recorded in {self._folder}: {error.strerror}")

    def _tell(self, line: str) -> None:
        if not self._warned:
            self._warned = True
            self._warn(line)

    def _kept(self, place: Path, answer: httpx.Response, pieces: list[tuple[float, bytes]]) -> None:
        """Write the answer, whose pieces are gone then: they may be large."""
        body = b"".join(piece for _, piece in pieces)
        pieces.clear()
        kept = [(name, value) for name, value in answer.headers.multi_items() if name not in OF_THE_WIRE]
        shown = shown_headers(httpx.Headers(kept), self._secrets, of_request=False)
        head = [f"HTTP/1.1 {answer.status_code} {self._secrets.hide(answer.reason_phrase)}".rstrip()]
        head += [f"{name}: {value}" for name, value in shown.items()]
        body = without(body, self._secrets)
        files.write(place.with_suffix(".http"), "\n".join(head).encode("utf-8", "replace") + b"\n\n" + body)

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
