"""Tools on the wire: schemas that a protocol takes, and ids of calls in the form that a vendor wants.

A schema that is reduced allows no less than it did. What it no longer says stands in the description instead, for the
model, and whoever runs the tool looks at the arguments anyway.
"""

import hashlib
import json
import re
from collections import ChainMap
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any

from chatrepl import replace
from chatrepl.conversation import Conversation, Definition, Message, ToolCallPart, Turn
from chatrepl.dialects.wire import answered, called
from chatrepl.errors import Refused
from chatrepl.text.shapes import items, table

EMPTY: Mapping[str, Any] = {"type": "object", "properties": {}, "required": []}
"""The schema of no arguments, as all servers take it."""

_UNIONS = ("anyOf", "oneOf", "allOf", "not", "if", "then", "else", "enum")


def parameters(definition: Definition) -> dict[str, Any]:
    """The schema in the form that every protocol asks for: an object with properties, and what is required of them."""
    schema = {key: value for key, value in definition.schema.items() if key != "$schema"}
    return {**schema, "type": "object", "properties": table(schema.get("properties")), "required": _required(schema)}


def named(definition: Definition) -> dict[str, Any]:
    """The name of a tool and what it does, where it says that: an empty description is refused by some."""
    return {"name": definition.name} | ({"description": definition.description} if definition.description else {})


def _required(schema: Mapping[str, Any]) -> list[str]:
    found = schema.get("required")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def without_root_unions(definition: Definition) -> Definition:
    """The tool without alternatives at the root of its schema, which some vendors refuse the whole request for."""
    dropped = {key: definition.schema[key] for key in _UNIONS if key in definition.schema}
    if not dropped:
        return definition
    schema = {key: value for key, value in definition.schema.items() if key not in dropped}
    schema["properties"] = dict(ChainMap(table(schema.get("properties")), *_alternatives(dropped)))
    said = f"The arguments also have to match: {json.dumps(dropped, ensure_ascii=False)}"
    return replace(definition, schema=schema, description=f"{definition.description}\n\n{said}".strip())


