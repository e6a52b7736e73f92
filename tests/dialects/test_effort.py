"""How much a model thinks: one word, in the words of each protocol and model; and what they refuse, mended."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat import commands, turn
from chatrepl.config import built_in
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Conversation, question
from chatrepl.dialects import dialect, request
from chatrepl.dialects.effort import levels, spelled
from chatrepl.errors import CommandError, ConfigError
from chatrepl.events import Usage
from tests.support import faults
from tests.support.server import Server, say

BUILT_IN = built_in(Path("none")).profiles
GEMINI = "generationConfig"


def asking(name: str, model: str, word: object, **options: Any) -> Profile:
    profile = BUILT_IN.get(name) or Profile(name, dialect=name, place=Url("http://h/v1"))
    return replace(profile, model=model, options={**options, "effort": word})


def adaptive(word: str, most: int) -> dict[str, Any]:
    thinking = {"type": "adaptive", "display": "summarized"}
    return {"thinking": thinking, "output_config": {"effort": word}, "max_tokens": most}


@pytest.mark.parametrize(
    ("name", "model", "word", "sent"),
    [
        ("openai", "gpt-6-luna", "max", {"reasoning": {"effort": "max"}}),
        ("openai", "gpt-6-luna", "minimal", {"reasoning": {"effort": "low"}}),
        ("openai", "gpt-6.1-sol", "none", {"reasoning": {"effort": "low"}}),
        ("openai-chat", "gpt-6-luna", "max", {"reasoning_effort": "xhigh"}),
        ("openai-chat", "gpt-5-mini-2025-08-07", "none", {"reasoning_effort": "minimal"}),
        ("openai-chat", "o3", "xhigh", {"reasoning_effort": "high"}),
        ("openai", "chat-latest", "max", {"reasoning": {"effort": "medium"}}),
        ("mistral", "devstral-latest", "low", {"reasoning_effort": "high"}),
        ("cerebras", "qwen-3.8-27b", "max", {"reasoning_effort": "high"}),
        ("groq", "openai/gpt-oss-120b", "none", {"reasoning_effort": "low"}),
        ("deepseek", "deepseek-flash", "none", {"thinking": {"type": "disabled"}}),
        ("deepseek", "deepseek-flash", "medium", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("moonshot", "kimi-k2.6", "high", {"thinking": {"type": "enabled"}}),
        ("moonshot", "kimi-k3", "none", {"reasoning_effort": "low"}),
        ("zai", "glm-5.3", "xhigh", {"thinking": {"type": "enabled"}, "reasoning_effort": "max"}),
        ("dashscope", "qwen-plus", "none", {"enable_thinking": False}),
        ("dashscope", "qwen-plus", "low", {"enable_thinking": True, "thinking_budget": 4096}),
        ("openrouter", "x/y", "max", {"reasoning": {"effort": "max"}}),
        ("llamacpp", "qwen", "none", {"reasoning_effort": "none", "chat_template_kwargs": {"enable_thinking": False}}),
        ("xai", "grok-4.7", "max", {"reasoning": {"effort": "xhigh"}}),
        ("azure-inference", "gpt-5.1", "max", {"reasoning_effort": "high"}),
        ("anthropic", "claude-sonnet-5-5", "max", adaptive("max", 8192 + 49_152)),
        ("anthropic", "claude-haiku-5-5", "none", {"thinking": {"type": "disabled"}}),
        ("anthropic", "claude-sonnet-5-5", "none", {"thinking": {"type": "between_tools"}}),
        ("anthropic", "claude-opus-5-5", "none", adaptive("low", 8192 + 4096)),
        (
            "anthropic",
            "claude-sonnet-4-6",
            "xhigh",
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
        ),
        ("anthropic", "claude-sonnet-4-5", "low", {"thinking": {"type": "enabled", "budget_tokens": 4096}}),
        ("anthropic", "claude-sonnet-4-20250514", "low", {"thinking": {"type": "enabled", "budget_tokens": 4096}}),
        ("minimax", "MiniMax-M3", "none", {"thinking": {"type": "disabled"}}),
        ("gemini", "gemini-3.8-flash", "max", {GEMINI: {"thinkingConfig": {"thinkingLevel": "HIGH"}}}),
        ("gemini", "gemini-2.5-flash", "none", {GEMINI: {"thinkingConfig": {"thinkingBudget": 0}}}),
        ("gemini", "gemini-2.5-pro", "max", {GEMINI: {"thinkingConfig": {"thinkingBudget": 32_768}}}),
        ("ollama", "qwen3", "none", {"think": False}),
        ("ollama", "gpt-oss:20b", "none", {"think": "low"}),
        ("openai-completions", "m", "high", {}),
        ("scale", "gpt-4", "high", {}),
    ],
)
def test_a_word_is_sent_in_the_words_of_its_protocol_and_model(
    name: str, model: str, word: str, sent: dict[str, Any]
) -> None:
    def holds(whole: Any, part: Any) -> bool:
        if isinstance(part, dict):
            return all(key in whole and holds(whole[key], value) for key, value in part.items())
        return bool(whole == part)

    body = request(asking(name, model, word), Conversation().asking(question("Hi")), "", stream=True).body
    assert body is not None
    assert holds(body, sent), body
    assert "effort" not in body
    if not sent:
        assert not {"reasoning_effort", "reasoning", "think", "thinking"} & body.keys()


def test_the_room_for_thinking_is_added_to_that_for_the_answer() -> None:
    body = request(
        asking("anthropic", "claude-haiku-4-5", "high"), Conversation().asking(question("Hi")), "", stream=True
    )
    assert body.body
    assert body.body["max_tokens"] == 8192 + 16_384


def test_what_the_options_say_of_the_same_goes_before() -> None:
    assert spelled(asking("openai", "gpt-6-luna", "high", reasoning={"summary": "auto"})).options == {
        "reasoning": {"effort": "high", "summary": "auto"}
    }
    assert spelled(asking("openai-chat", "m", "high", reasoning_effort="low")).options == {"reasoning_effort": "low"}
    assert spelled(asking("openai-chat", "m", "off")).options == {}
    with pytest.raises(ConfigError, match=r"effort is one of none, minimal, .* not 'wild'"):
        spelled(asking("openai-chat", "m", "wild"))
    with pytest.raises(ConfigError):
        spelled(asking("openai-chat", "m", ["high"]))


def test_verbosity_stands_where_responses_want_it() -> None:
    profile = replace(BUILT_IN["openai"], options={"verbosity": "low", "text": {"format": {"type": "text"}}})
    body = request(profile, Conversation().asking(question("Hi")), "", stream=True).body
    assert body
    assert body["text"] == {"verbosity": "low", "format": {"type": "text"}}


REFUSALS = {
    "names others": (
        "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. "
        "Supported values are: 'low', 'medium', and 'high'.",
        "low",
    ),
    "is not known": ("Model X does not support parameter reasoningEffort.", None),
    "is not known here": ("Unknown parameter: reasoning_effort", None),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_word_that_is_refused_is_mended_and_that_is_remembered(case: str, server: Server, tmp_path: Path) -> None:
    said, sent = REFUSALS[case]
    server.answers(faults.refusal(400, said))
    profile = Profile("p", dialect="openai-chat", place=Url(server.url), model="m", options={"effort": "minimal"})
    with faults.session(tmp_path, profile) as seen:
        for _ in range(2):
            assert turn.send(seen.session, "Hi").kept
        assert seen.notes.getvalue().count("m refused effort minimal; asked again") == 1
    assert [each.body.get("reasoning_effort") for each in server.requests] == ["minimal", sent, sent]


def test_one_that_is_refused_twice_is_left_out(server: Server, tmp_path: Path) -> None:
    server.answers(
        faults.refusal(400, "reasoning_effort: use 'high'"), faults.refusal(400, "reasoning_effort: use 'low'")
    )
    profile = Profile("p", dialect="openai-chat", place=Url(server.url), model="m", options={"effort": "minimal"})
    with faults.session(tmp_path, profile) as seen:
        assert turn.send(seen.session, "Hi").kept
    assert [each.body.get("reasoning_effort") for each in server.requests] == ["minimal", "high", None]


def test_tools_that_go_with_no_effort_alone_are_asked_for_with_none(server: Server, tmp_path: Path) -> None:
    said = (
        "Function tools with reasoning_effort are not supported for gpt-5.6 in /v1/chat/completions. To use function "
        "tools, use /v1/responses or set reasoning_effort to 'none'."
    )
    server.answers(faults.refusal(400, said))
    profile = Profile("p", dialect="openai-chat", place=Url(server.url), model="gpt-5.6")
    with faults.session(tmp_path, profile) as seen:
        assert turn.send(seen.session, "Hi").kept
    assert server.requests[1].body["reasoning_effort"] == "none"


def test_the_command_tells_and_sets_it(server: Server, tmp_path: Path) -> None:
    profile = Profile("p", dialect="openai-chat", place=Url(server.url), model="gpt-oss-20b")
    with faults.session(tmp_path, profile) as seen:
        commands.run(seen.session, "/effort")
        assert "The effort is left to the model; gpt-oss-20b takes low, medium, high." in seen.notes.getvalue()
        commands.run(seen.session, "/effort none")
        assert "The effort is none, sent as low;" in seen.notes.getvalue()
        turn.send(seen.session, "Hi")
        assert server.requests[0].body["reasoning_effort"] == "low"
        with pytest.raises(CommandError, match="effort is one of none, minimal"):
            commands.run(seen.session, "/effort wild")
        commands.run(seen.session, "/effort off")
        turn.send(seen.session, "Hi")
        assert "reasoning_effort" not in server.requests[1].body
        seen.session.profile = replace(profile, model="nobody-knows")
        seen.notes.truncate(0)
        commands.run(seen.session, "/effort max")
        assert "The effort is max." in seen.notes.getvalue()
    assert levels(replace(profile, dialect="scale-egp")) == ()


def test_a_model_that_the_table_knows_to_refuse_sampling_and_prefill_gets_neither(
    server: Server, tmp_path: Path
) -> None:
    reply = {"role": "assistant", "content": [{"type": "text", "text": "Yes"}], "stop_reason": "max_tokens"}
    server.answers(*[faults.answer(200, json.dumps(reply))] * 3)
    place = Url(server.url.removesuffix("/v1"))
    profile = replace(
        BUILT_IN["anthropic"],
        place=place,
        base_url_env="",
        key_env="THE_KEY",
        options={"temperature": 0.2, "top_p": 0.5},
    )
    with faults.session(tmp_path, profile) as seen:
        for _ in range(2):
            assert turn.send(seen.session, "Hi").kept
        assert turn.go_on(seen.session).kept
        assert seen.notes.getvalue().count("claude-sonnet-5-5 does not take temperature, so it is not sent.") == 1
    assert [each.body.keys() & {"temperature", "top_p"} for each in server.requests] == [set()] * 3
    assert server.requests[2].body["messages"][-1]["role"] == "user", "it is asked to go on"


def test_a_temperature_that_thinking_forbids_is_left_out_and_the_thinking_stays(server: Server, tmp_path: Path) -> None:
    said = "`temperature` may only be set to 1 when thinking is enabled."
    server.answers(faults.refusal(400, said), say("Yes"))
    options = {"temperature": 0.2, "effort": "high"}
    profile = Profile("p", dialect="openai-chat", place=Url(server.url), model="m", options=options)
    with faults.session(tmp_path, profile) as seen:
        assert turn.send(seen.session, "Hi").kept
    assert "temperature" not in server.requests[1].body
    assert server.requests[1].body["reasoning_effort"] == "high"


@pytest.mark.parametrize(
    "said",
    ["The reasoning was too long for the context window of 8192 tokens", "I was thinking of something else", "no"],
)
def test_what_complains_of_something_else_changes_no_effort(said: str, server: Server, tmp_path: Path) -> None:
    server.answers(faults.refusal(400, said))
    profile = Profile("p", dialect="openai-chat", place=Url(server.url), model="m", options={"effort": "high"})
    with faults.session(tmp_path, profile) as seen:
        assert not turn.send(seen.session, "Hi").kept
        assert turn.send(seen.session, "Hi").kept
    assert [each.body.get("reasoning_effort") for each in server.requests] == ["high", "high"]


def test_a_service_tier_is_sent_in_each_protocols_words_and_that_which_served_is_read() -> None:
    told: dict[str, tuple[str, dict[str, Any]]] = {
        "openai-chat": (
            "service_tier",
            {"choices": [{"message": {"content": "Hi"}}], "usage": {"prompt_tokens": 1}, "service_tier": "flex"},
        ),
        "openai-responses": (
            "service_tier",
            {"status": "completed", "output": [], "usage": {"input_tokens": 1}, "service_tier": "flex"},
        ),
        "anthropic": ("service_tier", {"content": "Hi", "usage": {"input_tokens": 1, "service_tier": "flex"}}),
        "gemini": (
            "serviceTier",
            {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1, "serviceTier": "FLEX"}},
        ),
    }
    for name, (field, body) in told.items():
        profile = Profile("p", dialect=name, place=Url("http://h/v1"), model="m", options={"service_tier": "flex"})
        sent = request(profile, Conversation().asking(question("Hi")), "", stream=True).body or {}
        assert sent[field] == "flex", name
        [used] = [each for each in dialect(name).decode_whole(body) if isinstance(each, Usage)]
        assert used.tier == "flex", name
