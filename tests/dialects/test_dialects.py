"""Every dialect, by its captures: what a server sent becomes the same events however the network cuts it."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from chatrepl.dialects import DIALECTS, dialect
from chatrepl.dialects.response import read
from chatrepl.errors import BrokenReply, Refused
from tests.support.exchanges import PROFILE, Answer, answers, asked, expected, load, requests, told

ids = "{0.parent.name}/{0.stem}".format


@pytest.mark.parametrize("path", answers(), ids=ids)
def test_a_captured_answer_becomes_its_events(path: Path) -> None:
    answer = load(path)
    assert told(path.parent.name, answer, [answer.body]) == expected(path)


@pytest.mark.parametrize("path", answers(), ids=ids)
def test_it_does_so_byte_by_byte(path: Path) -> None:
    answer = load(path)
    assert told(path.parent.name, answer, (answer.body[i : i + 1] for i in range(len(answer.body)))) == expected(path)


@pytest.mark.parametrize("path", answers(), ids=ids)
def test_cut_after_any_frame_it_gives_the_events_so_far_and_then_the_end_or_an_error(path: Path) -> None:
    answer, whole = load(path), expected(path)
    for cut in frame_edges(answer.body):
        got = told(path.parent.name, answer, [answer.body[:cut]])
        ending = got.pop() if got and got[-1][0] in ("BrokenReply", "Refused") else None
        if got and got[-1][0] == "Finished" and not got[-1][1]["raw"]:
            ending = got.pop()  # the end of the bytes was taken for the end of the reply
        if got and got[-1] == ["Text", {"text": "\ufffd"}]:
            got.pop()  # half a character
        assert got == whole[: len(got)] or not answer.streamed
        finished = any(name == "Finished" for name, _ in got)
        assert ending or finished, "an answer without an end is an error"


@pytest.mark.parametrize("path", answers(), ids=ids)
def test_mutated_it_gives_events_or_one_of_two_errors(path: Path) -> None:
    answer = load(path)
    for seed in range(60):
        drain(path.parent.name, answer, mutated(answer.body, random.Random(seed)))


@pytest.mark.parametrize("name", DIALECTS)
@given(data=st.data())
def test_garbage_gives_events_or_one_of_two_errors(name: str, data: st.DataObject) -> None:
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(WORDS),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
        max_leaves=12,
    )
    frames = data.draw(st.lists(values.map(lambda value: f"data: {json.dumps(value)}\n\n"), max_size=4))
    kind = data.draw(st.sampled_from(["text/event-stream", "application/json", "application/x-ndjson", ""]))
    body = "".join(frames) if "stream" in kind else "".join(frames).replace("data: ", "")
    drain(name, Answer(200, {"content-type": kind}, b""), body.encode())


@pytest.mark.parametrize("name", DIALECTS)
@given(body=st.binary(max_size=300), status=st.sampled_from([200, 301, 400, 404, 429, 500]))
def test_any_bytes_at_any_status_give_events_or_one_of_two_errors(name: str, body: bytes, status: int) -> None:
    for kind in ("text/event-stream", "application/json", "text/html"):
        drain(name, Answer(status, {"content-type": kind}, b""), body)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("deep", [100, 900, 990, 2000, 20_000])
def test_values_in_values_without_end_give_events_or_one_of_two_errors(name: str, deep: int) -> None:
    nested = "[" * deep + "0" + "]" * deep
    arguments = '{"a":' * deep + "0" + "}" * deep
    call = f'{{"index":0,"id":"x","function":{{"name":"f","arguments":{arguments}}}}}'
    for body in (
        nested,
        f'{{"detail":{nested}}}',
        f'{{"errors":{nested}}}',
        f'{{"error":{nested}}}',
        f'{{"choices":[{{"delta":{{"tool_calls":[{call}]}}}}]}}',
    ):
        drain(name, Answer(200, {"content-type": "text/event-stream"}, b""), f"data: {body}\n\n".encode())
        drain(name, Answer(400, {"content-type": "application/json"}, b""), body.encode())


@pytest.mark.parametrize("path", requests(), ids=ids)
def test_a_conversation_becomes_its_request(path: Path) -> None:
    assert asked(path.parent.name, path.stem.removeprefix("chatrepl-")) == json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("name", DIALECTS)
def test_each_dialect_of_the_table_is_there_and_has_captures(name: str) -> None:
    assert dialect(name).encode
    cases = [path.stem.partition("-")[2] for path in (*answers(), *requests()) if path.parent.name == name]
    for needed in ("stream", "whole", "multiturn", "options", "thinking", "interrupted", "image", "file"):
        assert any(case.startswith(needed) for case in cases), f"no capture {needed}"
    assert len([case for case in cases if case.startswith("error")]) >= 3, "fewer than three error envelopes"
    assert any(case.startswith("midstream") for case in cases), "no error in the middle of a stream"


WORDS = (
    "choices delta message content text type error finish_reason tool_calls function arguments index usage id name "
    "reasoning_content prompt_tokens stop data done response output candidates parts thinking status event model "
    "message_start content_block_start content_block_delta content_block content_block_stop text_delta thinking_delta "
    "signature_delta input_json_delta partial_json signature tool_use input message_delta stop_reason message_stop "
    "functionCall args thought thoughtSignature finishReason promptFeedback blockReason usageMetadata modelVersion "
    "chat_completion completion tool_request token_usage prompt done_reason eval_count prompt_eval_count images"
).split()


def drain(name: str, answer: Answer, body: bytes) -> None:
    """Read the answer to its end; any other exception than the two ends the test."""
    try:
        for _ in read(dialect(name), PROFILE, answer.status, answer.headers, [body], stream=answer.streamed):
            pass
    except (BrokenReply, Refused) as error:
        assert str(error).strip()


def frame_edges(body: bytes) -> Iterator[int]:
    for end in (b"\n\n", b"\r\n\r\n", b"}\n"):
        at = body.find(end)
        while at >= 0:
            yield at + len(end)
            at = body.find(end, at + 1)


def mutated(body: bytes, rng: random.Random) -> bytes:
    """The body with one to four pieces removed, doubled, swapped for junk or for another type."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(body) + 1)
        piece = body[start : start + rng.randint(1, 30)]
        new = rng.choice(
            [b"", piece * 2, bytes(rng.randrange(256) for _ in piece), b"null", b"[]", b"{}", b'"', b"7", b"\n\n"]
        )
        body = body[:start] + new + body[start + len(piece) :]
    return body
