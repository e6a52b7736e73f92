"""What no captured exchange can show of a dialect: its URLs, its whole table of endings, its list of models."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chatrepl.config.place import Url
from chatrepl.conversation import Conversation, FilePart, TextPart, ToolCallPart
from chatrepl.dialects import ModelInfo, Request, dialect
from chatrepl.dialects.framing import Frame
from chatrepl.dialects.response import read
from chatrepl.dialects.wire import openai_usage, written
from chatrepl.errors import BrokenReply, ConfigError
from chatrepl.events import Finished, FinishReason, Text
from chatrepl.usage import Price
from tests.support.exchanges import PROFILE, assistant, user

ASKING = Conversation().asking(user(TextPart("Hello")))


def request(name: str, *, stream: bool = True, talk: Conversation = ASKING, **profile: Any) -> Request:
    return dialect(name).encode(replace(PROFILE, **profile), talk, "KEY", stream=stream)


def body(name: str, **options: Any) -> dict[str, Any]:
    found = request(name, options=options).body
    assert found is not None
    return found


GOOGLE = "https://generativelanguage.googleapis.com"
VERTEX = "https://eu-aiplatform.googleapis.com/v1/projects/p/locations/eu/publishers/google"


@pytest.mark.parametrize(
    ("name", "base", "model", "url"),
    [
        ("anthropic", "https://api.anthropic.com", "m", "https://api.anthropic.com/v1/messages"),
        ("anthropic", "https://api.anthropic.com/v1/", "m", "https://api.anthropic.com/v1/messages"),
        ("anthropic", "https://h/api/v1/messages", "m", "https://h/api/v1/messages"),
        ("anthropic", "https://h/v1?team=blue", "m", "https://h/v1/messages?team=blue"),
        ("ollama", "http://localhost:11434", "m", "http://localhost:11434/api/chat"),
        ("ollama", "http://localhost:11434/v1", "m", "http://localhost:11434/api/chat"),
        ("ollama", "http://localhost:11434/api/", "m", "http://localhost:11434/api/chat"),
        ("ollama", "http://h/chat", "m", "http://h/chat/api/chat"),
        ("gemini", GOOGLE, "m", f"{GOOGLE}/v1beta/models/m:streamGenerateContent?alt=sse"),
        ("gemini", f"{GOOGLE}/v1beta/", "models/m", f"{GOOGLE}/v1beta/models/m:streamGenerateContent?alt=sse"),
        ("gemini", f"{GOOGLE}/v1/models", "m", f"{GOOGLE}/v1/models/m:streamGenerateContent?alt=sse"),
        ("gemini", GOOGLE, "tunedModels/x", f"{GOOGLE}/v1beta/tunedModels/x:streamGenerateContent?alt=sse"),
        ("gemini", VERTEX, "m", f"{VERTEX}/models/m:streamGenerateContent?alt=sse"),
        ("gemini", "http://h?a=1", "a:b c", "http://h/v1beta/models/a%3Ab%20c:streamGenerateContent?a=1&alt=sse"),
        ("scale-egp", "https://h/egp/v1", "m", "https://h/egp/v1/chat-completions"),
        ("scale-egp", "https://h/egp/v1/chat-completions", "m", "https://h/egp/v1/chat-completions"),
    ],
)
def test_a_request_goes_where_the_base_url_points_however_much_of_it_is_given(
    name: str, base: str, model: str, url: str
) -> None:
    assert request(name, place=Url(base), model=model).url == url


def test_the_key_of_gemini_is_in_a_header_and_never_in_the_url() -> None:
    found = request("gemini", place=Url(GOOGLE))
    assert "KEY" not in found.url
    assert found.headers == {"x-goog-api-key": "KEY"}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("anthropic", ("stop_sequences",)),
        ("ollama", ("options", "stop")),
        ("gemini", ("generationConfig", "stopSequences")),
        ("scale-egp", ("model_parameters", "stop_sequences")),
    ],
)
def test_a_single_stop_text_becomes_the_list_that_the_protocol_wants(name: str, place: tuple[str, ...]) -> None:
    found: Any = body(name, stop="END")
    for step in place:
        found = found[step]
    assert found == ["END"]


def test_options_given_in_the_words_of_the_protocol_stay_and_win() -> None:
    config = {"maxOutputTokens": 9, "thinkingConfig": {"includeThoughts": True}}
    found = body("gemini", max_tokens=5, temperature=0, generationConfig=config)
    assert found["generationConfig"] == config | {"temperature": 0}
    found = body("ollama", options={"num_ctx": 4096}, keep_alive="5m", num_predict=3)
    assert (found["keep_alive"], found["options"]) == ("5m", {"num_predict": 3, "num_ctx": 4096})
    assert body("scale-egp", memory_strategy={"name": "last_k"})["memory_strategy"] == {"name": "last_k"}


@pytest.mark.parametrize(
    ("base", "options", "role"),
    [
        ("https://api.spellbook.scale.com/egp/v1", {}, "agent"),
        ("https://api.egp.scale.com/v4", {}, "assistant"),
        ("https://api.egp.scale.com/v4", {"assistant_role": "agent"}, "agent"),
        ("https://api.egp.scale.com/v3", {"assistant_role": "assistant"}, "assistant"),
    ],
)
def test_scale_gets_the_turns_of_the_model_in_the_role_it_gave_them(base: str, options: Any, role: str) -> None:
    turn = (user(TextPart("Hi")), assistant(TextPart("Hello"), ToolCallPart("c", "now", "{}")))
    talk = Conversation("", [turn]).asking(user(TextPart("Well?")))
    found = request("scale-egp", talk=talk, place=Url(base), options=options).body
    assert found is not None
    assert [message["role"] for message in found["messages"]] == ["user", role, "user"]
    assert "assistant_role" not in found


STOP = "STOP FINISH_REASON_UNSPECIFIED"
LENGTH = "MAX_TOKENS CONTINUATION"
FILTER = (
    "SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII LANGUAGE IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT "
    "IMAGE_RECITATION ESCALATION MODEL_ARMOR PUP_LIMITED_DISABLED"
)
ERROR = (
    "MALFORMED_FUNCTION_CALL UNEXPECTED_TOOL_CALL TOO_MANY_TOOL_CALLS MISSING_THOUGHT_SIGNATURE MALFORMED_RESPONSE "
    "NO_IMAGE IMAGE_OTHER OTHER"
)
GEMINI_REASONS = [
    (raw, reason)
    for words, reason in (
        (STOP, "stop"),
        (LENGTH, "length"),
        (FILTER, "content_filter"),
        (ERROR, "error"),
        ("FUNCTION_CALL", "tool_calls"),
        ("HUM", "other"),
    )
    for raw in words.split()
]


@pytest.mark.parametrize(("raw", "reason"), GEMINI_REASONS)
def test_each_ending_that_gemini_knows_has_its_meaning(raw: str, reason: FinishReason) -> None:
    reply = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": raw}]}
    assert list(dialect("gemini").decode_whole(reply))[-1] == Finished(reason, raw)


@pytest.mark.parametrize("raw", "SAFETY OTHER BLOCKLIST PROHIBITED_CONTENT IMAGE_SAFETY MODEL_ARMOR JAILBREAK".split())
def test_a_prompt_that_gemini_blocks_is_told_as_filtered(raw: str) -> None:
    told = f"The prompt was blocked: {raw}"
    feedback = {"blockReason": raw}
    assert list(dialect("gemini").decode_whole({"promptFeedback": feedback})) == [Finished("content_filter", told)]
    feedback["blockReasonMessage"] = "It is about\nbombs."
    told += ": It is about bombs."
    assert list(dialect("gemini").decode_whole({"promptFeedback": feedback})) == [Finished("content_filter", told)]


def test_why_gemini_ended_a_reply_is_kept_beside_its_word_for_it() -> None:
    reply = {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": "Malformed call: add("}]}
    assert list(dialect("gemini").decode_whole(reply)) == [
        Finished("error", "MALFORMED_FUNCTION_CALL: Malformed call: add(")
    ]


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, 8192),
        ({"num_ctx": 4096}, 4096),
        ({"options": {"num_ctx": 4096}}, 4096),
    ],
)
def test_ollama_is_asked_for_the_context_that_the_profile_tells(options: Any, asked: int) -> None:
    found = request("ollama", context=8192, options=options).body
    assert found is not None
    assert found["options"] == {"num_ctx": asked}
    assert "options" not in body("ollama"), "nor for any where it tells none"


def test_the_best_of_several_is_asked_for_in_one_piece() -> None:
    assert "stream" not in body("openai-completions", best_of=3)
    assert "stream_options" not in body("openai-completions", best_of=3)
    assert body("openai-completions", best_of=1)["stream"] is True


@pytest.mark.parametrize(
    ("options", "shown"),
    [({}, {"x-api-key": "KEY"}), ({"auth": "bearer"}, {"authorization": "Bearer KEY"})],
)
def test_a_gateway_is_shown_the_key_of_anthropic_in_its_own_way(options: Any, shown: dict[str, str]) -> None:
    found = request("anthropic", options=options)
    assert found.headers == shown | {"anthropic-version": "2023-06-01"}
    assert "auth" not in (found.body or {})
    with pytest.raises(ConfigError, match="auth"):
        request("anthropic", options={"auth": ["both"]})


def test_anthropic_goes_on_with_a_reply_that_does_not_end_with_a_blank() -> None:
    assert dialect("anthropic").prefill
    talk = Conversation().asking(user(TextPart("Hi")), assistant(TextPart("Hello  \n")))
    found = request("anthropic", talk=talk).body
    assert found is not None
    assert found["messages"][-1] == {"role": "assistant", "content": "Hello"}


@pytest.mark.parametrize("inside", ["a\n```\nb\n```", "~~~", "`````"])
def test_a_file_that_holds_a_fence_stands_in_a_longer_one(inside: str) -> None:
    _, fence, *lines, end, last = written(FilePart("a.md", inside)).split("\n")
    assert (fence, "\n".join(lines), last) == (end, inside, "")
    assert fence not in inside


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("anthropic", "https://example.org/v1/models?limit=1000"),
        ("ollama", "https://example.org/api/tags"),
        ("gemini", "https://example.org/v1/models?pageSize=1000"),
    ],
)
def test_the_list_of_models_is_asked_for_with_the_key(name: str, url: str) -> None:
    models = dialect(name).models
    assert models is not None
    asked = models(PROFILE, "KEY")
    assert (asked.method, asked.url, asked.body) == ("GET", url, None)
    assert "KEY" in str(asked.headers)


LISTS: list[tuple[str, Any, list[ModelInfo]]] = [
    (
        "anthropic",
        {
            "data": [{"type": "model", "id": "claude-x", "display_name": "X", "max_input_tokens": 200000}],
            "has_more": False,
        },
        [ModelInfo("claude-x", 200000)],
    ),
    (
        "ollama",
        {"models": [{"name": "llama3:latest", "model": "llama3:latest", "size": 1}, {"name": "old"}, {"size": 2}]},
        [ModelInfo("llama3:latest"), ModelInfo("old")],
    ),
    (
        "gemini",
        {
            "models": [
                {
                    "name": "models/gemini-x",
                    "inputTokenLimit": 1048576,
                    "supportedGenerationMethods": ["generateContent", "countTokens"],
                },
                {"name": "models/embedding-x", "supportedGenerationMethods": ["embedContent"]},
                {"name": "tunedModels/mine"},
            ]
        },
        [ModelInfo("gemini-x", 1048576), ModelInfo("tunedModels/mine")],
    ),
]


@pytest.mark.parametrize(("name", "told", "models"), LISTS)
def test_a_list_of_models_becomes_names_and_sizes(name: str, told: Any, models: list[ModelInfo]) -> None:
    decode_models = dialect(name).decode_models
    assert decode_models is not None
    assert decode_models(told) == models


@pytest.mark.parametrize(
    ("prompt", "completion", "price"),
    [
        ("0.000001", "0.000002", Price(1.0, 2.0)),
        ("0", "0", Price(0.0, 0.0)),
        ("-1", "-1", None),
        ("nan", "1", None),
        ("1", "inf", None),
    ],
)
def test_a_price_that_varies_or_is_none_is_unknown(prompt: str, completion: str, price: Any) -> None:
    decode_models = dialect("openai-chat").decode_models
    assert decode_models is not None
    told = {"data": [{"id": "m", "pricing": {"prompt": prompt, "completion": completion}, "max_context_length": 5}]}
    assert decode_models(told) == [ModelInfo("m", 5, price)]


ODD = dict.fromkeys(("supportedGenerationMethods", "inputTokenLimit", "details"), "odd")


@pytest.mark.parametrize("name", ["anthropic", "ollama", "gemini"])
@pytest.mark.parametrize("junk", [None, 7, "x", [], [7], {"models": 7, "data": 7}, {"models": [{"name": "m"} | ODD]}])
def test_junk_for_a_list_of_models_is_an_empty_list_or_what_of_it_has_a_name(name: str, junk: Any) -> None:
    decode_models = dialect(name).decode_models
    assert decode_models is not None
    assert decode_models(junk) in ([], [ModelInfo("m")])


@pytest.mark.parametrize("name", ["anthropic", "ollama", "gemini"])
def test_a_body_of_another_protocol_is_no_reply(name: str) -> None:
    with pytest.raises(BrokenReply):
        list(dialect(name).decode_whole({"object": "chat.completion", "choices": []}))


# A stream that is called JSON


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("openai-chat", b'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n'),
        ("openai-chat", b'\xef\xbb\xbf\n: ping\n\ndata: {"choices": [{"delta": {"content": "Hi"}}]}\n\n'),
        (
            "anthropic",
            b'event: x\ndata: {"type": "content_block_start", "content_block": {"type": "text", "text": "Hi"}}\n\n',
        ),
        ("ollama", b'{"message": {"content": "Hi"}, "done": false}\n'),
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "application/stream+json", ""])
def test_a_stream_that_is_called_json_is_shown_as_it_comes(name: str, piece: bytes, kind: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield from (piece[at : at + 1] for at in range(len(piece)))
        raise AssertionError("more was read than the first word needs")

    events = read(dialect(name), PROFILE, 200, {"content-type": kind}, chunks(), stream=True)
    assert next(events) == Text("Hi")


# How a stream ends


def streamed(name: str, *choices: dict[str, Any], marked: bool = True) -> list[Any]:
    """The texts and the end of a stream in which these stand; the error in place of the end."""
    frames = [Frame(json.dumps({"choices": [choice]})) for choice in choices] + [Frame("[DONE]")] * marked
    found: list[Any] = []
    try:
        for event in dialect(name).decode(frames):
            found.append(event.text if isinstance(event, Text) else event)
    except BrokenReply as error:
        found.append(type(error))
    return found


def piece(name: str, text: str, reason: str | None) -> dict[str, Any]:
    said = {"text": text} if name == "openai-completions" else {"delta": {"content": text}}
    return {"index": 0, "finish_reason": reason, **said}


CHATS = pytest.mark.parametrize("name", ["openai-chat", "azure-inference", "openai-completions"])


@CHATS
@pytest.mark.parametrize("reason", [None, ""])
def test_the_end_mark_is_an_end_for_which_no_reason_is_needed(name: str, reason: str | None) -> None:
    hi = piece(name, "Hi", reason)
    assert streamed(name, hi, hi) == ["Hi", "Hi", Finished("stop")]
    assert streamed(name, hi, hi, marked=False) == ["Hi", "Hi", BrokenReply]
    assert streamed(name, piece(name, "", reason)) == [BrokenReply], "of nothing there is no end"


@CHATS
def test_an_empty_reason_in_every_chunk_hides_no_later_one(name: str) -> None:
    pieces = piece(name, "Hi", ""), piece(name, " you", "length")
    assert streamed(name, *pieces) == ["Hi", " you", Finished("length", "length")]


def test_a_tool_call_without_a_reason_ends_as_one() -> None:
    call = {"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "add"}}]}}
    assert streamed("openai-chat", call)[-1] == Finished("tool_calls")


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("anthropic", '{"type": "message_stop"}'),
        ("ollama", '{"message": {"content": "Hi"}, "done": true}'),
        ("openai-responses", '{"type": "response.completed", "response": {"status": "completed", "output": []}}'),
    ],
)
def test_nothing_is_waited_for_after_the_last_event_of_a_protocol(name: str, last: str) -> None:
    def frames() -> Iterator[Frame]:
        yield Frame(last)
        raise AssertionError("more was read than the reply needs")

    assert isinstance(list(dialect(name).decode(frames()))[-1], Finished)


def test_a_number_of_tokens_that_cannot_be_is_unknown() -> None:
    used = openai_usage({"prompt_tokens": int("9" * 400), "completion_tokens": 3})
    assert used.input is None
    assert used.output == 3
