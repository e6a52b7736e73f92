"""What a look at the lines of a session tells without reading it whole: its title, its turns, whether it is open."""

import json
import os
import re
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from chatrepl.errors import ChatError
from chatrepl.sessions.entries import title_of
from chatrepl.sessions.transcript import read


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # gone meanwhile, or not ours
        return b""


@lru_cache(maxsize=1024)
def _title(path: Path, _used: float) -> str | None:
    """The title of a session as it was then, "" for none, None where it cannot be read: by looking at a few places of
    the file where they look as the program writes them."""
    data = _bytes(path)
    if not data:
        return None
    with suppress(ValueError):
        start = data.rfind(b'\n{"mark":"rename","text":')
        if start >= 0:
            return str(json.loads(data[start + 1 : data.find(b"\n", start + 1)])["text"])
        if not _CHANGES_TITLE.search(data) and (title := title_of(_first_question(data))):
            return title
    with suppress(ChatError):
        return read(path).title
    return ""


def _first_question(data: bytes) -> str:
    """The text of the first question, "" where it may not be the one that stands. The images that went along are
    large, and not even looked at."""
    closing = _CLOSES_A_TURN.search(data)
    openings = islice(_OPENS_A_TURN.finditer(data, 0, closing.end() if closing else len(data)), 2)
    first, *others = (each.start() for each in openings)
    if others:
        return ""
    end = data.find(b"\n", first)
    reply = data.find(b'},{"role":"', first, end)
    texts, place = [], data.find(_TEXT, first, reply if reply >= 0 else end)
    while place >= 0 and (text := _STRING.match(data, place + len(_TEXT))):
        texts.append(json.loads(text[0]))
        place = data.find(_TEXT, text.end(), reply if reply >= 0 else end)
    return "".join(texts)


def _turns(path: Path) -> int:
    """How many turns a session has: as many as were closed, unless a mark may have changed that."""
    data = _bytes(path)
    closings = [closing.start() for closing in _CLOSES_A_TURN.finditer(data)]
    if _CHANGES_TURNS.search(data) or data.find(_PIECE, max(closings, default=0)) >= 0:
        with suppress(ChatError):
            state = read(path)
            state.settle()  # what had come of a reply is one
            return len(state.conversation.turns)
    return len(closings)


def _has_turns(data: bytes) -> bool:
    """Whether a turn was closed in that journal, or is open at its end."""
    return bool(data) and bool(_CLOSES_A_TURN.search(data) or _is_open(data.rstrip(b"\n").rpartition(b"\n")[2]))


_PIECE = b'\n{"piece":'


_CLOSES_A_TURN = re.compile(rb'^\{"(?:message":\{"role":"assistant"|turn":)', re.MULTILINE)


_CHANGES_TURNS = re.compile(rb'^\{"mark":"(?:undo|drop|edit|clear|retry|continue)"', re.MULTILINE)


_CHANGES_TITLE = re.compile(rb'^\{"mark":"(?:undo|redo|drop|restore|edit|clear|withdraw)"', re.MULTILINE)


_OPENS_A_TURN = re.compile(rb'^\{"(?:message":\{"role":"user"|turn":)', re.MULTILINE)


_TEXT = b'{"kind":"text","text":'
"""How a part that is a text begins; inside of a text it would have backslashes."""


_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')


def _last_line(file: BinaryIO, bound: int = 1 << 16) -> bytes:
    """The last line, whole or torn."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - bound))
    _above, newline, line = file.read().rstrip(b"\n").rpartition(b"\n")
    return line if newline or bound >= size else _last_line(file, size)


def _is_open(line: bytes) -> bool:
    """Whether a journal that ends with that line ends in the middle of a turn."""
    return line.startswith((b'{"piece":', b'{"message":{"role":"user"', b'{"mark":"retry"', b'{"mark":"continue"')) or (
        not line.endswith(b"}")
    )
