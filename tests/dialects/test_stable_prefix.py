"""Requests of one conversation begin alike, byte by byte: that is what the caches of vendors live on."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import (
    Conversation,
    Definition,
    FilePart,
    ImagePart,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    Turn,
    question,
)
from chatrepl.dialects import DIALECTS, request
from chatrepl.errors import ConfigError

TOOLS = (Definition("weather", "The weather.", {"type": "object", "properties": {"city": {"type": "string"}}}),)
HISTORY = {"openai-responses": "input", "gemini": "contents", "openai-completions": "prompt"}


def a_turn(number: int, *, calls: bool) -> Turn:
    """A turn with a file in every second one, an image in every third, and a call in every fourth."""
    parts: list[Part] = [FilePart(f"{number}.txt", "a\n```\nb")] if number % 2 == 0 else []
    parts += [ImagePart("image/png", "aGk=", "a.png")] if number % 3 == 0 else []
    asked = replace(question(f"Question {number}?"), parts=(*parts, TextPart(f"Question {number}?")))
    reply = Message("assistant", (ThinkingPart("Hm.", "x"), TextPart(f"Answer {number}.")), "m", "stop")
    if number % 4 or not calls:
        return asked, reply
    call = ToolCallPart(f"call_{number}", "weather", '{ "city": "Bonn",\n"x": 1.0 }')
    return (
        asked,
        Message("assistant", (ThinkingPart("Hm.", "x"), call), "m", "tool_calls"),
        Message("tool", (ToolResultPart(call.id, "Rain."),)),
        reply,
    )


def bodies(dialect: str, tools: tuple[Definition, ...]) -> list[dict[str, Any]]:
    """What goes out in ten turns."""
    profile = Profile("p", dialect=dialect, place=Url("http://h/v1"), model="m", options={"temperature": 0.5})
    talk, found = Conversation("Be brief.", tools=tools), []
    for number in range(1, 11):
        turn = a_turn(number, calls=bool(tools))
        found.append(request(profile, talk.asking(turn[0]), "", stream=True).body or {})
        talk.add(turn)
    return found


@pytest.mark.parametrize("tools", [(), TOOLS], ids=["without tools", "with tools"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_request_begins_as_the_one_before_it(dialect: str, tools: tuple[Definition, ...]) -> None:
    name = HISTORY.get(dialect, "messages")
    before: dict[str, Any] = {}
    for body in bodies(dialect, tools):
        if before:
            said, said_before = (json.dumps(each[name], ensure_ascii=False) for each in (body, before))
            end = 'Assistant:"' if name == "prompt" else "]"  # before which a call may come to stand
            assert said.startswith(said_before.removesuffix(end))
            others, others_before = ({key: each[key] for key in each if key != name} for each in (body, before))
            assert json.dumps(others) == json.dumps(others_before)
        before = body


def test_anthropic_is_asked_to_keep_it_unless_that_is_off() -> None:
    profile = Profile("p", dialect="anthropic", place=Url("http://h"), model="m")

    def sent(**options: object) -> object:
        body = request(replace(profile, options=options), Conversation().asking(question("Hi")), "", stream=True).body
        assert body
        assert "cache" not in body
        return body.get("cache_control")

    assert sent() == sent(cache="5m") == {"type": "ephemeral"}
    assert sent(cache="1h") == {"type": "ephemeral", "ttl": "1h"}
    assert sent(cache="off") is sent(cache=False) is None
    assert sent(cache_control={"type": "own"}) == {"type": "own"}
    for wrong in ("2h", 5, ["5m"]):
        with pytest.raises(ConfigError, match="The option cache cannot be"):
            sent(cache=wrong)
