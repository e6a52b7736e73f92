"""What a server answered, of whatever kind, into events or into one error that helps."""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from json.encoder import encode_basestring_ascii

from chatrepl.config.config import Profile
from chatrepl.dialects import complaints
from chatrepl.dialects.dialect import Dialect, ModelInfo
from chatrepl.dialects.failures import cut_short, parse
from chatrepl.dialects.framing import MAX_EVENT, STRAY, json_lines, sse
from chatrepl.dialects.hints import hint
from chatrepl.dialects.surrogates import joined
from chatrepl.dialects.thinking import apart, parted
from chatrepl.errors import BrokenReply, Hint, Refused
from chatrepl.events import Certainty, Choice, Event, Media, Search, Source, Text, Thinking, ToolCallPiece
from chatrepl.text.shapes import all_decoded, dig, parsed

_STREAMS = ("text/event-stream", "application/x-ndjson", "application/ndjson", "application/jsonl")
_FIELDS = (b"data:", b"event:", b"error:", b"id:", b"retry:", b":")
"""What a stream of events begins with, and no JSON does."""

PLAIN = ("", "identity")
"""The encodings of a body that is read: no other one is asked for."""

LONGEST = 64 * 2**20
"""So many bytes of a reply are kept."""

OF_AN_EVENT = 200
"""So many bytes an event takes, whatever it says."""

OF_AN_ERROR = 2 * 2**20
"""So many bytes of an error are read."""

NOT_ASKED_FOR = "Whatever stands between here and the server should not compress what it sends."


def read(
    dialect: Dialect,
    profile: Profile,
    status: int,
    headers: Mapping[str, str],
    chunks: Iterable[bytes],
    *,
    stream: bool,
) -> Iterator[Event]:
    """The events of an answer with that status, these headers (names in lower case) and this body.

    The first bytes decide whether it is a stream, not what was asked for and not what it is called: some servers
    answer in one piece all the same, and some call the one by the name of the other. Where they do not tell, the
    content type does.
    """
    unreadable = _unreadable(headers)
    if status >= 300:
        raise refused(dialect, profile, status, headers, unreadable.encode() or beginning(chunks))
    if unreadable:
        raise BrokenReply(unreadable, NOT_ASKED_FOR)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    streams = kind in _STREAMS or (stream and not kind.endswith("json"))
    try:
        begun, chunks = _begun(chunks)
        if begun.startswith(_FIELDS):
            events = dialect.decode(sse(chunks))
        elif begun[:1] in (b"{", b"["):
            events = _json(dialect, chunks)
        elif streams and not begun:  # not a single word
            raise cut_short()
        elif streams:
            events = dialect.decode(dialect.framing(chunks))
        else:
            events = _parted(dialect.decode_whole(parse(body(chunks))))
        yield from apart(joined(events))
    except Refused as error:  # told inside a good answer
        name = f"{error.status} {_PHRASES.get(error.status, '')}".rstrip() if error.status != 200 else "an error"
        error.args = (f"{profile.called or 'The server'} reports {name}: {error.said}",)
        error.hint = hint(error.status, error.said, profile) or error.hint
        raise


def _unreadable(headers: Mapping[str, str]) -> str:
    """Why nobody here can read the body, "" if that can be done. No encoding was asked for."""
    packed = headers.get("content-encoding", "").strip().lower()
    return f"The reply is compressed ({packed[:40]}), which was not asked for" if packed not in PLAIN else ""


def _begun(chunks: Iterable[bytes]) -> tuple[bytes, Iterable[bytes]]:
    """The first bytes of a body, enough to tell what it is, without the blanks before them; and the whole body."""
    chunks, begun = iter(chunks), b""
    for chunk in chunks:
        begun += chunk
        rest = begun[:4096].removeprefix(BOM_UTF8).lstrip()
        early = not rest or any(field.startswith(rest) for field in _FIELDS) or BOM_UTF8.startswith(begun)
        if not early or len(begun) > 4096:
            break
    return begun[:4096].removeprefix(BOM_UTF8).lstrip(), chain([begun], chunks)


