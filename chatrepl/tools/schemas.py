"""JSON schemas of arguments: the short form of the configuration, what is no schema, and less of it where a protocol
takes less. What a reduced schema allows is never less than what the whole one does, but it may be more."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from chatrepl.tools.arguments import depth

KINDS = {
    "string": "string",
    "str": "string",
    "text": "string",
    "integer": "integer",
    "int": "integer",
    "number": "number",
    "float": "number",
    "boolean": "boolean",
    "bool": "boolean",
    "list": "array",
    "array": "array",
    "table": "object",
    "object": "object",
}

LARGEST = 64_000
"""The characters of a schema that a server may send along with a tool."""

DEEPEST = 32


class NoSchema(ValueError):
    """What is said of a tool's arguments is no schema; str() says why."""


def of_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a tool from the configuration, where it may be a whole one or the short form."""
    if parameters.get("type") == "object" and (len(parameters) == 1 or "properties" in parameters):
        return checked(parameters)
    made = {name: _short(name, value) for name, value in parameters.items()}
    required = [name for name, schema in made.items() if "default" not in schema]
    return checked({"type": "object", "properties": made, "required": required})


def _short(name: str, value: object) -> dict[str, Any]:
    """A parameter: ``"integer = 3"``, or its schema."""
    if isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, str):
        raise NoSchema(f'{name} has to be a kind, like "string" or "integer = 3", or a schema')
    kind, equals, default = (word.strip() for word in value.partition("="))
    if kind.lower() not in KINDS:
        raise NoSchema(f"{name} has no known kind: {kind!r}; there are {', '.join(sorted(set(KINDS.values())))}")
    schema: dict[str, Any] = {"type": KINDS[kind.lower()]}
    return {**schema, "default": _default(name, schema["type"], default)} if equals else schema


def _default(name: str, kind: str, text: str) -> Any:
    if kind == "string":
        return text.strip("\"'") if text[:1] in ("'", '"') and text[:1] == text[-1:] else text
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if value is None or not _PYTHON[kind](value):
        raise NoSchema(f"{name} has a default that is no {kind}: {text!r}")
    return value


_PYTHON: Mapping[str, Callable[[Any], bool]] = {
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def checked(schema: object) -> dict[str, Any]:
    """The schema in the form that every protocol asks for: an object with properties. NoSchema if it is none."""
    if not isinstance(schema, Mapping):
        raise NoSchema("its arguments are described by no schema")
    kind = schema.get("type", "object")
    if kind != "object" and kind != ["object"]:
        raise NoSchema(f"its arguments are no object but {kind!r:.40}")
    if depth(schema, DEEPEST + 2) > DEEPEST:
        raise NoSchema("the schema of its arguments is nested too deep")
    try:
        size = len(json.dumps(schema, allow_nan=False))
    except (TypeError, ValueError):
        raise NoSchema("the schema of its arguments holds what JSON does not know") from None
    if size > LARGEST:
        raise NoSchema(f"the schema of its arguments has {size:,} characters")
    if not isinstance(schema.get("properties", {}), Mapping):
        raise NoSchema("the properties of its arguments are no table")
    required = schema.get("required")
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    return {**schema, "type": "object", "properties": dict(schema.get("properties", {})), "required": names}
