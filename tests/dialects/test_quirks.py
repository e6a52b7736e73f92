"""What real servers do amiss, each as a kind: in every dialect, streamed and whole, and however the bytes are cut."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from chatrepl.conversation import Conversation, ImagePart, Message, TextPart, ThinkingPart, ToolCallPart
from chatrepl.dialects import DIALECTS, complaints, dialect
from chatrepl.dialects.framing import json_lines, sse
from chatrepl.dialects.response import read, refused
from chatrepl.errors import BrokenReply, ChatError, Refused
from chatrepl.events import Event, Finished, Media, Text, Thinking, Usage
from tests.support.exchanges import PROFILE, joined

Value = dict[str, Any]


# A reply in each dialect, in pieces and whole


def _chat(said: Any = None, thought: Any = None, over: bool = False, **more: Any) -> Value:
    delta = {name: value for name, value in (("content", said), ("reasoning_content", thought)) if value is not None}
    return {"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": "stop" if over else None, **more}]}


def _completion(said: Any = None, thought: Any = None, over: bool = False, **more: Any) -> Value:
    told = {name: value for name, value in (("text", said), ("reasoning", thought)) if value is not None}
    return {"model": "m", "choices": [{"index": 0, "finish_reason": "stop" if over else None, **told, **more}]}


def _scale(said: Any = None, thought: Any = None, over: bool = False, **more: Any) -> Value:
    message = {"role": "agent", "content": said, "reasoning_content": thought}
    return {"chat_completion": {"message": message, "finish_reason": "stop" if over else None, **more}}


def _ollama(said: Any = None, thought: Any = None, over: bool = False, **more: Any) -> Value:
    message = {"role": "assistant", "content": "" if said is None else said, "thinking": thought, **more}
    return {"model": "m", "message": message, "done": over, **({"done_reason": "stop"} if over else {})}


def _gemini(said: Any = None, thought: Any = None, over: bool = False, **more: Any) -> Value:
    parts = [{"text": thought, "thought": True}] * (thought is not None) + [{"text": said}] * (said is not None)
    end = {"finishReason": "STOP"} if over else {}
    return {"modelVersion": "m", "candidates": [{"content": {"role": "model", "parts": parts}, **end, **more}]}


CHUNKS: dict[str, Callable[..., Value]] = {
    "openai-chat": _chat,
    "azure-inference": _chat,
    "openai-completions": _completion,
    "scale-egp": _scale,
    "ollama": _ollama,
    "gemini": _gemini,
}
"""A chunk of the dialects whose chunks all look alike."""


def _responses(*pieces: Any) -> list[Value]:
    end = {"model": "m", "status": "completed", "output": []}
    deltas = [{"type": "response.output_text.delta", "output_index": 0, "delta": piece} for piece in pieces]
    return [*deltas, {"type": "response.completed", "response": end}]


def _anthropic(*pieces: Any) -> list[Value]:
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}} for piece in pieces
    ]
    begin = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    return [begin, *deltas, {"type": "content_block_stop", "index": 0}, end, {"type": "message_stop"}]


def pieces_of(name: str, *pieces: Any) -> list[Value]:
    """A streamed reply in these pieces."""
    if name == "openai-responses":
        return _responses(*pieces)
    if name == "anthropic":
        return _anthropic(*pieces)
    return [*(CHUNKS[name](piece) for piece in pieces), CHUNKS[name](over=True)]


def whole_of(name: str, said: Any) -> Value:
    """The same in one piece."""
    if name == "openai-responses":
        content = [{"type": "output_text", "text": said}]
        return {"model": "m", "status": "completed", "output": [{"type": "message", "content": content}]}
    if name == "anthropic":
        return {"model": "m", "content": [{"type": "text", "text": said}], "stop_reason": "end_turn"}
    chunk = CHUNKS[name](said, over=True)
    if name in ("openai-chat", "azure-inference"):
        chunk["choices"][0]["message"] = chunk["choices"][0].pop("delta")
    return chunk


def stream(name: str, values: list[Any], between: str = "\n\n") -> bytes:
    """The values as that dialect's stream."""
    texts = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    if name == "ollama":
        return "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogatepass")
    return "".join(f"data: {text}{between}" for text in texts).encode("utf-8", "surrogatepass")


def kind_of(name: str) -> str:
    return "application/x-ndjson" if name == "ollama" else "text/event-stream"