def _alternatives(dropped: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The properties of each alternative."""
    for key in ("anyOf", "oneOf", "allOf"):
        yield from (table(table(each).get("properties")) for each in items(dropped.get(key)))


def inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with what its references point to in their places, as far as that comes to an end, and without the
    marks that say which draft it is of. Where it would not end anything is allowed."""
    found = _inlined(schema, schema, (), [_MOST])
    return {key: value for key, value in found.items() if key not in ("$defs", "definitions")}


_MOST = 5_000
"""So many values a schema may have when its references are replaced."""


def _inlined(value: Any, root: Mapping[str, Any], inside: tuple[str, ...], left: list[int]) -> Any:
    left[0] -= 1
    if isinstance(value, list):
        return [_inlined(each, root, inside, left) for each in value]
    if not isinstance(value, Mapping):
        return value
    rest = {key: each for key, each in value.items() if key not in ("$ref", "$schema", "$id")}
    pointer, target = value.get("$ref"), {}
    if isinstance(pointer, str) and pointer not in inside and left[0] > 0:
        target = _inlined(_pointed(pointer, root), root, (*inside, pointer), left)
    here = {key: each if key in _DATA else _inlined(each, root, inside, left) for key, each in rest.items()}
    return {**target, **here}


_DATA = ("enum", "const", "default", "examples")
"""The keywords whose values are no schemas, whatever they look like."""


def _pointed(pointer: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a pointer into the schema points to; nothing, which allows anything, where it leads elsewhere."""
    found: Any = root
    for step in pointer.removeprefix("#").split("/")[1:]:
        found = table(found).get(step.replace("~1", "/").replace("~0", "~"))
    return table(found) if pointer.startswith("#") else {}


def mentioned(conversation: Conversation) -> list[Definition]:
    """The tools that calls in the history are of, for servers that want them defined though none may be called."""
    names = dict.fromkeys(name for turn in conversation.turns for name in answered(turn).values())
    return [Definition(name, "", EMPTY) for name in names]


def blamed(said: str, offered: Sequence[Definition]) -> Definition | None:
    """The tool that a server refuses a request for, by its words: it counts them from 0, or names it."""
    if found := re.search(r"\btools\.(\d{1,4})\.|function_?declarations\[(\d{1,4})\]", said, re.IGNORECASE):
        number = int(found[1] or found[2])
        return offered[number] if number < len(offered) else None
    named = re.search(
        r"(?:schema for function|function named|tool(?: named)?) ['\"`]([\w-]{1,64})['\"`]", said, re.ASCII
    )
    return next((each for each in offered if named and each.name == named[1]), None)


_TOO_MANY = re.compile(
    r"\btools\b.{0,80}(too (long|many)|above_max_length|at most|maximum)|too many (tools|functions)",
    re.IGNORECASE | re.DOTALL,
)


def too_many(said: str) -> bool:
    """Whether the server takes no request with so many tools; few tell how many they take."""
    return bool(_TOO_MANY.search(said)) and not re.search(r"\btools[.\[]\d", said)


_UNREADABLE = re.compile(
    r"tool_use_failed|failed to (call a function|parse tool call)|expected peg-native format|not in request\.tools",
    re.IGNORECASE,
)
"""Groq's complaints of what its own model wrote, LM Studio's and llama.cpp's."""


def is_unreadable(error: Refused) -> bool:
    """Whether the server could not read a call that its model wrote, so that the same may succeed."""
    return bool(_UNREADABLE.search(f"{error.code} {error.said}"))


Rule = Callable[[ToolCallPart, int], str]
"""The id of a call on the wire; the number counts the calls of the conversation."""


def ids(conversation: Conversation, rule: Rule) -> list[dict[str, str]]:
    """For each turn what its calls that have a result are named by on the wire, and their results too. No two are
    alike, also where two turns of an older session have a call of the same id."""
    taken: set[str] = set()
    found: list[dict[str, str]] = []
    for turn in conversation.turns:
        found.append({})
        made = [part for message in turn for part in message.parts if isinstance(part, ToolCallPart)]
        known = answered(turn)
        for call in {call.id: call for call in made if call.id in known}.values():
            found[-1][call.id] = wire_id = _free(call, rule, taken)
            taken.add(wire_id)
    return found


def turns(conversation: Conversation, rule: Rule) -> Iterator[tuple[Turn, dict[str, str], bool]]:
    """Each turn, the ids of its calls on the wire, and whether it is the one that goes on."""
    last = len(conversation.turns) - 1
    for place, (turn, named) in enumerate(zip(conversation.turns, ids(conversation, rule), strict=True)):
        yield turn, named, place == last


def calls(message: Message, ids: Container[str]) -> list[ToolCallPart]:
    """The calls in a message that are among those: one that has no result, say of a reply that was stopped, would be
    refused."""
    return [part for part in message.parts if isinstance(part, ToolCallPart) and part.id in ids]


def _free(call: ToolCallPart, rule: Rule, taken: set[str]) -> str:
    number = len(taken)
    wanted = rule(call, number)
    while wanted in taken:
        number += 1
        wanted = rule(replace(call, id=f"{call.id}#{number}", server_id=""), number)
    return wanted


def fitting(pattern: str, prefix: str = "call_", length: int = 24) -> Rule:
    """The rule that an id stays where it matches, and is else made of what it is."""
    matches = re.compile(pattern, re.ASCII).fullmatch

    def rule(call: ToolCallPart, _number: int) -> str:
        return call.id if matches(call.id) else prefix + _hash(call.id, length)

    return rule


def kimi(call: ToolCallPart, number: int) -> str:
    """Kimi prints ids into its prompt and loses its way where they are others than its own."""
    own = call.server_id or call.id
    return own if re.fullmatch(r"(functions\.)?[\w-]+:\d+", own, re.ASCII) else f"functions.{called(call)}:{number}"


_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _hash(text: str, length: int) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), "big")
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(digits)


def signed(message: Message, dialect: str) -> Iterator[str]:
    """What a dialect keeps beside the reasoning of a message to send back: its lines, in order."""
    for part in message.parts:
        for line in getattr(part, "signature", "").splitlines():
            if line.startswith(f"{dialect}:"):
                yield line.removeprefix(f"{dialect}:")
