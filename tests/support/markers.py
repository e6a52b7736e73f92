"""A long answer with a word of its own in every paragraph, item, cell and code line, to be counted on a screen."""

import re
from collections.abc import Iterator
from itertools import count

WORD = re.compile(r"w\d{5}")


def document(size: int) -> str:
    """Mixed markdown of at least that many characters, its words numbered from 0 in reading order."""
    words = (f"w{number:05}" for number in count())
    parts: list[str] = []
    length = 0
    while length < size:
        for part in _round(words):
            parts.append(part)
            length += len(part)
    return "".join(parts)


def _round(words: Iterator[str]) -> Iterator[str]:
    def some(number: int) -> str:
        return " and ".join(next(words) for _ in range(number))

    yield f"# Heading {next(words)}\n\n"
    yield f"A paragraph with {some(7)} in *it* and `{next(words)}` as **code**, that goes on for {some(4)}.\n\n"
    yield f"Setext {next(words)}\n---\n\n"
    yield "".join(f"- item {next(words)}\n  - inner {next(words)}\n" for _ in range(4)) + "\n"
    yield "".join(f"{number}. step {next(words)}\n\n   more {next(words)}\n" for number in range(1, 4)) + "\n"
    yield "```python\n" + "".join(f"def {next(words)}(x):  # {next(words)}\n\n" for _ in range(5)) + "```\n\n"
    yield "| left | right |\n|---|---:|\n" + "".join(f"| {next(words)} | {next(words)} |\n" for _ in range(4)) + "\n"
    yield f"> A quote {some(5)}\n> and {next(words)}\n\n***\n\n"


def words(text: str) -> list[str]:
    """The numbered words in a text, in order."""
    return WORD.findall(text)
