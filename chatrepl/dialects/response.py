"""What a server answered, of whatever kind, into events or into one error that helps."""

import json
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from chatrepl.config.config import Profile
from chatrepl.dialects.dialect import Dialect, ModelInfo
from chatrepl.dialects.failures import error_words, parse
from chatrepl.dialects.framing import MAX_EVENT, json_lines
from chatrepl.dialects.hints import hint
from chatrepl.dialects.thinking import apart, parted
from chatrepl.errors import BrokenReply, Refused
from chatrepl.events import Event, Text, Thinking
from chatrepl.text.shapes import dig, text

_STREAMS = ("text/event-stream", "application/x-ndjson", "application/ndjson", "application/jsonl")
_FIELDS = (b"data:", b"event:", b"error:", b"id:", b"retry:", b":")
"""What a stream of events begins with, and no JSON does."""


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

    The content type decides whether it is a stream, not what was asked for: some servers answer in one piece all the
    same. A content type that tells neither is believed to be what was asked for, and of one that says JSON the first
    bytes are looked at: some servers call a stream so.
    """
    if status >= 300:
        raise refused(dialect, profile, status, headers, body(chunks))
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        streams = kind in _STREAMS or (stream and not kind.endswith("json"))
        if not streams:
            streams, chunks = _looked_at(dialect, chunks)
        if streams:
            yield from apart(dialect.decode(dialect.framing(chunks)))
        else:
            yield from apart(_parted(dialect.decode_whole(parse(body(chunks)))))
    except Refused as error:  # told inside a good answer
        helps = hint(error.status, error.said, profile) or error.hint
        name = f"{error.status} {_PHRASES.get(error.status, '')}".rstrip() if error.status != 200 else "an error"
        line = f"{profile.name or 'The server'} reports {name}: {error.said}"
        raise Refused(line, helps, status=error.status, said=error.said, code=error.code) from None


def _parted(events: Iterable[Event]) -> Iterator[Event]:
    """The events of a reply in one piece, with its reasoning apart where only the end of that is marked."""
    for event in events:
        if isinstance(event, Text):
            thought, said = parted(event.text)
            yield from [Thinking(thought)] * bool(thought)
            yield from [Text(said)] * bool(said)
        else:
            yield event


def _looked_at(dialect: Dialect, chunks: Iterable[bytes]) -> tuple[bool, Iterable[bytes]]:
    """Whether a body is a stream that is not called one, by as few of its first bytes as tell; and the whole body."""
    chunks, begun, streams = iter(chunks), bytearray(), None
    for chunk in chunks:
        begun += chunk
        streams = _is_line(begun) if dialect.framing is json_lines else _is_event(bytes(begun[:1000]))
        if streams is not None:
            break
    return bool(streams), chain([bytes(begun)], chunks)


def _is_event(begun: bytes) -> bool | None:
    """Whether that is the beginning of a stream of events; None where it is too early to tell."""
    rest = begun.removeprefix(BOM_UTF8).lstrip()
    if rest.startswith(_FIELDS):
        return True
    early = any(whole.startswith(rest) for whole in _FIELDS) or BOM_UTF8.startswith(begun)
    return None if early else False


def _is_line(begun: bytearray) -> bool | None:
    """The same for JSON lines, whose first one is not the last: what is over with it is a reply in one piece."""
    line, end, _ = begun.lstrip().partition(b"\n")
    if not end and len(begun) <= MAX_EVENT:
        return None
    try:
        return dig(json.loads(line), "done") is False
    except (ValueError, RecursionError):
        return False


def read_models(
    dialect: Dialect, profile: Profile, status: int, headers: Mapping[str, str], chunks: Iterable[bytes]
) -> list[ModelInfo]:
    """The models in an answer to the request for them."""
    whole = body(chunks)
    if status >= 300:
        raise refused(dialect, profile, status, headers, whole)
    return dialect.decode_models(parse(whole)) if dialect.decode_models else []


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
    line = f"{profile.name or 'The server'} answered {status} {name}".rstrip()
    if said.removeprefix(f"{status} ") != name:
        line = f"{line}: {said}" if said else line
    parameter, code = _blamed(whole)
    helps = hint(status, said, profile)
    return Refused(line, helps, status=status, said=said, parameter=parameter, code=code, headers=dict(headers))


def _blamed(whole: bytes) -> tuple[str, str]:
    """The parameter that the body of an error blames and its words for what is wrong, "" where there are none."""
    try:
        value = json.loads(whole)
    except (ValueError, RecursionError):
        return "", ""
    return text(dig(value, "error", "param")), " ".join(error_words(value))


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