def events(name: str, body: bytes, kind: str = "", *, cut: int = 0, streamed: bool = True) -> list[Event]:
    """What becomes of a good answer; in pieces of ``cut`` bytes each."""
    chunks = [body[at : at + cut] for at in range(0, len(body), cut)] if cut else [body]
    headers = {"content-type": kind or kind_of(name)}
    return list(read(dialect(name), PROFILE, 200, headers, chunks, stream=streamed))


def said(name: str, body: bytes, kind: str = "", *, cut: int = 0) -> str:
    return joined(events(name, body, kind, cut=cut))[0]


# 1. Scalars


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("scalar", ["0.005", "7", "1.10", "0", "-3", "1e-7", "true", "false"])
def test_a_scalar_in_the_place_of_a_text_is_its_text(name: str, scalar: str) -> None:
    values = [json.dumps(value).replace('"@"', scalar) for value in pieces_of(name, "<", "@", ">")]
    assert said(name, stream(name, values)) == f"<{scalar}>"
    whole = json.dumps(whole_of(name, "@")).replace('"@"', scalar)
    assert said(name, whole.encode(), "application/json") == scalar


@pytest.mark.parametrize("name", CHUNKS)
def test_a_number_in_the_place_of_a_thought_is_its_text(name: str) -> None:
    values = [CHUNKS[name](thought="It is "), CHUNKS[name](thought=42), CHUNKS[name]("Yes"), CHUNKS[name](over=True)]
    assert joined(events(name, stream(name, values))) == ("Yes", "It is 42")


# 2. A last chunk that holds the whole message


@pytest.mark.parametrize("name", CHUNKS)
@pytest.mark.parametrize("last", ["Hello world", "Hello world, and more", " Hello world\n"])
def test_of_a_last_chunk_with_the_whole_message_only_what_is_new_is_told(name: str, last: str) -> None:
    begun = [CHUNKS[name](thought="Hm, a greeting"), CHUNKS[name]("Hello"), CHUNKS[name](" world")]
    values = [*begun, CHUNKS[name](last, "Hm, a greeting", over=True)]
    assert joined(events(name, stream(name, values))) == (last.strip(), "Hm, a greeting")


@pytest.mark.parametrize("name", ["openai-chat", "azure-inference", "openai-completions"])
def test_it_may_come_after_the_reason_too(name: str) -> None:
    values = [*pieces_of(name, "H", "i"), whole_of(name, "Hi"), "[DONE]"]
    assert said(name, stream(name, values)) == "Hi"


@pytest.mark.parametrize("name", CHUNKS)
def test_a_last_piece_like_the_others_is_told(name: str) -> None:
    values = [CHUNKS[name]("ha"), CHUNKS[name]("ha", over=True)]
    assert said(name, stream(name, values)) == "haha"


def test_the_whole_message_at_the_end_of_anthropics_protocol_is_told_once() -> None:
    *begun, stop = pieces_of("anthropic", "Hel", "lo")
    stop = stop | {"message": whole_of("anthropic", "Hello!")}
    assert said("anthropic", stream("anthropic", [*begun, stop])) == "Hello!"


# 3. Nothing empty goes out

_STOPPED = [
    (ThinkingPart("Hm", ""),),
    (ToolCallPart("call_1", "add", "{}"),),
    (TextPart(" \n"),),
    (),
]


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("parts", _STOPPED)
def test_no_request_holds_an_empty_message_and_roles_alternate(name: str, parts: Any) -> None:
    turns = [(_asked("One"), Message("assistant", parts)), (_asked("Two"), Message("assistant", (TextPart("2"),)))]
    conversation = Conversation("", [*turns, (_asked("Three"), Message("assistant", parts))]).asking(_asked("Four"))
    body = dialect(name).encode(PROFILE, conversation, "", stream=True).body
    assert body
    if name == "openai-completions":
        assert body["prompt"] == "User: One\n\nTwo\nAssistant: 2\nUser: Three\n\nFour\nAssistant:"
        return
    messages = body.get("messages") or body.get("input") or body["contents"]
    roles = [message["role"] for message in messages]
    assert roles == ["user", roles[1], "user"]
    assert all(message.get("content") or message.get("parts") for message in messages)
    assert all(word in json.dumps(messages) for word in ("One", "Two", "Three", "Four"))


