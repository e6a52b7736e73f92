"""Bytes into frames: server-sent events and JSON lines, however the network cut them.

The rules are the WHATWG "event stream" ones, with what real servers need on top: a stream that ends without its
last blank line is still delivered, and text that is no event at all is delivered as a frame named ``stray``, for
it is where some servers put their errors. Lines end at CR, LF or CRLF and nowhere else: ``splitlines()`` on text
also cuts at U+2028 and U+0085, which may stand raw inside a JSON string.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from chatrepl.errors import BrokenReply

MAX_EVENT = 32 * 2**20
"""The longest line, and the longest event, in characters. The largest seen in the field are images of a few MB."""

OF_A_LINE = 32
"""So many characters a line of an event counts for at least: it is kept, and may be empty."""

STRAY = "stray"
"""The name of a frame that holds text outside of any event."""


class Frame(NamedTuple):
    """One message of a stream: its text, and the event name where the framing has one."""

    data: str
    event: str = ""


Framing = Callable[[Iterable[bytes]], Iterator[Frame]]


def sse(chunks: Iterable[bytes]) -> Iterator[Frame]:
    """The frames of a stream of server-sent events. Frames whose data is blank are left out.

    Beyond the rules: a JSON text that is whole ends its event when the next field comes, for some servers put one
    newline between events; and a line that is no field goes on with a JSON text that is not, for some put newlines
    into its strings as they are.
    """
    data, stray, event, alone = _Held(), _Held(), "", ""
    for line in _lines(chunks):
        if alone and not line:
            yield Frame(alone, event)
            alone = event = ""
            continue
        if alone:
            data.add(alone)
            alone = ""
        elif line.startswith("data: {") and data.empty and _is_plainly_whole(line):  # as nearly all are
            alone = line[6:]
            continue
        name, _, value = line.partition(":")
        value, is_field = value.removeprefix(" "), bool(line) and name in _FIELDS
        if data.begun and not (data.whole or is_field):
            data.go_on(line)
        elif not line:
            yield from data.taken(event)
            event = ""
        elif not is_field:
            stray.add(line)
        elif name == "error":  # older llama.cpp: a field of that name instead of an event
            yield from _frame(value, "error")
        elif name in ("data", "event"):
            if data.ends_before(value):
                yield from data.taken(event)
            if name == "data":
                data.add(value)
            else:
                event = value
    if alone:
        data.add(alone)
    yield from data.taken(event)
    yield from stray.taken(STRAY)


_FIELDS = ("data", "event", "error", "id", "retry", "")
"""The names of the fields; "" is that of a comment."""


def json_lines(chunks: Iterable[bytes]) -> Iterator[Frame]:
    """The frames of a stream with one JSON text a line, or over several lines. Blank lines are left out."""
    held = _Held()
    for line in _lines(chunks):
        held.add(line)
        if held.whole or not held.begun:
            yield from held.taken("")
    yield from held.taken("")


class _Held:
    """The lines of a text that is still coming."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._lines: list[str] = []
        self.begun = False
        """Whether it begins as JSON does."""
        self._size = self._depth = 0
        self._quoted = False
        self._blanks = 0  # the blank lines after it: they stand in a string, or it was cut short

    @property
    def empty(self) -> bool:
        """Whether nothing of it has come."""
        return not self._lines

    @property
    def whole(self) -> bool:
        """Whether each bracket and each quote is closed."""
        return self._depth <= 0 and not self._quoted

    def ends_before(self, value: str) -> bool:
        """Whether it is over when that field comes, though it was not ended by a blank line."""
        if not self.begun:
            return value[:1] == "{"
        return self.whole or bool(self._blanks)

    def go_on(self, line: str) -> None:
        """Take a line in that is no field, or blank."""
        if not line:
            self._blanks += 1
            return
        for _ in range(self._blanks):
            self.add("")
        self._blanks = 0
        self.add(line)

    def add(self, line: str) -> None:
        """Take a line in."""
        if not self._lines:
            self.begun = line.lstrip()[:1] in ("{", "[")
        self._lines.append(line)
        self._size += len(line) + OF_A_LINE
        if self._size > MAX_EVENT:
            raise _too_long()
        if self.begun and not (len(self._lines) == 1 and _is_plainly_whole(line)):
            outside, strings = _STRING.subn(r"\1", f'"{line}' if self._quoted else line)
            self._quoted = strings > outside.count('"')
            self._depth += outside.count("{") + outside.count("[") - outside.count("}") - outside.count("]")

    def taken(self, event: str) -> "tuple[Frame, ...]":
        """The text as a frame, unless it is blank; what comes next begins another."""
        if not self._lines:
            return ()
        text = self._lines[0] if len(self._lines) == 1 else "\n".join(self._lines)
        self._clear()
        return _frame(text, event)


_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+\\?("|\Z)', re.DOTALL)
"""A string of JSON, or the beginning of one that goes on in the next line."""


def _is_plainly_whole(line: str) -> bool:
    """Whether a line is a JSON object or array, as far as can be told without a look at each of its characters."""
    return line[-1:] in "}]" and not line.count('"') % 2 and line.count("{") == line.count("}")


def _frame(text: str, event: str) -> tuple[Frame, ...]:
    return (Frame(text, event),) if text and not text.isspace() else ()


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
