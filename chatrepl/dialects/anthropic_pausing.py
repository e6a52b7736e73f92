"""The blocks of a reply as they came: where Anthropic pauses it in the middle of a search, they go back unchanged."""

import json
from collections.abc import Iterator
from typing import Any

from chatrepl.dialects.pieces import LONGEST
from chatrepl.text.shapes import dig, items, parsed, table, text

PAUSED = "anthropic:paused:"

_FIELDS = {"text": "text", "thinking": "thinking", "signature": "signature", "input_json": "partial_json"}
"""What comes in pieces, by the type of a delta."""


class Blocks:
    """Gathers the blocks of a reply, unless they are larger than anybody keeps."""

    def __init__(self) -> None:
        self._blocks: list[dict[str, Any]] = []
        self._pieces: list[dict[str, list[Any]]] = []
        self._size = 0
        self._open = False

    def begin(self, block: object) -> None:
        """A block as it begins."""
        self._size += len(json.dumps(block))
        self._open = self._size <= LONGEST
        if self._size > LONGEST:
            return
        self._blocks.append(dict(table(block)))
        self._pieces.append({})

    def add(self, delta: object) -> None:
        """A delta to the last one."""
        kind = text(dig(delta, "type")).removesuffix("_delta")
        if not self._blocks or self._size > LONGEST:
            return
        if kind in _FIELDS and (piece := text(dig(delta, _FIELDS[kind]))):
            self._size += len(piece)
            self._pieces[-1].setdefault(_FIELDS[kind], []).append(piece)
        elif kind == "citations":
            self._size += len(json.dumps(dig(delta, "citation")))
            self._pieces[-1].setdefault("citations", []).append(dig(delta, "citation"))

    def end(self) -> dict[str, Any]:
        """The block that ends now, whole; {} where none is open."""
        is_open, self._open = self._open, False
        return _whole(self._blocks[-1], self._pieces[-1]) if is_open else {}

    def paused(self) -> str:
        """All of them, as they go back; "" where that is nothing. A search of which the result is still to come is left
        out, for its server refuses one alone."""
        found = [_whole(*each) for each in zip(self._blocks, self._pieces, strict=True)]
        if found and found[-1].get("type") == "server_tool_use":
            found.pop()
        found = [each for each in found if each.get("type") != "text" or text(each.get("text")).strip()]
        return f"{PAUSED}{json.dumps(found)}\n" if found and self._size <= LONGEST else ""


def _whole(block: dict[str, Any], pieces: dict[str, list[Any]]) -> dict[str, Any]:
    if cited := pieces.get("citations"):
        block = {**block, "citations": [*items(block.get("citations")), *cited]}
    said = {name: text(block.get(name)) + "".join(each) for name, each in pieces.items() if name != "citations"}
    arguments = said.pop("partial_json", "")
    if not arguments:
        return {**block, **said}
    value = parsed(arguments)
    return {**block, **said, "input": {} if value is None else value}


def blocks(signature: str) -> Iterator[dict[str, Any]]:
    """The blocks that were told in a signature."""
    for line in signature.split("\n"):
        if line.startswith(PAUSED):
            yield from map(table, items(parsed(line.removeprefix(PAUSED))))