@pytest.mark.parametrize("name", ["openai-chat", "azure-inference", "openai-responses", "ollama"])
def test_an_image_stays_with_its_question(name: str) -> None:
    image = Message("user", (ImagePart("image/png", "aGk=", "a.png"), TextPart("What is it?")))
    conversation = Conversation("", [(image, Message("assistant", ()))]).asking(_asked("Well?"))
    body = dialect(name).encode(PROFILE, conversation, "", stream=True).body
    assert body
    assert "aGk=" in json.dumps(body)
    assert "Well?" in json.dumps(body)


def _asked(text: str) -> Message:
    return Message("user", (TextPart(text),))


# 4. Errors that say nothing

_SAYING = "the deployment sleeps"
ENVELOPES: list[Any] = [
    {name: holder}
    for name in "message detail error fault errors msg title Message error_description errorMessage error_msg".split()
    for holder in (_SAYING, {"message": _SAYING}, [{"msg": _SAYING}], {"detail": {"error": {"Message": _SAYING}}})
] + [
    {"error": "Oops", "message": _SAYING},
    {"error": {"code": "E1", "type": "bad"}, "detail": [[{"reason": _SAYING}]]},
    {"Response": {"Error": {"Code": "AuthFailure", "Message": _SAYING}, "RequestId": "x"}},
    {"base_resp": {"status_code": 1004, "status_msg": _SAYING}},
    {"fault": {"faultstring": _SAYING, "detail": {"errorcode": "steps.oauth"}}},
    {"error": {"message": json.dumps({"error": {"message": _SAYING}})}},
    {"error": {"message": "", "innererror": {"message": _SAYING}}},
    {"success": False, "errors": [{"code": 7, "message": _SAYING}], "result": None},
]


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("envelope", ENVELOPES, ids=str)
def test_the_sentence_of_the_server_is_found_in_any_envelope(name: str, envelope: Any) -> None:
    body = json.dumps(envelope).encode()
    assert _SAYING in str(refused(dialect(name), PROFILE, 500, {}, body))
    for answer in (body, b"data: " + body + b"\n\n"):
        with pytest.raises(ChatError, match=_SAYING):
            events(name, answer, "application/json" if answer is body else "text/event-stream")


BODIES = [
    '<?xml version="1.0"?><Error><Code>Sleeps</Code><Message>the deployment sleeps</Message></Error>',
    "<e:Fault xmlns:e='x'><faultcode>7</faultcode><faultstring>the deployment sleeps</faultstring></e:Fault>",
    "<Error><Message><![CDATA[the deployment sleeps]]></Message></Error>",
    "<html><head><title>the deployment sleeps</title></head><body><h1>502</h1></body></html>",
    'event: error\ndata: {"error": {"message": "the deployment sleeps"}}\n\ndata: [DONE]\n\n',
    '{"error":\n "the deployment\tsleeps"}',
    '{"status": "fail"}\n{"detail": "the deployment sleeps"}\n',
    '{"anything": {"else": ["x", {"told": "the deployment sleeps"}]}, "request_id": "no sentence at all"}',
    "the deployment sleeps",
]


@pytest.mark.parametrize("body", BODIES)
def test_the_sentence_is_found_in_a_body_of_any_kind(body: str) -> None:
    assert "the deployment sleeps" in str(refused(dialect("openai-chat"), PROFILE, 500, {}, body.encode()))
    assert "request_id" not in str(refused(dialect("openai-chat"), PROFILE, 500, {}, body.encode()))


@pytest.mark.parametrize(
    ("value", "parameter"),
    [
        ({"error": {"param": "seed"}}, "seed"),
        ({"message": {"detail": [{"loc": ["body", "top_p"], "msg": "no"}]}}, "body.top_p"),
        ({"errors": [{"field": "stop", "message": "no"}]}, "stop"),
        ({"error": {"innererror": {"parameter": "n"}}}, "n"),
    ],
)
def test_the_parameter_that_is_blamed_is_found_at_any_depth(value: Any, parameter: str) -> None:
    assert refused(dialect("openai-chat"), PROFILE, 422, {}, json.dumps(value).encode()).parameter == parameter


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":' * 50_000,
        b'{"error":' * 50_000 + b'"x"' + b"}" * 50_000,
        b'{"errors":[' + b'{"message":"a b"},' * 50_000 + b'{"message":"c d"}]}',
        b"<" * 60_000,
        b"<h1>" * 30_000,
        b"<title" * 30_000,
        b"<h1 " * 30_000,
        b'{"error":{"message":"' + b"\\u005b" * 50_000 + b'"}}',
        json.dumps({"error": {f"k{i}": {"message": "a b"} for i in range(50_000)}}).encode(),
        json.dumps({"detail": "[" * 50_000}).encode(),
    ],
    ids=lambda body: body[:20].decode(),
)
def test_no_error_takes_long_to_read(body: bytes) -> None:
    began = time.process_time()
    assert str(refused(dialect("openai-chat"), PROFILE, 500, {}, body))
    assert time.process_time() - began < 2


