"""One value in a TOML text is changed, and all else stays as somebody wrote it, comments and order and blanks."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tomli_w

from chatrepl.config.toml_places import places

Path = tuple[str, ...]
"""The keys that lead to a value, from the outermost table."""


def written(data: dict[str, Any]) -> str:
    """The data as a TOML text."""
    return tomli_w.dumps(data)


def inline(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(name)} = {inline(item)}" for name, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(inline, value))}]"
    return tomli_w.dumps({"value": value}).removeprefix("value = ").rstrip("\n")


def changed(text: str, at: Path, meant: dict[str, Any]) -> str | None:
    """The text, changed at that path alone so that it says what is meant; None where no simple change does that."""
    windows = "\r\n" in text and text.count("\r\n") == text.count("\n")
    if windows:
        text = text.replace("\r\n", "\n")
    found = next((each for each in (text, *_candidates(text, at, meant)) if _says(each, meant)), None)
    return found.replace("\n", "\r\n") if found and windows else found


def _says(text: str, meant: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == meant
    except tomllib.TOMLDecodeError:
        return False


def _candidates(text: str, at: Path, meant: dict[str, Any]) -> Iterator[str]:
    """What may be the text that is meant, the best first. Some of them will not even be TOML."""
    there = sorted(places(text), key=lambda place: -len(place[1]))
    for _, here, value_at in there:
        if value_at is not None and here == at[: len(here)]:
            yield from _replaced(text, value_at, _value(meant, here))
    value = _value(meant, at)
    if value is None:
        return
    for line, here, value_at in there:
        if value_at is None and here == at[:-1]:
            yield _inserted(text, line, f"{_key(at[-1])} = {inline(value)}")
        elif value_at is None and here == at[:-2]:
            yield _inserted(text, line, f"{_key(at[-2])} = {inline({at[-1]: value})}")
            yield _inserted(text, line, f"{_key(at[-2])}.{_key(at[-1])} = {inline(value)}")
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    yield f"{text}{gap}[{'.'.join(map(_key, at[:-1]))}]\n{_key(at[-1])} = {inline(value)}\n"


def _replaced(text: str, start: int, value: Any) -> Iterator[str]:
    """With another value where one begins; with its lines left out where it has none any more."""
    end = _end(text, start)
    if end is None:
        return
    if value is not None:
        yield text[:start] + inline(value) + text[end:]
        return
    after = text.find("\n", end) + 1 or len(text)
    yield text[: text.rfind("\n", 0, start) + 1] + text[after:]


def _end(text: str, start: int) -> int | None:
    """Where the value ends that begins there: before a comment or a line end, the first at which it is a whole one."""
    for stop in re.finditer(r"[ \t]*(?:#|\n|\Z)", text[start:]):
        try:
            tomllib.loads(f"value = {text[start : start + stop.start()]}")
        except tomllib.TOMLDecodeError:
            continue
        return start + stop.start()
    return None


def _inserted(text: str, table: int, line: str) -> str:
    """With a line more at the end of the table that begins on that line, before what is said of the next one."""
    lines = text.split("\n")
    following = [number for number, _, value_at in places(text) if value_at is None and number > table]
    end = min(following, default=len(lines) + 1) - 1
    while end > table and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return "\n".join([*lines[:end], line, *lines[end:]])


def _value(data: Any, at: Path) -> Any:
    for name in at:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _key(name: str) -> str:
    return tomli_w.dumps({name: 0}).removesuffix(" = 0\n")
