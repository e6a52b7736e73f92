"""The schema of the answer on the wire, in the form that each protocol takes.

What a vendor does not know of a schema is left out, so that it allows no less than it did, and told the model in the
description; the answer is checked by the whole schema in the end.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from chatrepl import replace
from chatrepl.conversation import Conversation
from chatrepl.dialects.repair import LEFT_OUT
from chatrepl.dialects.tools import blamed
from chatrepl.errors import Refused
from chatrepl.text.schema import instruction, is_strict

NAME = "answer"
"""OpenAI wants one."""

_ANTHROPIC = frozenset(
    "type enum const anyOf allOf $ref $defs definitions properties required items additionalProperties description "
    "title format".split()
)
_GEMINI = frozenset(
    "$id $defs $ref $anchor type format title description enum items prefixItems minItems maxItems minimum maximum "
    "anyOf oneOf properties additionalProperties required propertyOrdering".split()
)
_FORMATS = frozenset("date-time time date duration email hostname uri ipv4 ipv6 uuid".split())


def told(conversation: Conversation) -> Conversation:
    """The same with the schema in words, for a protocol or a server that knows none."""
    words = instruction(conversation.schema or {})
    return replace(conversation, system="\n\n".join(filter(None, (conversation.system, words))))


REFUSED = {"schema": LEFT_OUT}
"""What is learned of a server that takes no schema, among the parameters that it refused."""

_COMPLAINT = re.compile(
    r"schema|response_?format|output_config|text\.format|response_?mime|structured[ _]output|grammar|json_object", re.I
)


def is_refused(error: Refused, conversation: Conversation) -> bool:
    """Whether the server refused the request because of the schema of the answer."""
    if not conversation.schema or error.status not in (400, 404, 422, 501):
        return False
    return bool(_COMPLAINT.search(f"{error.parameter} {error.said}")) and not blamed(error.said, conversation.tools)


def openai(schema: Mapping[str, Any]) -> dict[str, Any]:
    """As OpenAI takes it, and whoever speaks like it; strict where the schema allows that."""
    bare = {key: value for key, value in schema.items() if key != "$schema"}
    return {"name": NAME, "schema": bare, "strict": is_strict(bare)}


def anthropic(schema: Mapping[str, Any]) -> dict[str, Any]:
    """As Claude takes it: every object is closed."""
    return {"type": "json_schema", "schema": _reduced(schema, _ANTHROPIC, closed=True)}


def gemini(schema: Mapping[str, Any]) -> dict[str, Any]:
    """As Gemini takes it."""
    return _reduced(schema, _GEMINI)


def _reduced(schema: Mapping[str, Any], known: frozenset[str], *, closed: bool = False) -> dict[str, Any]:
    found = {key: _within(key, value, known, closed=closed) for key, value in _spelled(schema, known).items()}
    kept = {key: value for key, value in found.items() if _is_kept(key, value, known, closed=closed)}
    dropped = {key: value for key, value in found.items() if key not in kept and key != "$schema"}
    if dropped:
        said = json.dumps(dropped, ensure_ascii=False)
        kept["description"] = f"{kept.get('description', '')} {said}".strip()
    if closed and (kept.get("type") == "object" or "properties" in kept):
        kept["additionalProperties"] = False
    return kept


def _spelled(schema: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The schema in words that the vendor knows, where it has others for the same."""
    found = dict(schema)
    if "const" in found and "const" not in known:
        found["enum"] = [found.pop("const")]
    if "oneOf" in found and "oneOf" not in known and "anyOf" not in found:
        found["anyOf"] = found.pop("oneOf")
    return found


def _is_kept(key: str, value: Any, known: frozenset[str], *, closed: bool) -> bool:
    if closed and key == "format":
        return value in _FORMATS
    return key in known or (closed and key == "minItems" and value in (0, 1))


def _within(key: str, value: Any, known: frozenset[str], *, closed: bool) -> Any:
    """The schemas that stand under a key, reduced as well."""
    if key in ("properties", "$defs", "definitions") and isinstance(value, Mapping):
        return {name: _each(each, known, closed=closed) for name, each in value.items()}
    if key in ("anyOf", "oneOf", "allOf", "prefixItems") and isinstance(value, list):
        return [_each(each, known, closed=closed) for each in value]
    return _each(value, known, closed=closed) if key in ("items", "additionalProperties") else value


def _each(value: Any, known: frozenset[str], *, closed: bool) -> Any:
    return _reduced(value, known, closed=closed) if isinstance(value, Mapping) else value