# 5. Reasoning


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_details": [{"type": "reasoning.text", "text": "let me see"}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "let me see"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "let me see"}]}]},
        {"content": [{"type": "reasoning", "reasoning": "let me see"}]},
        {"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "let me see"}]}]},
        {"reasoning": "let me see", "reasoning_content": "let me see"},
        {
            "reasoning": "let me see",
            "reasoning_details": [{"text": "let me see"}, {"type": "x.encrypted", "data": "z"}],
        },
        {"reasoning": {"content": "let me see"}},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["openai-chat", "azure-inference", "ollama", "scale-egp"])
def test_reasoning_is_read_once_wherever_it_stands(name: str, delta: Value) -> None:
    chunk = CHUNKS[name]()
    holder = chunk["choices"][0]["delta"] if "choices" in chunk else (chunk.get("chat_completion") or chunk)["message"]
    holder.update(delta)
    values = [chunk, CHUNKS[name]("Yes"), CHUNKS[name](over=True)]
    assert joined(events(name, stream(name, values))) == ("Yes", "let me see")


def _thinking(index: str, *pieces: str, kind: str = "reasoning_text") -> list[Value]:
    return [
        {"type": f"response.{kind}.delta", "output_index": 0, index: number, "delta": piece}
        for number, piece in enumerate(pieces)
    ]


@pytest.mark.parametrize(
    ("begun", "thought"),
    [
        (_thinking("content_index", "I", " am", " here"), "I am here"),
        (_thinking("summary_index", "One.", "Two.", kind="reasoning_summary_text"), "One.\n\nTwo."),
        (_thinking("content_index", "I", " am", kind="reasoning"), "I am"),
        (
            [*_thinking("content_index", "I am"), *_thinking("summary_index", "I am", kind="reasoning_summary_text")],
            "I am",
        ),
        (
            [
                *_thinking("content_index", "I", " am"),
                {
                    "type": "response.reasoning_text.done",
                    "output_index": 0,
                    "content_index": 0,
                    "text": "I am",
                },
                {
                    "type": "response.output_item.done",
                    "output_index": 0,
                    "item": {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "I am"}]},
                },
            ],
            "I am",
        ),
        (
            [
                {
                    "type": "response.output_item.done",
                    "output_index": 0,
                    "item": {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Alone"}]},
                }
            ],
            "Alone",
        ),
    ],
)
def test_reasoning_of_responses_is_neither_torn_nor_doubled(begun: list[Value], thought: str) -> None:
    end = [{**event, "output_index": 1} for event in pieces_of("openai-responses", "Hi")]
    assert joined(events("openai-responses", stream("", [*begun, *end]))) == ("Hi", thought)


# 6. and 7. Framing


@pytest.mark.parametrize("name", [name for name in DIALECTS if name != "ollama"])
@pytest.mark.parametrize("cut", [0, 1, 7])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_events_may_be_one_line_end_apart(name: str, cut: int, end: str) -> None:
    assert said(name, stream(name, pieces_of(name, "A", "B", "C"), between=end), cut=cut) == "ABC"


@pytest.mark.parametrize("name", DIALECTS)
def test_json_that_is_spread_over_lines_is_one_event(name: str) -> None:
    spread = [json.dumps(value, indent=1) for value in pieces_of(name, "A", "B")]
    prefix = "" if name == "ollama" else "data: "
    body = "".join(
        "".join(f"{prefix}{line}\n" for line in text.split("\n")) + ("" if name == "ollama" else "\n")
        for text in spread
    )
    assert said(name, body.encode()) == "AB"


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("raw", ["a\tb", "a\x1b[1mb", "a\x00b", "a\nb", "a\n\nb"])
@pytest.mark.parametrize("cut", [0, 1])
def test_raw_control_characters_in_a_string_are_what_they_are(name: str, raw: str, cut: int) -> None:
    body = stream(name, [json.dumps(value).replace("@", raw) for value in pieces_of(name, "@", "!")])
    assert said(name, body, cut=cut) == f"{raw}!"
    whole = json.dumps(whole_of(name, "@")).replace("@", raw).encode()
    assert said(name, whole, "application/json") == raw
    error = json.dumps({"error": {"message": "no @ here"}}).replace("@", raw).encode()
    assert refused(dialect(name), PROFILE, 500, {}, error).said.startswith("no a")


