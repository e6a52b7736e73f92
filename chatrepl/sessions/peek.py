"""What a session tells without being read whole: its title, its turns, whether it is in the middle of one.

All of it is what the fold over the file would say. Lines as the program writes them are told apart by how they begin;
where one looks otherwise, or something was done that may have changed the answer, the file is read.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from chatrepl import NamedTuple
from chatrepl.errors import ChatError
from chatrepl.sessions.entries import RUN, VERSION, WHO, Aside, Mark, Piece, Said, Step, Taken
from chatrepl.sessions.journal import MESSAGE, MOST, PIECE, STEP, TURN, entry, read
from chatrepl.sessions.state import State
from chatrepl.sessions.titles import title_of

END = 64 * 2**20
"""So many bytes at the end of a session are looked through for what leaves a turn open."""

_NEUTRAL = ("system", "rename", "compact", "pin", "once", RUN, *WHO)
"""The marks that leave the turns alone."""

_BESIDE = ("btw", "compact", "title")
"""What is asked aside and leaves them alone too; another reply to a question may come to count."""


def data_of(path: Path | str) -> bytes:
    """What stands in the file; nothing where it is gone meanwhile, or not ours, and what is no line of a session where
    it is too large to be one."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError:
        return b""
    try:
        size = os.fstat(file).st_size
        return os.read(file, size) if size <= MOST else b"?"  # half the time that open() takes
    except OSError:
        return b""
    finally:
        os.close(file)


def title(path: str) -> str | None:
    """The title of a session; "" for none, None where the file is gone."""
    data = data_of(path)
    if not data:
        return None
    with suppress(ValueError, LookupError, TypeError, AttributeError, RecursionError):
        if _plain(data, *_NEUTRAL, "retry", "continue"):
            named = _renamed(data)
            named = _first_title(data) if named is None else named
            if named is not None:
                return named
    with suppress(ChatError):
        return read(Path(path)).title
    return ""


def turns(path: Path) -> int:
    """How many turns a session has; what had come of a reply is one."""
    data = data_of(path)
    known = _closed(data) if _plain(data, *_NEUTRAL, "withdraw") else None
    if known is None:
        with suppress(ChatError):
            state = read(path)
            state.settle()
            return len(state.conversation.turns)
    return known[0] if known else 0


class About(NamedTuple):
    """What a list tells of a session beside its title."""

    turns: int
    model: str
    """The model that was talked to last."""
    once: bool
    """Whether it is one question from the command line, and its reply."""


@lru_cache(maxsize=1 << 14)
def about(path: str, _written: int) -> About:
    """That, of a session as it was then, in nanoseconds."""
    data, count = data_of(path), turns(Path(path))
    once = count <= 1 and b'\n{"mark":"once"' in data
    return About(count, _model(path, data), once)


