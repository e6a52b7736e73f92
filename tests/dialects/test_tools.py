"""Tools on the wire: whatever the history, each protocol's double takes it, and what has to go back goes back."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chatrepl.chat.reply import Reply
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import (
    Conversation,
    Definition,
    ImagePart,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    Turn,
    question,
    with_own_ids,
)
from chatrepl.dialects import DIALECTS, dialect, request, tools
from chatrepl.dialects.response import read
from chatrepl.sessions.plain import from_data, to_data
from tests.support import strict

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"a": {"$ref": "#/$defs/number"}, "b": {"type": "integer"}},
    "required": ["a"],
    "$defs": {"number": {"type": "integer", "minimum": 0}},
    "additionalProperties": False,
}
ADD = Definition("add", "Adds.", SCHEMA)
NOW = Definition("now", "", {"type": "object"})
EITHER = Definition(
    "either",
    "One of two.",
    {"type": "object", "anyOf": [{"required": ["x"], "properties": {"x": {}}}, {"required": ["y"]}]},
)
OFFERED = (ADD, NOW, EITHER)
PNG = ImagePart("image/png", "iVBORw0KGgo=")

names = st.sampled_from(["add", "now", "either", "gone", "functions.add", "", "füge zu", "1x", "x" * 100])
ids = st.sampled_from(
    ["", "call_1", "toolu_1", "functions.add:0", "add:0", "null", "x" * 100, "ü/é", "123456789", "a b"]
)
calls = st.builds(ToolCallPart, ids, names, st.sampled_from(["", "null", "{}", '{"a": 1}', '{"a": ', "[1]", '"x"']))
said = st.sampled_from(["", " ", "Let me see.", "noon"])
thoughts = st.sampled_from(
    [(), (ThinkingPart("Hm."),), (ThinkingPart("Hm.", "anthropic:3:sig\n"),), (ThinkingPart("", "gemini:CiQ="),)]
)
failures = st.sampled_from(["", "failed", "cancelled"])


@st.composite
def turns(draw: st.DrawFn, *, whole: bool = True) -> Turn:
    """A turn in which the model calls tools a few times, and in the end answers; or is to do so."""
    messages = [question(draw(st.sampled_from(["2+2?", "And now?"])))]
    for _ in range(draw(st.integers(0, 3))):
        made = draw(st.lists(calls, min_size=1, max_size=3))
        parts: list[Part] = [*draw(thoughts), *([TextPart(text)] if (text := draw(said)) else []), *made]
        reply = with_own_ids(Message("assistant", tuple(parts), ending="tool_calls"), messages)
        results: list[Part] = []
        for part in reply.parts:
            if isinstance(part, ToolCallPart):
                results.append(ToolResultPart(part.id, draw(said), draw(failures)))
                results += draw(st.sampled_from([[], [PNG]]))
        messages += [reply, Message("tool", tuple(results))]
    if whole:
        messages.append(Message("assistant", (TextPart("4"),), ending="stop"))
    return tuple(messages)


conversations = st.builds(
    lambda system, done, last, offered: Conversation(system, done, offered).asking(*last),
    st.sampled_from(["", "You are brief."]),
    st.lists(turns(), max_size=3),
    turns(whole=False),
    st.sampled_from([(), OFFERED]),
)


def profile(name: str, base_url: str = "https://example.org/v1", model: str = "m") -> Profile:
    return Profile("test", dialect=name, place=Url(base_url), model=model)


def body(talk: Conversation, asked: Profile) -> dict[str, Any]:
    """The body of the request for the next reply."""
    found = dialect(asked.dialect).encode(asked, talk, "", stream=True).body
    assert found is not None
    return found


@pytest.mark.parametrize("name", DIALECTS)
@given(talk=conversations)
def test_any_history_with_tools_can_be_sent(name: str, talk: Conversation) -> None:
    strict.DOUBLES[name](body(talk, profile(name)), ["sig", "CiQ="])


def mistral(sent: dict[str, Any]) -> None:
    strict.chat(sent, mistral=True)


def thinking(sent: dict[str, Any]) -> None:
    """As DeepSeek and Kimi look at it."""
    strict.chat(sent, ["reasoning_content"], longest=80)  # no vendor of those tells a limit
    for message in sent["messages"]:
        given_back = isinstance(message.get("reasoning_content"), str)
        strict.demand(given_back == bool(message.get("tool_calls")), "reasoning_content must be passed back to the API")


HOSTS: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {
    "mistral": ("https://api.mistral.ai/v1", mistral),
    "deepseek": ("https://api.deepseek.com", thinking),
    "kimi": ("https://api.moonshot.ai/v1", thinking),
}


@pytest.mark.parametrize("host", HOSTS)
@given(talk=conversations)
def test_vendors_with_rules_of_their_own_take_any_history(host: str, talk: Conversation) -> None:
    url, check = HOSTS[host]
    check(body(talk, profile("openai-chat", url)))


@given(talk=conversations)
def test_an_older_gemini_takes_any_history(talk: Conversation) -> None:
    strict.gemini(body(talk, profile("gemini", model="gemini-2.5-flash")), generation=2)


@given(talk=conversations)
def test_nothing_is_lost_when_a_message_is_kept(talk: Conversation) -> None:
    for message in talk.messages:
        assert from_data(json.loads(json.dumps(to_data(message)))) == message


@given(replies=st.lists(st.lists(calls, max_size=4), max_size=4))
def test_ids_are_unlike_each_other_and_the_server_s_own_are_kept(replies: list[list[ToolCallPart]]) -> None:
    before: list[Message] = []
    for made in replies:
        before.append(with_own_ids(Message("assistant", tuple(made)), before))
    kept = [part for message in before for part in message.parts if isinstance(part, ToolCallPart)]
    assert len({part.id for part in kept}) == len(kept)
    assert all(part.id for part in kept)
    own = [call.id for made in replies for call in made]
    assert all((part.server_id or part.id) == wanted or not wanted for part, wanted in zip(kept, own, strict=True))


@pytest.mark.parametrize("name", ["openai-completions", "scale-egp"])
def test_a_protocol_without_tools_says_so(name: str) -> None:
    assert not dialect(name).tools
    assert all(dialect(other).tools for other in DIALECTS if other not in ("openai-completions", "scale-egp"))


CALL = ToolCallPart("call_1", "add", '{"a": 2}')


def asking(*parts: Part, result: ToolResultPart | None = None, shown: tuple[Part, ...] = ()) -> Conversation:
    """A turn in which a call was made and answered, and the model is to go on."""
    results = Message("tool", (result or ToolResultPart("call_1", "4"), *shown))
    return Conversation("", [], OFFERED).asking(question("2+2?"), Message("assistant", (*parts, CALL)), results)


def test_a_schema_is_sent_as_each_protocol_takes_it() -> None:
    talk = asking()
    chat = body(talk, profile("openai-chat"))["tools"]
    assert chat[0]["function"]["parameters"]["properties"] == SCHEMA["properties"]
    assert chat[1]["function"]["parameters"] == {"type": "object", "properties": {}, "required": []}
    assert "$schema" not in str(chat)
    either = chat[2]["function"]
    assert either["parameters"]["properties"] == {"x": {}}
    assert '"required": ["y"]' in either["description"]
    gemini = body(talk, profile("gemini"))["tools"][0]["functionDeclarations"]
    assert gemini[0]["parametersJsonSchema"]["properties"]["a"] == {"type": "integer", "minimum": 0}
    assert gemini[0]["parametersJsonSchema"]["additionalProperties"] is False
    assert "parametersJsonSchema" not in gemini[1]
    responses = body(talk, profile("openai-responses"))
    assert responses["tools"][0]["strict"] is False
    assert responses["include"] == ["reasoning.encrypted_content"]
    azure = Definition("long", "x" * 5000, {})
    sent = body(Conversation(tools=(azure,)).asking(question("?")), profile("azure-inference"))
    assert len(sent["tools"][0]["function"]["description"]) == 1024


def test_references_that_do_not_end_do_not_hang() -> None:
    loop = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/a"}},
        "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}},
    }
    assert tools.inlined(loop)["properties"]["a"] == {"items": {}}
    bomb: dict[str, Any] = {"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": {}}
    for level in range(40):
        bomb["$defs"][f"d{level}"] = {"anyOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 10}
    assert len(json.dumps(tools.inlined(bomb))) < 10_000_000
    elsewhere = {"type": "object", "properties": {"a": {"$ref": "https://example.org/x"}, "b": {"$ref": "#/no/such"}}}
    assert tools.inlined(elsewhere)["properties"] == {"a": {}, "b": {}}


def test_a_failure_is_told_in_each_protocol() -> None:
    talk = asking(result=ToolResultPart("call_1", "no such city", "failed"))
    assert body(talk, profile("openai-chat"))["messages"][-1]["content"] == "Error: no such city"
    assert body(talk, profile("ollama"))["messages"][-1]["content"] == "Error: no such city"
    assert body(talk, profile("openai-responses"))["input"][-1]["output"] == "Error: no such city"
    block = body(talk, profile("anthropic"))["messages"][-1]["content"][0]
    assert (block["content"], block["is_error"]) == ("no such city", True)
    part = body(talk, profile("gemini"))["contents"][-1]["parts"][0]["functionResponse"]
    assert part["response"] == {"error": "no such city"}
    assert body(talk, profile("openai-completions"))["prompt"].startswith(
        'User: 2+2?\n\n[add {"a": 2} gave: Error: no such city]'
    )
    assert body(talk, profile("scale-egp"))["messages"][-1]["content"] == "Error: no such city"


def test_a_picture_in_a_result_goes_where_the_protocol_takes_it() -> None:
    talk = asking(shown=(PNG,))
    assert body(talk, profile("anthropic"))["messages"][-1]["content"][0]["content"][1]["type"] == "image"
    assert body(talk, profile("openai-responses"))["input"][-1]["output"][1]["type"] == "input_image"
    response = body(talk, profile("gemini"))["contents"][-1]["parts"][0]["functionResponse"]
    assert response["parts"] == [{"inlineData": {"mimeType": "image/png", "data": PNG.data}}]
    old = body(talk, profile("gemini", model="gemini-2.5-pro"))["contents"]
    assert old[-1]["parts"] == response["parts"], "in a content of its own"
    assert body(talk, profile("ollama"))["messages"][-1]["images"] == [PNG.data]
    chat = body(talk, profile("openai-chat"))["messages"]
    assert [message["role"] for message in chat] == ["user", "assistant", "tool", "user"]
    assert chat[-1]["content"][1]["type"] == "image_url"
    assert body(talk, profile("openai-chat", "https://api.mistral.ai/v1"))["messages"][-1]["role"] == "tool"


def replied(name: str, *events: object) -> Message:
    """The message that a streamed reply of these events becomes."""
    stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    reply = Reply()
    headers = {"content-type": "text/event-stream"}
    for event in read(dialect(name), profile(name), 200, headers, [stream.encode()], stream=True):
        reply.feed(event)
    return reply.message()


def then(talk: Message) -> Conversation:
    """The conversation that goes on after a reply with calls."""
    made = [part for part in talk.parts if isinstance(part, ToolCallPart)]
    results = Message("tool", tuple(ToolResultPart(call.id, "4") for call in made))
    return Conversation("", [], OFFERED).asking(question("2+2?"), talk, results)


def item(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "response.output_item.done", "item": {"type": kind, **more}}


def test_responses_gets_its_reasoning_back_before_the_calls_it_led_to_and_in_that_turn_alone() -> None:
    def thought(number: int) -> dict[str, Any]:
        return {"id": f"rs_{number}", "summary": [], "encrypted_content": f"gAAA{number}"}

    def call(number: int) -> dict[str, Any]:
        return {"id": f"fc_{number}", "call_id": f"call_{number}", "name": "add", "arguments": '{"a":1}'}

    reply = replied(
        "openai-responses",
        item("reasoning", **thought(1)),
        item("function_call", **call(1)),
        item("reasoning", **thought(2)),
        item("function_call", **call(2)),
        {"type": "response.completed", "response": {"status": "completed", "output": []}},
    )
    sent = body(then(reply), profile("openai-responses"))
    strict.responses(sent, ["gAAA1", "gAAA2"])
    kinds = ["message", "reasoning", "function_call", "reasoning", "function_call", *["function_call_output"] * 2]
    assert [each["type"] for each in sent["input"]] == kinds
    assert sent["input"][1] == {"type": "reasoning", **thought(1)}
    later = then(reply)
    done = Conversation("", [(*later.turns[0], Message("assistant", (TextPart("4"),)))]).asking(question("Sure?"))
    assert "gAAA" not in str(body(done, profile("openai-responses")))
    for name in DIALECTS:
        assert name == "openai-responses" or "gAAA" not in str(body(later, profile(name)))


def test_gemini_behind_openai_s_protocol_gets_its_signature_back() -> None:
    extra = {"google": {"thought_signature": "CiQ="}}
    function = {"name": "add", "arguments": "{}"}
    call = {"index": 0, "id": "c1", "type": "function", "function": function, "extra_content": extra}
    reply = replied(
        "openai-chat",
        {"choices": [{"delta": {"tool_calls": [call]}}]},
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
    )
    google = profile("openai-chat", "https://generativelanguage.googleapis.com/v1beta/openai", "g")
    for asked in (google, profile("openai-chat", model="vertex/gemini-4-flash")):
        assert body(then(reply), asked)["messages"][1]["tool_calls"][0]["extra_content"] == extra
    for name in DIALECTS:
        assert "CiQ=" not in str(body(then(reply), profile(name))), "nobody else knows that field"
    foreign = Message("assistant", (ToolCallPart("c", "add", "{}"), ToolCallPart("d", "add", "{}")))
    first, second = body(then(foreign), google)["messages"][1]["tool_calls"]
    assert first["extra_content"] == {"google": {"thought_signature": "skip_thought_signature_validator"}}
    assert "extra_content" not in second


CHOICES = {
    "openai-chat": ("tool_choice", "required", {"type": "function", "function": {"name": "add"}}),
    "azure-inference": ("tool_choice", "required", {"type": "function", "function": {"name": "add"}}),
    "openai-responses": ("tool_choice", "required", {"type": "function", "name": "add"}),
    "anthropic": ("tool_choice", {"type": "any"}, {"type": "tool", "name": "add"}),
    "gemini": (
        "toolConfig",
        {"functionCallingConfig": {"mode": "ANY"}},
        {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["add"]}},
    ),
    "ollama": ("tool_choice", None, None),
    "openai-completions": ("tool_choice", None, None),
    "scale-egp": ("tool_choice", None, None),
}
"""Where each protocol has whether a tool has to be called, and what is said of any tool, and of one."""


@pytest.mark.parametrize("name", DIALECTS)
def test_a_call_is_forced_in_the_first_request_of_a_turn_alone(name: str) -> None:
    where, any_tool, one = CHOICES[name]

    def chosen(talk: Conversation, word: object) -> Any:
        asked = replace(profile(name), options={"tool_choice": word})
        found = request(asked, talk, "", stream=True).body
        assert found is not None
        return found.get(where)

    first = Conversation("", [], OFFERED).asking(question("2+2?"))
    assert (chosen(first, "required"), chosen(first, "add")) == (any_tool, one)
    later = then(Message("assistant", (ToolCallPart("c", "add", "{}"),)))
    assert chosen(later, "required") is chosen(later, {"type": "any"}) is None, "it could never answer in words"
    assert (chosen(later, "none") is None) == (any_tool is None)
    assert chosen(replace(first, tools=()), "required") is None, "there is none to call"
    again = Conversation("", [(*later.turns[-1], Message("assistant", (TextPart("4"),)))], OFFERED)
    assert chosen(again.asking(question("And now?")), "required") == any_tool


def test_kimi_gets_its_own_ids_back_and_foreign_ones_in_its_form() -> None:
    own = ToolCallPart("functions.add:0_2", "add", "{}", server_id="functions.add:0")
    foreign = ToolCallPart("toolu_1", "now", "{}")
    talk = then(Message("assistant", (own, foreign)))
    calls = body(talk, profile("openai-chat", "https://api.moonshot.ai/v1"))["messages"][1]["tool_calls"]
    assert [call["id"] for call in calls] == ["functions.add:0", "functions.now:1"]


def piece(call: dict[str, Any]) -> dict[str, Any]:
    return {"choices": [{"delta": {"tool_calls": [call]}}]}


def test_a_call_of_a_reply_that_ends_anyhow_is_kept_whole() -> None:
    reply = replied(
        "openai-chat",
        {
            "choices": [
                {"delta": {"tool_calls": [{"id": "a", "function": {"name": "add", "arguments": '{"x": "\\ud8'}}]}}
            ]
        },
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '3d\\ude00"}'}}]}}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    )
    assert reply.ending == "tool_calls"
    assert reply.parts == (ToolCallPart("a", "add", '{"x": "\\ud83d\\ude00"}'),)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("tools.1.custom.input_schema: JSON schema is invalid", "now"),
        ("Invalid schema for function 'either': None is not of type 'array'.", "either"),
        ("Unknown name \"const\" at 'tools[0].function_declarations[2].parameters'", "either"),
        ("tools.7.custom.name: too long", ""),
        ("Invalid schema for function 'other'", ""),
        ("Slow down", ""),
    ],
)
def test_the_tool_that_a_server_refuses_is_named(said: str, name: str) -> None:
    found = tools.blamed(said, OFFERED)
    assert (found.name if found else "") == name


def test_openrouter_gets_its_reasoning_back_joined_and_nobody_else_does() -> None:
    def thought(**more: Any) -> dict[str, Any]:
        return {"choices": [{"delta": {"reasoning_details": [{"index": 0, **more}]}}]}

    reply = replied(
        "openai-chat",
        thought(type="reasoning.text", text="Two ", format="anthropic-claude-v1"),
        thought(type="reasoning.text", text="and two.", signature="c2ln"),
        thought(type="reasoning.encrypted", data="gAAA"),
        piece({"index": 0, "id": "a", "function": {"name": "add", "arguments": "{}"}}),
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
    )
    sent = body(then(reply), profile("openai-chat", "https://openrouter.ai/api/v1"))
    assert sent["messages"][1]["reasoning_details"] == [
        {
            "index": 0,
            "type": "reasoning.text",
            "text": "Two and two.",
            "format": "anthropic-claude-v1",
            "signature": "c2ln",
        },
        {"index": 0, "type": "reasoning.encrypted", "data": "gAAA"},
    ]
    for name in DIALECTS:
        assert "gAAA" not in str(body(then(reply), profile(name)))


def test_calls_that_all_have_the_same_index_are_told_apart() -> None:
    reply = replied(
        "openai-chat",
        piece({"index": 0, "id": "a", "function": {"name": "add", "arguments": '{"a"'}}),
        piece({"index": 0, "function": {"arguments": ": 1}"}}),
        piece({"index": 0, "id": "b", "function": {"name": "add", "arguments": '{"a"'}}),
        piece({"index": 0, "function": {"arguments": ": 2}"}}),
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    )
    assert [(call.id, call.arguments) for call in reply.parts if isinstance(call, ToolCallPart)] == [
        ("a", '{"a": 1}'),
        ("b", '{"a": 2}'),
    ]