def test_what_is_no_json_text_stays_one_event() -> None:
    assert [frame.data for frame in sse([b"data: a\ndata: b\n\n"])] == ["a\nb"]
    assert [frame.data for frame in json_lines([b'{"a":\n1}\n{"b":2}\nping\n'])] == ['{"a":\n1}', '{"b":2}', "ping"]


def test_many_lines_of_one_event_take_linear_time() -> None:
    began = time.process_time()
    body = b"data: [\n" + b'data: {"a": [1, 2]},\n' * 100_000 + b"data: 1]\n\n"
    assert len(list(sse([body]))) == 1
    assert time.process_time() - began < 3


# 8. Heartbeats


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("beat", ["ping", '"ping"', "null", "0", "keep-alive", ": ping - 2026-11-21", "[]", "true"])
def test_a_sign_of_life_that_is_no_json_object_says_nothing(name: str, beat: str) -> None:
    first, *rest = pieces_of(name, "A", "B")
    assert said(name, stream(name, [beat, first, beat, *rest])) == "AB"
    assert said(name, stream(name, [first, beat, *rest, '"[DONE]"'])) == "AB"


@pytest.mark.parametrize("name", [name for name in DIALECTS if name != "ollama"])
def test_an_event_that_is_called_ping_may_hold_anything(name: str) -> None:
    first, *rest = pieces_of(name, "A", "B")
    beat = b"event: ping\ndata: still there, friend\n\n"
    assert said(name, stream(name, [first]) + beat + stream(name, rest)) == "AB"


@pytest.mark.parametrize("name", DIALECTS)
def test_a_text_that_is_no_sign_of_life_is_told(name: str) -> None:
    with pytest.raises(BrokenReply, match="Upstream went away"):
        said(name, stream(name, [*pieces_of(name, "A")[: 2 if name == "anthropic" else 1], "Upstream went away"]))


# 9. The ends of Responses

_ITEM = {"type": "message", "status": "completed", "content": [{"type": "output_text", "text": "All of it"}]}
_DONE = {"type": "response.output_item.done", "output_index": 0, "item": _ITEM}


@pytest.mark.parametrize(
    "values",
    [
        [_DONE],
        [_DONE, {"type": "response.completed", "response": {"status": "completed", "output": [_ITEM]}}],
        [_DONE, {"type": "response.done", "response": {"status": "completed", "output": []}}],
        [{"type": "response.output_text.done", "output_index": 0, "text": "All of it"}, _DONE],
        [{"type": "response.output_text.delta", "output_index": 0, "delta": "All of"}, _DONE, "[DONE]"],
        [{"type": "response.output_text.delta", "output_index": 0, "delta": "All of it"}, "[DONE]"],
        [{"type": "response.completed", "response": {"status": "completed", "output": [], "output_text": "All of it"}}],
    ],
    ids=lambda values: f"{len(json.dumps(values))} characters",
)
def test_a_stream_of_responses_has_many_ends_and_its_text_many_places(values: list[Any]) -> None:
    told = events("openai-responses", stream("", values))
    assert joined(told)[0] == "All of it"
    assert [event.reason for event in told if isinstance(event, Finished)] == ["stop"]


def test_one_that_ends_in_the_middle_of_an_item_broke_off() -> None:
    with pytest.raises(BrokenReply):
        events("openai-responses", stream("", pieces_of("openai-responses", "A")[:1]))


# 10. Whole replies under any name


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("kind", ["text/event-stream", "text/plain", "application/octet-stream", "", "text/html"])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("cut", [0, 1])
def test_a_whole_reply_is_read_whatever_it_is_called(name: str, kind: str, indent: int | None, cut: int) -> None:
    body = json.dumps(whole_of(name, "Whole"), indent=indent).encode()
    told = events(name, b"\n" + body, kind or " ", cut=cut)
    assert joined(told)[0] == "Whole"
    assert isinstance(told[-1], Finished | Usage)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "application/octet-stream", "text/html"])
