"""The body of an answer without secrets, also those that stand in it in pieces: a stream cuts what it says into events,
and whoever reads the events puts it together again."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from chatrepl.text.redaction import Hiding, Secrets
from chatrepl.text.shapes import decoded

Path = tuple[str | int, ...]
"""Where a text stands in a JSON value: what stands there in one event goes on there in the next."""


def without(body: bytes, secrets: Secrets) -> bytes:
    """The body without secrets, in whole and in pieces. What holds none stays as it is, byte for byte."""
    body = secrets.hide_bytes(body)
    lines = body.split(b"\n") if not _holds_json(body) else [body]
    texts: dict[Path, list[str]] = defaultdict(list)
    for line in lines:
        _visited(line, lambda path, text: texts[path].append(text))
    hidden = {path: _hidden(pieces, secrets) for path, pieces in texts.items()}
    changed = {path: iter(new) for path, new in hidden.items() if "".join(new) != "".join(texts[path])}
    if not changed:
        return body

    def replaced(path: Path, text: str) -> str:
        return next(changed[path]) if path in changed else text

    return b"\n".join(_visited(line, replaced) for line in lines)


def _holds_json(body: bytes) -> bool:
    """Whether it is one JSON value over several lines."""
    if body.lstrip()[:1] in (b"{", b"["):
        with suppress(ValueError):
            decoded(body)
            return True
    return False


def _hidden(pieces: list[str], secrets: Secrets) -> list[str]:
    """The pieces of a text without the secrets in it."""
    hiding = Hiding(secrets)
    found = [hiding.feed(piece) for piece in pieces]
    found[-1] += hiding.end()
    return found


def _visited(line: bytes, visit: Callable[[Path, str], str | None]) -> bytes:
    """The line with what ``visit`` made of each text in its JSON; as it is where that is None, or the same."""
    begun = line.find(b"{")
    if begun < 0:
        return line
    try:
        value = decoded(line[begun:])
    except ValueError:
        return line
    changed = False
    for holder, key, path in _texts(value):
        new = visit(path, holder[key])
        changed |= new not in (None, holder[key])
        holder[key] = holder[key] if new is None else new
    return line[:begun] + json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass") if changed else line


def _texts(value: object) -> Iterator[tuple[Any, str | int, Path]]:
    """The texts in a value: what holds each, by what key, and where that is."""
    left: list[tuple[Any, Path]] = [(value, ())]
    while left:
        holder, path = left.pop()
        if isinstance(holder, dict | list):
            for key, item in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
                if isinstance(item, str):
                    yield holder, key, (*path, key)
                else:
                    left.append((item, (*path, key)))
