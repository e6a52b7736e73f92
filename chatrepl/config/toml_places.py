"""Where in a TOML text the tables and keys stand, as far as its lines tell."""

import re
from collections.abc import Iterator


def line_of(text: str, at: tuple[str, ...]) -> int:
    """The line, from 1, on which the key at that path stands; of its nearest table where it cannot be told."""
    best, best_depth = 1, 0
    for number, place, _ in places(text):
        here = tuple(name for name in place if name != "[]")
        if len(here) > best_depth and here == at[: len(here)]:
            best, best_depth = number, len(here)
    return best


def places(text: str) -> Iterator[tuple[int, tuple[str, ...], int | None]]:
    """The lines, from 1, on which a table or a key begins, as far as lines tell; the path to it; and where in the text
    its value begins, None for a table. The elements of an array of tables have no paths: "[]" stands in theirs."""
    text = re.sub(r'("""|\'\'\').*?\1', lambda many: re.sub(".", "x", many[0]), text, flags=re.DOTALL)
    table: tuple[str, ...] = ()
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*(\[{1,2})([^\[\]]+)\]", line):
            table = (*_keys(header[2]), *(["[]"] if header[1] == "[[" else []))
            yield number, table, None
        elif pair := re.match(rf"\s*({_ONE_KEY}(?:\s*\.\s*{_ONE_KEY})*)\s*=\s*", line):
            yield number, (*table, *_keys(pair[1])), start + pair.end()
        start += len(line) + 1


_ONE_KEY = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(key.strip("\"'") for key in re.findall(_ONE_KEY, dotted))
