"""JSON that is indented while it comes, a piece at a time."""

import json
from collections.abc import Iterator

STEP = "  "

DEEPEST = 40
"""What is deeper is not indented further: the lines of a thousand brackets would fill the memory."""


class Indented:
    """Takes JSON in pieces, and gives it back over several lines, indented. What is no JSON comes out somehow."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_text = self._escaped = self._opened = False

    def feed(self, piece: str) -> str:
        """What can be shown of it by now."""
        return "".join(shown for character in piece for shown in self._next(character))

    def _next(self, character: str) -> Iterator[str]:
        if self._in_text:
            self._in_text = self._escaped or character != '"'
            self._escaped = character == "\\" and not self._escaped
            yield character
        elif not character.isspace():
            yield from self._outside(character)

    def _outside(self, character: str) -> Iterator[str]:
        if character in "}]":
            self._depth = max(0, self._depth - 1)
        if self._opened != (character in "}]"):
            yield self._line()
        self._opened = character in "{["
        self._depth += self._opened
        self._in_text = character == '"'
        yield f"{character} " if character == ":" else character
        if character == ",":
            yield self._line()

    def _line(self) -> str:
        return "\n" + STEP * min(self._depth, DEEPEST)


def fenced(text: str) -> str:
    """A text that is a JSON object or array as a block of code, indented; any other as it is."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return f"```json\n{Indented().feed(text)}\n```"
