"""Parameters that heal themselves: a complaint of a server becomes one change of the request."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat import turn
from chatrepl.config.config import Profile, built_in
from chatrepl.config.place import Url
from chatrepl.conversation import question
from chatrepl.dialects.dialect import Request
from chatrepl.dialects.repair import advice, mended
from chatrepl.errors import Refused
from tests.support import faults
from tests.support.server import Server

BODY = {"model": "m", "messages": [], "max_tokens": 5, "temperature": 0.5, "stream_options": {"include_usage": True}}

COMPLAINTS = [
    (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "max_tokens",
        {"max_tokens": "max_completion_tokens"},
    ),
    (
        "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) is.",
        "temperature",
        {"temperature": "off"},
    ),
    ("body.stream_options: Extra inputs are not permitted", "", {"stream_options": "off"}),
    ("Unrecognized request argument supplied: stream_options", "", {"stream_options": "off"}),
    ("`temperature` is deprecated for this model.", "", {"temperature": "off"}),
    (
        "property 'max_tokens' is unsupported, did you mean max_completion_tokens?",
        "",
        {"max_tokens": "max_completion_tokens"},
    ),
    ("The model does not support messages of that kind", "", {}),
    ("Unknown model m", "", {}),
    ("temperature has to be a number", "temperature", {}),
    ("Unsupported parameter: 'frobnication'", "frobnication", {}),
]


@pytest.mark.parametrize(("said", "parameter", "change"), COMPLAINTS)
def test_a_complaint_becomes_a_change(said: str, parameter: str, change: dict[str, str]) -> None:
    assert advice(Refused(said, status=400, parameter=parameter), BODY, {}) == change


NESTED = [
    (
        {"generationConfig": {"seed": 7, "topK": 1}},
        "Unknown name \"seed\" at 'generation_config': Cannot find field.",
        "",
        "seed",
    ),
    ({"model_parameters": {"topP": 1}}, "body.model_parameters.topP: extra fields not permitted", "", "topP"),
    ({"options": {"mirostat": 1}}, "unsupported parameter", "options.mirostat", "mirostat"),
    (
        {"text": {"verbosity": "low", "format": {"type": "json_schema"}}},
        "Unsupported parameter: 'text.verbosity' is not supported with this model.",
        "text.verbosity",
        "verbosity",
    ),
]


@pytest.mark.parametrize(("more", "said", "parameter", "name"), NESTED)
def test_what_stands_in_an_object_of_parameters_is_mended_there(
    more: dict[str, Any], said: str, parameter: str, name: str
) -> None:
    body = {"contents": [], **more}
    names = advice(Refused(said, status=400, parameter=parameter), body, {})
    assert names == {name: "off"}
    (place,) = more
    left = {key: value for key, value in more[place].items() if key != name}
    assert mended(Request("POST", "u", {}, body), names).body == {"contents": [], place: left}


def test_the_seed_has_mistrals_name() -> None:
    names = built_in(Path()).profile("mistral").parameters
    assert mended(Request("POST", "u", {}, {"seed": 7}), names).body == {"random_seed": 7}


def test_who_is_asked_by_hand_has_no_profile_to_write_the_change_into(server: Server, tmp_path: Path) -> None:
    for name, keep in (("by-hand", False), ("mine", True)):
        server.answers(faults.refusal(400, "Unsupported parameter: 'seed'"))
        profile = Profile(name, dialect="openai-chat", place=Url(server.url), model="m", options={"seed": 5})
        profile = replace(profile, by_hand=not keep)
        with faults.session(tmp_path / name, profile) as seen:
            assert turn.ask(seen.session, question("Hi")).kept
        assert "m does not take seed; asked again without it." in seen.notes.getvalue()
        assert ("[profiles.mine]" in " ".join(seen.notes.getvalue().split())) is keep
        assert "by-hand" not in seen.notes.getvalue()


@pytest.mark.parametrize("status", [200, 401, 404, 429, 500])
def test_other_errors_change_nothing(status: int) -> None:
    assert advice(Refused("Unsupported parameter: 'temperature'", status=status), BODY, {}) == {}


def test_the_name_of_the_profile_is_no_complaint() -> None:
    error = Refused("unsupported answered 400 Bad Request: temperature!", status=400, said="temperature!")
    assert advice(error, BODY, {}) == {}


def test_what_was_mended_is_not_mended_again() -> None:
    error = Refused("max_tokens and max_completion_tokens are not supported", status=400)
    names = advice(error, BODY, {})
    assert names == {"max_tokens": "max_completion_tokens"}
    assert advice(error, mended(Request("POST", "u", {}, BODY), names).body or {}, names) == {}


def test_a_server_that_is_never_content_is_asked_twice(server: Server, tmp_path: Path) -> None:
    server.answers(*[faults.refusal(400, "max_tokens and max_completion_tokens are not supported")] * 3)
    profile = Profile("test", dialect="openai-chat", place=Url(server.url), model="m", options={"max_tokens": 5})
    with faults.session(tmp_path, profile) as seen:
        assert not turn.ask(seen.session, question("Hi")).kept
    assert len(server.requests) == 2


def test_a_request_is_mended() -> None:
    request = Request("POST", "u", {}, BODY)
    body = mended(request, {"max_tokens": "max_completion_tokens", "temperature": "off"}).body
    assert body == {"model": "m", "messages": [], "max_completion_tokens": 5, "stream_options": {"include_usage": True}}
    assert mended(request, {}) is request
    assert mended(Request("GET", "u"), {"a": "b"}).body is None