def _json(dialect: Dialect, chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a body that begins as JSON does: lines of it, if the first is one of a protocol that has lines
    and is not the last; else one value, or several that should have been events."""
    if dialect.framing is json_lines:
        begun, chunks = _first_line(chunks)
        if dig(parsed(begun), "done") is False:
            return dialect.decode(dialect.framing(chunks))
    return _whole(dialect, body(chunks))


def _first_line(chunks: Iterable[bytes]) -> tuple[bytes, Iterable[bytes]]:
    """The first line of a body that is not blank; and the whole body."""
    chunks, begun = iter(chunks), bytearray()
    for chunk in chunks:
        begun += chunk
        if (b"\n" in chunk and b"\n" in begun.lstrip()) or len(begun) > MAX_EVENT:
            break
    return bytes(begun).lstrip().partition(b"\n")[0], chain([bytes(begun)], chunks)


def _whole(dialect: Dialect, whole: bytes) -> Iterator[Event]:
    """The events of a body that is JSON: one value, or several that should have been events."""
    try:
        values = all_decoded(whole)
    except ValueError:
        values = []
    frames = [*dialect.framing([whole])] if len(values) != 1 else []
    if len(values) > 1 or any(frame.event != STRAY for frame in frames[:-1]):
        return dialect.decode(frames)
    return _parted(dialect.decode_whole(parse(whole)))


def _parted(events: Iterable[Event]) -> Iterator[Event]:
    """The events of a reply in one piece, with its reasoning apart where only the end of that is marked."""
    for event in events:
        if isinstance(event, Text):
            thought, said = parted(event.text)
            yield from [Thinking(thought)] * bool(thought)
            yield from [Text(said)] * bool(said)
        else:
            yield event


def read_models(
    dialect: Dialect, profile: Profile, status: int, headers: Mapping[str, str], chunks: Iterable[bytes]
) -> list[ModelInfo]:
    """The models in an answer to the request for them."""
    if unreadable := _unreadable(headers):
        raise BrokenReply(unreadable, NOT_ASKED_FOR)
    if status >= 300:
        error = refused(dialect, profile, status, headers, beginning(chunks))
        if status in (404, 405, 501):
            error.hint = _NO_LIST
        raise error
    return dialect.decode_models(parse(body(chunks))) if dialect.decode_models else []


_NO_LIST = Hint(
    "It may have no list of models: -m NAME names one. Or check the base URL.",
    "It may have no list of models: /model NAME names one all the same. Or check the base URL.",
)


def limited(events: Iterable[Event]) -> Iterator[Event]:
    """The events of a reply up to a length that no model means; what is longer is a BrokenReply there."""
    written = characters = 0
    widest = 1
    for event in events:
        if type(event) is Text:  # all of it is one text in the end, as wide as its widest character
            characters += len(event.text)
            if not event.text.isascii():
                widest = max(widest, _width(event.text))
        written += _size(event)
        if written > LONGEST or characters * widest > LONGEST:
            raise BrokenReply(f"The reply is longer than {LONGEST // 2**20} MiB; it is kept up to there")
        yield event


def _size(event: Event) -> int:
    """About how many bytes a session's file needs for it: pieces of texts are joined, others are not."""
    if type(event) is Text and event.text.isascii() and event.text.isprintable():  # as most are
        return len(event.text)
    match event:
        case Choice(_, event):
            return _size(event)
        case Text(text) | Thinking(text, ""):
            return len(encode_basestring_ascii(text)) - 2
        case Thinking(text, signature):
            return 6 * len(text) + len(signature) + OF_AN_EVENT
        case ToolCallPiece():
            return 6 * len(event.arguments) + len(event.name) + len(event.id) + OF_AN_EVENT
        case Source(url, title):
            return 6 * (len(url) + len(title)) + OF_AN_EVENT
        case Search(query):
            return 6 * len(query) + OF_AN_EVENT
        case Certainty(token, _, others):
            return len(token) + sum(len(other) + OF_AN_EVENT for other, _ in others) + OF_AN_EVENT
        case Media():
            return len(event.data) + OF_AN_EVENT
    return OF_AN_EVENT


def _width(text: str) -> int:
    """How many bytes Python takes for each character of a text that is not ASCII."""
    return 4 if len(text.encode("utf-16-le", "surrogatepass")) > 2 * len(text) else 2


def beginning(chunks: Iterable[bytes]) -> bytes:
    """The body of an error, of a long one the beginning, in which it says what is wrong."""
    begun = bytearray()
    for chunk in chunks:
        begun += chunk
        if len(begun) > OF_AN_ERROR:
            break
    return bytes(begun)


def body(chunks: Iterable[bytes]) -> bytes:
    """The whole body, up to the bound that an event of a stream has too."""
    pieces: list[bytes] = []
    size = 0
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size > MAX_EVENT:
            raise BrokenReply(f"The server's reply is larger than {MAX_EVENT // 2**20} MiB", "Check the base URL.")
    return b"".join(pieces)


def refused(dialect: Dialect, profile: Profile, status: int, headers: Mapping[str, str], whole: bytes) -> Refused:
    """The error of an answer that is not 2xx: the status in words, what the server says, and what to try."""
    said = dialect.error_text(status, headers, whole)
    if 300 <= status < 400:
        said = f"redirects to {headers.get('location', 'nowhere')}, which is not followed: the key is for this host"
    name = _PHRASES.get(status, "")
    line = f"{profile.called or 'The server'} answered {status} {name}".rstrip()
    if said.removeprefix(f"{status} ") != name:
        line = f"{line}: {said}" if said else line
    value = complaints.value_of(whole)
    return Refused(
        line,
        hint(status, said, profile),
        status=status,
        said=said,
        parameter=complaints.parameter(value),
        code=" ".join(complaints.words(value)),
        wait=complaints.wait(value),
        headers=dict(headers),
    )


_PHRASES = {
    301: "Moved Permanently",
    302: "Found",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    529: "Overloaded",
}
"""RFC 9110's words, and Anthropic's; Python's own table changes from version to version."""