def test_a_stream_is_read_whatever_it_is_called(name: str, kind: str) -> None:
    assert said(name, stream(name, pieces_of(name, "A", "B")), kind or " ") == "AB"


def test_chunks_that_are_no_events_are_read_all_the_same() -> None:
    body = "".join(json.dumps(value) + "\n" for value in pieces_of("openai-chat", "A", "B"))
    assert said("openai-chat", body.encode()) == "AB"


# 12. Halves of characters


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("cut", [0, 1])
def test_the_halves_of_a_character_are_joined_and_a_lone_one_is_replaced(name: str, cut: int) -> None:
    values = [json.dumps(value) for value in pieces_of(name, "Smile \ud83d", "\ude00 end", "\ud83d", "!", "\ud83d")]
    assert said(name, stream(name, values), cut=cut) == "Smile \U0001f600 end\ufffd!\ufffd"
    whole = json.dumps(whole_of(name, "a\ud83db\ude00")).encode()
    assert said(name, whole, "application/json") == "a\ufffdb\ufffd"


@pytest.mark.parametrize("name", CHUNKS)
def test_the_halves_are_joined_across_a_usage_and_in_thoughts(name: str) -> None:
    usage = {"usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    values = [CHUNKS[name](thought="\ud83d") | usage, CHUNKS[name](thought="\ude00"), *pieces_of(name, "Hi")]
    assert joined(events(name, stream(name, [json.dumps(value) for value in values]))) == ("Hi", "\U0001f600")


def test_an_error_holds_no_half() -> None:
    body = json.dumps({"error": {"message": "no \ud83d here"}}).encode()
    assert refused(dialect("openai-chat"), PROFILE, 500, {}, body).said == "no \ufffd here"


# 13. In the choice


@pytest.mark.parametrize(
    "name", ["openai-chat", "azure-inference", "openai-completions", "gemini", "scale-egp", "ollama"]
)
def test_an_error_inside_the_choice_is_told_after_the_words(name: str) -> None:
    error = {"error": {"message": "upstream timed out", "code": 504}}
    told: list[Event] = []
    with pytest.raises(Refused, match="upstream timed out") as raised:
        told.extend(
            read(
                dialect(name),
                PROFILE,
                200,
                {"content-type": kind_of(name)},
                [stream(name, [CHUNKS[name]("Partial "), CHUNKS[name](**error)])],
                stream=True,
            )
        )
    assert raised.value.status == 504


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("openai-chat", {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}),
        ("azure-inference", {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}),
        ("openai-completions", {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}),
        ("scale-egp", {"token_usage": {"prompt": 3, "completion": 4}}),
        ("gemini", {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 4}}),
    ],
)
def test_a_usage_inside_the_choice_is_one(name: str, more: Value) -> None:
    told = events(name, stream(name, [CHUNKS[name]("Hi"), CHUNKS[name](over=True, **more)]))
    assert [(event.input, event.output) for event in told if isinstance(event, Usage)] == [(3, 4)]


@pytest.mark.parametrize("name", ["openai-chat", "azure-inference", "openai-completions"])
@pytest.mark.parametrize("choices", [None, []])
def test_a_reply_without_choices_is_told_alike_streamed_and_whole(name: str, choices: Any) -> None:
    body = {"model": "m", "choices": choices, "content": "Hello"}
    for answer, kind in ((stream(name, [body, "[DONE]"]), ""), (json.dumps(body).encode(), "application/json")):
        with pytest.raises(BrokenReply, match="holds no choices"):
            events(name, answer, kind)


# 14. Encodings


@pytest.mark.parametrize(
    "encoding", ["zstd", "br", "compress", "gzip", "deflate", "gzip, gzip", "x-gzip", "aws-chunked"]
)
@pytest.mark.parametrize("status", [200, 500])
def test_an_encoding_that_nobody_asked_for_is_named(encoding: str, status: int) -> None:
    answer = read(dialect("openai-chat"), PROFILE, status, {"content-encoding": encoding}, [b"\x00"], stream=True)
    with pytest.raises(ChatError, match=encoding) as raised:
        list(answer)
    assert "\x00" not in str(raised.value)


# 15. Media

_PNG = "data:image/png;base64,iVBO"


