"""The schema of an answer on the wire: where each protocol has it, what vendors do not know of it, and words."""

import json
from typing import Any

import pytest

from chatrepl import client
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Conversation, Definition, question
from chatrepl.dialects import dialect, schemas
from chatrepl.errors import Refused

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "kind": {"enum": ["cat", "dog"]},
        "legs": {"type": "integer", "minimum": 0, "description": "How many."},
        "tags": {"type": "array", "minItems": 2, "items": {"type": "object", "properties": {"t": {"const": "x"}}}},
        "pattern": {"type": "string", "pattern": "^a", "format": "regex"},
    },
    "required": ["kind"],
}


def body(name: str, url: str = "https://example.org/v1", model: str = "m", **more: Any) -> dict[str, Any]:
    profile = Profile("p", dialect=name, place=Url(url), model=model, **more.pop("profile", {}))
    talk = Conversation("Be kind.", schema=SCHEMA, **more).asking(question("Hi"))
    return dialect(name).encode(profile, client.spoken(profile, talk), "", stream=True).body or {}


def test_each_protocol_has_it_in_its_own_place() -> None:
    for name in ("openai-chat", "azure-inference"):
        found = body(name)["response_format"]
        assert (found["type"], found["json_schema"]["strict"]) == ("json_schema", False)
        assert "$schema" not in found["json_schema"]["schema"]
    assert body("openai-responses")["text"]["format"]["type"] == "json_schema"
    assert body("anthropic")["output_config"]["format"]["type"] == "json_schema"
    assert body("gemini")["generationConfig"]["responseMimeType"] == "application/json"
    assert body("ollama")["format"] == SCHEMA
    assert body("openai-completions", "http://127.0.0.1:8080/v1")["json_schema"] == SCHEMA


@pytest.mark.parametrize("name", ["openai-completions", "scale-egp"])
def test_where_there_is_none_the_model_is_told(name: str) -> None:
    said = json.dumps(body(name))
    assert "Be kind." in said
    assert "Answer with JSON alone" in said
    assert not {"json_schema", "response_format", "format"} & body(name).keys()


def test_gemini_before_3_is_told_where_it_has_tools() -> None:
    tool = Definition("add", "", {"type": "object"})
    old = body("gemini", model="gemini-2.5-flash", tools=(tool,))
    assert "Answer with JSON alone" in str(old["systemInstruction"])
    assert "generationConfig" not in old
    assert "generationConfig" in body("gemini", model="gemini-2.5-flash")
    assert "generationConfig" in body("gemini", model="gemini-3-pro", tools=(tool,))


def test_what_a_vendor_does_not_know_stands_in_the_description() -> None:
    claude = body("anthropic")["output_config"]["format"]["schema"]
    assert claude["additionalProperties"] is False
    assert claude["properties"]["tags"]["items"]["additionalProperties"] is False
    assert claude["properties"]["legs"] == {"type": "integer", "description": 'How many. {"minimum": 0}'}
    assert claude["properties"]["pattern"]["description"] == '{"pattern": "^a", "format": "regex"}'
    google = body("gemini")["generationConfig"]["responseJsonSchema"]
    assert google["properties"]["tags"]["items"]["properties"]["t"] == {"enum": ["x"]}
    assert google["properties"]["legs"]["minimum"] == 0
    assert "pattern" in google["properties"]  # it is a name there, no keyword


def test_what_else_an_option_says_in_the_same_place_stays() -> None:
    options = {"output_config": {"effort": "low"}}
    assert body("anthropic", profile={"options": options})["output_config"]["effort"] == "low"
    assert body("openai-responses", profile={"options": {"text": {"verbosity": "low"}}})["text"]["verbosity"] == "low"
    assert body("gemini", profile={"options": {"temperature": 0.5}})["generationConfig"]["temperature"] == 0.5


@pytest.mark.parametrize(
    "said",
    [
        "This response_format type is unavailable now",
        "Invalid schema for response_format 'answer': In context=(), 'required' is required",
        "output_config.format: Extra inputs are not permitted",
        "schema is too complex",
        "JSON schema error at #: unrecognized type x",
    ],
)
def test_a_refusal_of_the_schema_is_known_from_others(said: str) -> None:
    talk = Conversation("", schema=SCHEMA, tools=(Definition("add", "", {}),)).asking(question("Hi"))
    assert schemas.is_refused(Refused(said, status=400), talk)
    assert not schemas.is_refused(Refused(said, status=500), talk)
    assert not schemas.is_refused(Refused(said, status=400), Conversation())
    assert not schemas.is_refused(Refused("Invalid schema for function 'add': no", status=400), talk)
