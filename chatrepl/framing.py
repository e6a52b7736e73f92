"""Bytes into frames: server-sent events and JSON lines, however the network cut them.

The rules are the WHATWG "event stream" ones, with what real servers need on top: a stream that ends without its
last blank line is still delivered, and text that is no event at all is delivered as a frame named ``stray``, for
it is where some servers put their errors. Lines end at CR, LF or CRLF and nowhere else: ``splitlines()`` on text
also cuts at U+2028 and U+0085, which may stand raw inside a JSON string.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from chatrepl.errors import BrokenReply

MAX_EVENT = 32 * 2**20
"""The longest line, and the longest event, in bytes. The largest seen in the field are images of a few MB."""

STRAY = "stray"
"""The name of a frame that holds text outside of any event."""

_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of a stream: its text, and the event name where the framing has one."""

    data: str
    event: str = ""


Framing = Callable[[Iterable[bytes]], Iterator[Frame]]


def sse(chunks: Iterable[bytes]) -> Iterator[Frame]:
    """The frames of a stream of server-sent events. Frames whose data is blank are left out."""
    data: list[str] = []
    stray: list[str] = []
    event, size, strayed = "", 0, 0
    for line in _lines(chunks):
        size += len(line)
        if max(size, strayed) > MAX_EVENT:
            raise _too_long()
        if not line:
            yield from _frame(data, event)
            data, event, size = [], "", 0
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            event = value
        elif name == "error":  # older llama.cpp: a field of that name instead of an event
            yield from _frame([value], "error")
        elif name not in ("", "id", "retry"):
            stray.append(line)
            strayed += len(line)
    yield from _frame(data, event)
    yield from _frame(stray, STRAY)


def json_lines(chunks: Iterable[bytes]) -> Iterator[Frame]:
    """The frames of a stream with one JSON text a line. Blank lines are left out."""
    for line in _lines(chunks):
        yield from _frame([line], "")


def _frame(data: list[str], event: str) -> Iterator[Frame]:
    text = "\n".join(data)
    if text.strip():
        yield Frame(text, event)


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines, without their ends, each as soon as its end has come; then what stands after the last end.

    A lone CR ends its line at once, so that the last event of a CR-only stream is not held back; an LF that then
    comes first in the next chunk belongs to it.
    """
    begun: list[bytes] = []  # the pieces of a line whose end has not come
    size = 0
    swallow_lf = False
    decode = _decoder()
    for chunk in chunks:
        if swallow_lf and chunk:
            chunk = chunk.removeprefix(b"\n")
            swallow_lf = False
        if chunk.endswith(b"\r"):
            swallow_lf = True
        *complete, rest = _LINE_END.split(chunk)
        for line in complete:
            yield decode(b"".join((*begun, line)))
            begun, size = [], 0
        if rest:
            begun.append(rest)
            size += len(rest)
        if size > MAX_EVENT:
            raise _too_long()
    if begun:
        yield decode(b"".join(begun))


def _decoder() -> Callable[[bytes], str]:
    """UTF-8 with U+FFFD for what is not; a byte order mark before the very first line is dropped."""
    first = True

    def decode(line: bytes) -> str:
        nonlocal first
        text = line.decode("utf-8", "replace")
        if first:
            text = text.removeprefix("\ufeff")
            first = False
        return text

    return decode


def _too_long() -> BrokenReply:
    return BrokenReply(
        f"The server sent a line of more than {MAX_EVENT // 2**20} MiB", "That is no chat stream: check the base URL."
    )