def _parts(*parts: Value) -> Value:
    return {"candidates": [{"content": {"parts": parts}}]}


@pytest.mark.parametrize(
    ("name", "body", "media"),
    [
        ("openai-chat", {"images": [{"image_url": {"url": _PNG}}]}, Media("image/png", "iVBO")),
        ("openai-chat", {"content": [{"type": "image_url", "image_url": {"url": "https://a.b/c.png"}}]}, None),
        ("openai-chat", {"content": [{"type": "image", "source": {"media_type": "image/gif", "data": "R0"}}]}, None),
        ("openai-chat", {"audio": {"data": "UklG", "format": "mp3"}}, Media("audio/mp3", "UklG")),
        ("azure-inference", {"images": [{"image_url": _PNG}]}, Media("image/png", "iVBO")),
        ("ollama", {"images": ["iVBO"]}, Media("image/png", "iVBO")),
    ],
)
def test_what_is_no_text_is_an_event_of_its_own(name: str, body: Value, media: Media | None) -> None:
    chunk = CHUNKS[name]()
    (chunk["choices"][0]["delta"] if "choices" in chunk else chunk["message"]).update(body)
    told = [event for event in events(name, stream(name, [chunk, CHUNKS[name](over=True)])) if isinstance(event, Media)]
    assert len(told) == 1
    assert told[0] == media or not media


@pytest.mark.parametrize(
    ("name", "body"),
    [
        (
            "gemini",
            {"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "iVBO"}}]}}]},
        ),
        (
            "gemini",
            {"candidates": [{"content": {"parts": [{"inline_data": {"mime_type": "image/png", "data": "iVBO"}}]}}]},
        ),
        ("openai-responses", {"output": [{"type": "image_generation_call", "result": "iVBO", "output_format": "png"}]}),
        (
            "openai-responses",
            {"output": [{"type": "message", "content": [{"type": "output_image", "image_url": _PNG}]}]},
        ),
        (
            "anthropic",
            {"content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}}]},
        ),
    ],
)
def test_the_image_of_a_whole_reply_is_one_too(name: str, body: Value) -> None:
    told = events(name, json.dumps(body).encode(), "application/json", streamed=False)
    assert [event for event in told if isinstance(event, Media)] == [Media("image/png", "iVBO")]


def test_an_image_that_comes_with_its_item_and_with_the_response_is_one() -> None:
    item = {"type": "image_generation_call", "id": "ig", "result": "iVBO"}
    values = [
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"status": "completed", "output": [item]}},
    ]
    assert len([event for event in events("openai-responses", stream("", values)) if isinstance(event, Media)]) == 1


# 16. Anthropic-like starts


@pytest.mark.parametrize(
    ("start", "pieces", "text"),
    [
        ("Hello", ["Hello", " world"], "Hello world"),
        ("Hello", [" world"], "Hello world"),
        ("Hello", [], "Hello"),
        ("Hello", ["Hello world"], "Hello world"),
    ],
)
def test_the_start_of_a_block_may_repeat_its_first_piece(start: str, pieces: list[str], text: str) -> None:
    values = pieces_of("anthropic", *pieces)
    values[0]["content_block"]["text"] = start
    assert said("anthropic", stream("", values)) == text


@pytest.mark.parametrize("pieces", [[], ['{"a": ', "1}"]])
def test_a_call_that_is_whole_at_its_start_is_called_once(pieces: list[str]) -> None:
    block = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": piece}}
        for piece in pieces
    ]
    values = [{"type": "content_block_start", "index": 0, "content_block": block}, *deltas, *pieces_of("anthropic")[1:]]
    told = events("anthropic", stream("", values))
    assert "".join(getattr(event, "arguments", "") for event in told) == '{"a": 1}'


# The wait in a body


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ({"error": {"details": [{"retryDelay": "17s"}]}}, 17),
        ({"detail": {"retry_after_seconds": 0.5}}, 0.5),
        ({"retry_after": 3}, 3),
        ({"retry_after_ms": 1500}, 1.5),
        ({"error": "later"}, None),
    ],
)
def test_a_wait_may_stand_in_a_field(value: Any, seconds: float | None) -> None:
    assert complaints.wait(value) == seconds


def test_thinking_is_not_told_as_an_empty_text() -> None:
    told = events("anthropic", stream("", pieces_of("anthropic", "Hi")))
    assert Text("") not in told
    assert Thinking("") not in told
