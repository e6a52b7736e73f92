"""The shape that an answer is to have: a JSON schema, how one is written in short, and which answers keep to it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

KINDS: Mapping[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "string": {"type": "string"},
    "text": {"type": "string"},
    "int": {"type": "integer"},
    "integer": {"type": "integer"},
    "float": {"type": "number"},
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array", "items": {"type": "string"}},
}
"""The words of the short form."""

LARGEST = 1_000_000
"""The most characters of a schema."""

TOLD = 5
"""So many mistakes of an answer are told."""

_FENCED = re.compile(r"\s*```[\w-]*[ \t]*\n(.*?)\n?```\s*", re.DOTALL)


class NoSchema(ValueError):
    """What was given is no schema; str() says why."""


class Unchecked(Exception):
    """The library that checks answers is not there."""


def parsed(words: str) -> dict[str, Any]:
    """The schema in these words: JSON, or the short form ``name, age int, tags list``. NoSchema says what is wrong."""
    words = words.strip()
    if len(words) > LARGEST:
        raise NoSchema("it is too long")
    schema = _from_json(words) if words[:1] in ("{", "[") else _from_short(words)
    if wrong := next(iter(_wrong(schema)), ""):
        raise NoSchema(wrong)
    return schema


def _from_json(words: str) -> dict[str, Any]:
    try:
        found = json.loads(words)
    except RecursionError:
        raise NoSchema("it is nested too deep") from None
    except json.JSONDecodeError as error:
        raise NoSchema(f"it is no JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    if not isinstance(found, dict):
        raise NoSchema("a schema is an object")
    return found


def _from_short(words: str) -> dict[str, Any]:
    """Fields between commas or on lines of their own: a name, its kind where it is no text, and behind a colon what it
    means."""
    pieces = words.split("\n") if "\n" in words else words.split(",")
    properties = dict(_field(piece.strip()) for piece in pieces if piece.strip())
    if not properties:
        raise NoSchema("it names no field")
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _field(piece: str) -> tuple[str, dict[str, Any]]:
    head, _, about = piece.partition(":")
    name, *rest = head.split() or [""]
    kind = rest[0].lower() if rest else "str"
    if len(rest) > 1 or kind not in KINDS or not re.fullmatch(r"[\w-]{1,64}", name):
        raise NoSchema(f"{piece[:40]!r} is no field: one is a name, and perhaps str, int, float, bool or list")
    described = {"description": about.strip()} if about.strip() else {}
    return name, {**KINDS[kind], **described}


def _wrong(schema: object, depth: int = 0) -> Iterator[str]:
    """What makes it unusable, as far as can be told without the library."""
    if depth > 60:
        yield "it is nested too deep"
        return
    if isinstance(schema, dict):
        kind = schema.get("type")
        if depth == 0 and not schema.keys() & _SAYING:
            yield "it says nothing of a type"
        elif isinstance(kind, str) and depth == 0 and kind not in _TYPES:
            yield f"it has no known type: {kind[:40]!r}"
        for value in schema.values():
            yield from _wrong(value, depth + 1)
    elif isinstance(schema, list):
        for value in schema:
            yield from _wrong(value, depth + 1)


_SAYING = {"type", "properties", "items", "anyOf", "oneOf", "allOf", "enum", "const", "$ref"}
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


def is_strict(schema: object) -> bool:
    """Whether OpenAI's strict mode takes it: an object whose objects allow and require just their properties."""
    return isinstance(schema, dict) and schema.get("type") == "object" and all(map(_closed, _objects(schema)))


def _closed(schema: Mapping[str, Any]) -> bool:
    properties = schema.get("properties")
    return (
        schema.get("additionalProperties") is False
        and isinstance(properties, dict)
        and sorted(map(str, schema.get("required") or ())) == sorted(properties)
    )


def _objects(schema: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object" or "properties" in schema:
            yield schema
        for value in schema.values():
            yield from _objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _objects(value)


def instruction(schema: Mapping[str, Any]) -> str:
    """What a model is told whose protocol knows no schema."""
    asked = "Answer with JSON alone, without a word before or after it. It keeps to this JSON schema:"
    return f"{asked}\n{json.dumps(schema, ensure_ascii=False)}"


def bare(answer: str) -> str:
    """The answer without the one fence that some models put around it."""
    fenced = _FENCED.fullmatch(answer)
    return (fenced[1] if fenced else answer).strip()


def mistakes(answer: str, schema: dict[str, Any]) -> list[str]:
    """What of the answer does not keep to the schema; nothing where all is well. Unchecked where the library is
    missing."""
    try:
        data = json.loads(bare(answer), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        return [f"it is no JSON: {error}"]
    found = _checked(data, schema)
    return found[:TOLD] + ([f"and {len(found) - TOLD} more"] if len(found) > TOLD else [])


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def demand(schema: dict[str, Any]) -> None:
    """See that answers can be checked by it: NoSchema where it is none, Unchecked where the library is missing."""
    _checked(None, schema)


def _checked(data: Any, schema: dict[str, Any]) -> list[str]:
    try:
        from jsonschema import exceptions, validators  # an extra, and heavy
    except ImportError:
        raise Unchecked("Answers are checked by the extra 'schema'") from None
    try:
        kind = validators.validator_for(schema)
        kind.check_schema(schema)
        return [f"{error.json_path}: {error.message[:200]}" for error in kind(schema).iter_errors(data)]
    except exceptions.SchemaError as error:
        raise NoSchema(f"{error.json_path}: {error.message[:200]}") from None
    except (RecursionError, re.error) as error:
        raise NoSchema(f"it cannot be used: {error}") from None