@lru_cache(maxsize=256)
def _model(path: str, data: bytes) -> str:
    with suppress(ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return _last_mark(data, "model") or ""
    with suppress(ChatError):
        return read(Path(path)).who.get("model", "")
    return ""


def last_exchange(path: str, _written: int, bound: int = 1 << 16) -> list[tuple[str, str]]:
    """Who said what last, a question and its reply, as far as it stands at the end of the file."""
    data, found = data_of(path), list[tuple[str, str]]()
    if not _plain(data, *_NEUTRAL):  # something was asked again, or taken back
        with suppress(ChatError):
            return _last_turn(read(Path(path)))
    for line in reversed(data[-bound:].split(b"\n")):
        said = entry(line) if line.startswith((MESSAGE, TURN)) else None
        messages = [said.message] if isinstance(said, Said) else said.turn if isinstance(said, Taken) else []
        found[:0] = [(message.role, message.text) for message in messages if message.role in ("user", "assistant")]
        if found and found[0][0] == "user":
            break
    return found


def _last_turn(state: State) -> list[tuple[str, str]]:
    turn = (state.question,) if state.question else next(reversed(state.conversation.turns), ())
    return [(message.role, message.text) for message in (*turn[:1], *turn[1:][-1:])]


def was_begun(path: Path) -> bool:
    """Whether a turn was ever closed in that session, or is open at its end."""
    data = data_of(path)
    known = _closed(data) if _plain(data, r"\w+") else None
    if known is None:
        with suppress(ChatError):
            state = read(path)
            return bool(state.history.now.before or state.history.undone or state.question)
    return bool(known and any(known))


def is_open(file: BinaryIO, bound: int = 1 << 16) -> bool:
    """Whether a session ends in the middle of a turn, or of a line, as one does whose program was killed."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - bound))
    lines = file.read().split(b"\n")
    if lines[-1] and not entry(lines[-1]):
        return True
    for line in reversed(lines if bound >= size else lines[1:]):
        decided = _leaves_open(line)
        if decided is not None:
            return decided
    return bound < min(size, END) and is_open(file, 16 * bound)


def _leaves_open(line: bytes) -> bool | None:
    """Whether a turn is open behind that line, None where the lines before it say so."""
    if line.startswith((b'{"message":{"role":"assistant"', b'{"turn":')):  # whatever it is, no JSON has to be read
        return False
    if line.startswith(STEP):
        return True
    match entry(line):
        case Step():
            return True
        case Said(message) if message.role != "tool":
            return message.role == "user"
        case None | Piece() | Aside() | Said():
            return None
        case Mark(kind):
            return None if kind in _NEUTRAL else kind in ("retry", "continue")
    return False


def _plain(data: bytes, *marks: str) -> bool:
    """Whether all lines are whole, of the kinds that the program writes, and look as it writes them, with no other
    marks than these."""
    begins, other = _looks(marks)
    return bool(data.startswith(begins) and data.endswith(b"\n") and not other.search(data))


@cache
def _looks(marks: tuple[str, ...]) -> tuple[bytes, re.Pattern[bytes]]:
    """How a session begins, and where a line does that is none of these."""
    aside = rf'aside":"(?:{"|".join(_BESIDE)})",'
    known = rf'\{{"(?:(?:message|step)":\{{"role":"|piece":|turn":\[|mark":"(?:{"|".join(marks)})"[,}}]|{aside})'
    return b'{"chatrepl":%d,' % VERSION, re.compile(rf"\n(?!{known}|\Z)".encode())


@cache
def _turning() -> re.Pattern[bytes]:
    return re.compile(rb'\n\{"(?:message":\{"role":"(user|assistant)"|(turn)":|mark":"(withdraw)")')


def _turnings(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The lines that open or close turns: what each is, and where it begins."""
    for match in _turning().finditer(data):
        yield match[match.lastindex or 0], match.start() + 1


def _closed(data: bytes) -> tuple[int, bool] | None:
    """How many turns were closed, and whether one is open; None where pieces of a reply may have closed one."""
    closed, opened = 0, 0
    for kind, start in _turnings(data):
        if opened and kind in (b"user", b"turn") and _came(data, opened, start):
            return None
        closed += kind == b"turn" or (kind == b"assistant" and bool(opened))
        opened = start if kind == b"user" else 0
    if opened and _came(data, opened, len(data)):
        return None
    return closed, bool(opened)


def _came(data: bytes, start: int, end: int) -> bool:
    """Whether something of a reply stands there."""
    return any(data.find(b"\n" + kind, start, end) >= 0 for kind in (PIECE, STEP))


def _renamed(data: bytes) -> str | None:
    """The name that was given last, None where none was."""
    return _last_mark(data, "rename")


def _last_mark(data: bytes, kind: str) -> str | None:
    start = data.rfind(f'\n{{"mark":"{kind}"'.encode())
    if start < 0 or data.find(b"\n", start + 1) < 0:
        return None
    return str(_json(data, start + 1).get("text", ""))


def _first_title(data: bytes) -> str | None:
    """A title from the first question that has one, None where it may not be the one that stands."""
    opened, closed = 0, False
    for kind, start in _turnings(data):
        if opened and kind != b"assistant":
            return None
        if kind == b"user":
            opened = start
            continue
        if (kind == b"turn" or opened) and (found := _title_at(data, opened or start)):
            return found
        closed, opened = closed or kind == b"turn" or bool(opened), 0
    return _title_at(data, opened) if opened and not closed else ""


def _title_at(data: bytes, start: int) -> str:
    line = _json(data, start)
    parts = (line.get("message") or line["turn"][0])["parts"]
    return title_of("".join(part["text"] for part in parts if part["kind"] == "text"))


def _json(data: bytes, start: int) -> Any:
    """The line that begins there."""
    import json  # a new session needs none before its prompt

    return json.loads(data[start : data.index(b"\n", start)])
