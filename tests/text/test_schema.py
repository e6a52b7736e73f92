"""The shape of an answer: how it is written, and what keeps to it."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chatrepl.text import schema
from chatrepl.text.schema import NoSchema

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["name", "age", "tags"],
    "additionalProperties": False,
}


def test_the_short_form() -> None:
    assert schema.parsed("name, age int, tags list") == PERSON
    assert schema.parsed("name\nage int: in years, not months") == {
        **PERSON,
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "description": "in years, not months"}},
        "required": ["name", "age"],
    }
    assert schema.parsed(json.dumps(PERSON)) == PERSON


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "no field"),
        (" , ", "no field"),
        ("age years", "is no field"),
        ("a b c", "is no field"),
        ("{", "no JSON (line 1"),
        ("[1]", "an object"),
        ("{}", "nothing of a type"),
        ('{"type": "person"}', "no known type"),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "nested too deep"),
        ("x" * 2_000_000, "too long"),
    ],
)
def test_what_is_no_schema_is_said(words: str, why: str) -> None:
    with pytest.raises(NoSchema) as caught:
        schema.parsed(words)
    assert why in str(caught.value)


@given(st.text(max_size=60))
def test_any_words_are_a_schema_or_none(words: str) -> None:
    try:
        found = schema.parsed(words)
    except NoSchema:
        return
    assert schema.is_strict(found) or words.strip()[:1] == "{"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"name": "Ada", "age": 36, "tags": []}', []),
        ('```json\n{"name": "Ada", "age": 36, "tags": ["x"]}\n```\n', []),
        ('{"name": "Ada"}', ["$: 'age' is a required property", "$: 'tags' is a required property"]),
        ('{"name": "Ada", "age": "36", "tags": []}', ["$.age: '36' is not of type 'integer'"]),
        ("Ada is 36.", ["it is no JSON"]),
        ("[" * 100_000, ["it is no JSON"]),
    ],
)
def test_what_does_not_keep_to_it_is_told(answer: str, said: list[str]) -> None:
    found = schema.mistakes(answer, PERSON)
    assert len(found) == len(said)
    assert all(each.startswith(start) for each, start in zip(found, said, strict=True))


def test_many_mistakes_are_told_in_short() -> None:
    answer = json.dumps({"name": "A", "age": 1, "tags": list(range(100))})
    assert schema.mistakes(answer, PERSON)[-1] == "and 95 more"


@pytest.mark.parametrize("broken", [{"type": "object", "properties": 3}, {"type": "string", "pattern": "("}])
def test_a_schema_that_the_library_refuses_is_said(broken: dict[str, Any]) -> None:
    with pytest.raises(NoSchema):
        schema.mistakes('"x"', broken)


@pytest.mark.parametrize(
    ("given_", "strict"),
    [
        (PERSON, True),
        ({**PERSON, "required": ["name"]}, False),
        ({key: value for key, value in PERSON.items() if key != "additionalProperties"}, False),
        ({"type": "array", "items": PERSON}, False),
        ({**PERSON, "properties": {**PERSON["properties"], "age": {"type": "object", "properties": {}}}}, False),
    ],
)
def test_strict_is_what_requires_and_allows_just_its_properties(given_: dict[str, Any], strict: bool) -> None:
    assert schema.is_strict(given_) is strict
