"""The names and arguments of calls, the schemas of tools: each can mean one thing only."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, strategies

from chatrepl.text.excerpt import capped
from chatrepl.tools import arguments, results, schemas
from chatrepl.tools.arguments import BadArguments
from chatrepl.tools.names import names


@given(strategies.lists(strategies.text(max_size=80) | strategies.sampled_from(["read", "Read", "read_", "а__b"])))
def test_names_are_ascii_and_unlike_each_other_whatever_a_server_calls_its_tools(owns: list[str]) -> None:
    found = names("files", owns)
    assert set(found) == set(owns)
    assert all(re.fullmatch(r"files__[A-Za-z0-9_-]{1,57}", name) for name in found.values())
    assert len({name.lower() for name in found.values()}) == len(found)
    assert names("files", reversed(owns)) == found, "the order changes nothing"


def test_a_plain_name_stays() -> None:
    assert names("files", ["read_file", "get-sum"]) == {"read_file": "files__read_file", "get-sum": "files__get-sum"}


def test_case_twins_and_look_alikes_get_ends_of_their_own() -> None:
    found = names("f", ["read", "READ", "rеad"])
    assert all(re.fullmatch(r"f__\w+_[0-9a-f]{8}", name) for name in found.values())


@pytest.mark.parametrize("text", ["", "  \n", "null", "{}"])
def test_nothing_is_an_empty_object(text: str) -> None:
    assert arguments.parse(text) == {}


def test_an_object_is_read_as_it_is() -> None:
    assert arguments.parse('{"a": 1, "b": {"c": [true, null, "ü"]}}') == {"a": 1, "b": {"c": [True, None, "ü"]}}


BROKEN = {
    '{"a": 1, "a": 2}': "The arguments name 'a' twice.",
    '{"x": {"path": "safe", "path": "/etc/passwd"}}': "The arguments name 'path' twice.",
    '{"a": 1': "not valid JSON",
    "{'a': 1}": "not valid JSON",
    '{"a": 1} {"b": 2}': "not valid JSON",
    "[1]": "have to be a JSON object",
    '"text"': "have to be a JSON object",
    '{"a": NaN}': "hold NaN",
    '{"a": -Infinity}': "hold -Infinity",
    '{"a": 1e999}': "hold",
    '{"a": "\\ud800"}': "hold half a character",
    "[" * 100_000: "nested too deep",
    '{"a":' * 100 + "1" + "}" * 100: "nested too deep",
    '{"a": ' + "1" * 5000 + "}": "not valid JSON",
}


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text[:30])
def test_arguments_that_could_mean_something_else_are_refused(text: str) -> None:
    with pytest.raises(BadArguments, match=BROKEN[text]):
        arguments.parse(text)


def test_the_short_form_of_parameters() -> None:
    schema = schemas.of_parameters(
        {"city": "string", "unit": "string = celsius", "days": "integer = 3", "dry": "bool=false", "tags": "list = [1]"}
    )
    assert schema == {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "default": "celsius"},
            "days": {"type": "integer", "default": 3},
            "dry": {"type": "boolean", "default": False},
            "tags": {"type": "array", "default": [1]},
        },
        "required": ["city"],
    }


def test_a_whole_schema_stays_and_a_parameter_may_be_called_type() -> None:
    whole = {"type": "object", "properties": {"a": {"enum": ["x"]}}, "required": ["a"], "additionalProperties": False}
    assert schemas.of_parameters(whole) == whole
    assert schemas.of_parameters({"type": "string"})["properties"] == {"type": {"type": "string"}}
    assert schemas.of_parameters({}) == {"type": "object", "properties": {}, "required": []}
    assert schemas.of_parameters({"a": {"type": "string", "enum": ["x"]}})["required"] == ["a"]


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"a": "strng"}, "a has no known kind: 'strng'"),
        ({"a": 3}, "a has to be a kind"),
        ({"a": "integer = x"}, "a has a default that is no integer: 'x'"),
        ({"a": "bool = 1"}, "a has a default that is no boolean: '1'"),
        ({"type": "object", "properties": []}, "are no table"),
    ],
)
def test_parameters_that_are_none(parameters: dict[str, Any], complaint: str) -> None:
    with pytest.raises(schemas.NoSchema, match=complaint):
        schemas.of_parameters(parameters)


@given(strategies.text(max_size=500), strategies.integers(min_value=100, max_value=300))
def test_a_capped_text_is_as_long_as_it_may_be_and_says_what_is_missing(text: str, limit: int) -> None:
    found = capped(text, limit)
    assert len(found) <= limit
    if len(text) <= limit:
        assert found == text
    else:
        match = re.search(r"\n\n\[… ([\d,]+) of ([\d,]+) characters left out here …\]\n\n", found)
        assert match
        head, tail = found[: match.start()], found[match.end() :]
        assert text.startswith(head)
        assert text.endswith(tail)
        assert int(match[1].replace(",", "")) == len(text) - len(head) - len(tail)


@given(strategies.lists(strategies.binary(max_size=50), max_size=30))
def test_a_tail_is_the_end(pieces: list[bytes]) -> None:
    tail, kept = results.Tail(64), results.Kept(64)
    for piece in pieces:
        tail.feed(piece)
        kept.feed(piece)
    whole = b"".join(pieces)
    assert tail.text == whole[-64:].decode("utf-8", "replace")
    assert kept.text == whole[:64].decode("utf-8", "replace")
    assert kept.full == (len(whole) > 64)


def test_json_of_a_schema_is_the_same_in_any_order() -> None:
    from chatrepl.tools.tool import canonical

    assert canonical({"b": 1, "a": [2]}) == canonical(json.loads('{"a": [2], "b": 1}'))
