"""Poking in JSON of any shape: what stands at a path, as the type that is wanted, else None or nothing."""

import json
import re
from typing import Any

NONSENSE = 10**12
"""No server counts so many tokens."""


class _Number(float):
    """A number that knows how it was written: a price of 1.10 may stand where a text belongs."""

    written: str


def _number(written: str) -> _Number:
    number = _Number(written)
    number.written = written
    return number


# Raw control characters in strings are against the rules, and seen: a tab, a newline, the ESC of a colour.
_DECODER = json.JSONDecoder(strict=False, parse_float=_number)
_BLANKS = re.compile(r"\s*")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)

MOST = 1_000_000
"""So many values a text of JSON may hold: each takes far more memory than the few characters it is written with."""


def is_crowded(text: str, most: int = MOST) -> bool:
    """Whether a text of JSON holds more values than that."""
    return _values(text) > most and _values(_STRING.sub("", text)) > most


def _values(text: str) -> int:
    return sum(map(text.count, ",[{")) if len(text) > MOST else 0


def decoded(source: str | bytes) -> Any:
    """The JSON value in a text or a body; ``ValueError`` if it holds none, or one that is nested without end."""
    try:
        return _DECODER.decode(_sound(source))
    except RecursionError:
        raise ValueError("nested too deep") from None


def parsed(source: str | bytes) -> Any:
    """The JSON value in a text or a body, None where it holds none."""
    try:
        return decoded(source)
    except ValueError:
        return None


def all_decoded(source: str | bytes) -> list[Any]:
    """The JSON values that stand one after another in a text or a body, and nothing else; ``ValueError`` else."""
    text, at, found = _sound(source).strip(), 0, []
    try:
        while at < len(text):
            value, at = _DECODER.raw_decode(text, at)
            found.append(value)
            if at < len(text):
                at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # it always matches
    except RecursionError:
        raise ValueError("nested too deep") from None
    return found


def _sound(source: str | bytes) -> str:
    text = source if isinstance(source, str) else source.decode(json.detect_encoding(source), "replace")
    if len(text) > MOST and is_crowded(text):
        raise ValueError("too many values")
    return text.removeprefix("\ufeff")


def dig(value: object, *path: str | int) -> Any:
    """What stands at that path of keys and indexes, None where the shape is another."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: object) -> str:
    """The value if it is a text, else ""."""
    return value if isinstance(value, str) else ""


def as_text(value: object) -> str:
    """The value as it was written if it is a text, a number, true or false, else "".

    For where a reply is read: gateways that take each token for JSON send the one "0.005" as a number.
    """
    match value:
        case str():
            return value
        case bool():
            return json.dumps(value)
        case _Number():
            return value.written
        case int() | float():
            return str(value)
    return ""


def count(value: object) -> int | None:
    """The value if it can be a number of tokens, else None: unknown, which is not 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < NONSENSE else None


def items(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def table(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
