"""Bytes into frames: server-sent events and JSON lines, however the network cut them.

The rules are the WHATWG "event stream" ones, with what real servers need on top: a stream that ends without its
last blank line is still delivered, and text that is no event at all is delivered as a frame named ``stray``, for
it is where some servers put their errors. Lines end at CR, LF or CRLF and nowhere else: ``splitlines()`` on text
also cuts at U+2028 and U+0085, which may stand raw inside a JSON string.
"""

from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from chatrepl.errors import BrokenReply

MAX_EVENT = 32 * 2**20
"""The longest line, and the longest event, in characters. The largest seen in the field are images of a few MB."""

STRAY = "stray"
"""The name of a frame that holds text outside of any event."""


class Frame(NamedTuple):
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
    if text and not text.isspace():
        yield Frame(text, event)


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines, without their ends, each as soon as its end has come; then what stands after the last end.

    A lone CR ends its line at once, so that the last event of a CR-only stream is not held back; an LF that then
    comes first in the next chunk belongs to it.
    """
    begun: list[str] = []  # the pieces of a line whose end has not come
    size = 0
    after_cr = False
    for text in _decoded(chunks):
        if after_cr:
            text = text.removeprefix("\n")
        after_cr = text.endswith("\r")
        first, *others = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if first:
            begun.append(first)
            size += len(first)
        if others:
            yield "".join(begun)
            *complete, rest = others
            yield from complete
            begun, size = [rest] if rest else [], len(rest)
        if size > MAX_EVENT:
            raise _too_long()
    if begun:
        yield "".join(begun)


def _decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    """UTF-8 with U+FFFD for what is not, and never an empty text; a byte order mark at the very start is dropped."""
    decoder = getincrementaldecoder("utf-8-sig")("replace")
    for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def _too_long() -> BrokenReply:
    return BrokenReply(
        f"The server sent a line of more than {MAX_EVENT // 2**20} MiB", "That is no chat stream: check the base URL."
    )
