"""The short way of a chunk that holds a piece of text alone ends where the long one does."""

from typing import Any

from hypothesis import given, strategies as st

from chatrepl.dialects import openai_chat, openai_completions
from chatrepl.events import Text

VALUES: st.SearchStrategy[Any] = (
    st.none() | st.just("") | st.text(max_size=3) | st.integers(0, 1) | st.just([]) | st.just({"content": "x"})
)
FIELDS = ["content", "role", "reasoning_content", "tool_calls", "refusal", "images", "audio", "reasoning_details"]
DELTA = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3)
CHOICE = st.dictionaries(
    st.sampled_from(["finish_reason", "index", "message", "usage", "logprobs"]), VALUES, max_size=2
)
CHUNK = st.dictionaries(st.sampled_from(["id", "object", "usage", "x_groq", "model"]), VALUES, max_size=2)


@given(CHUNK, CHOICE, DELTA)
def test_nothing_is_lost_on_the_short_way(chunk: Any, choice: Any, delta: Any) -> None:
    chunk = {**chunk, "choices": [{**choice, "delta": delta}]}
    reply = openai_chat.Decoder()
    if said := reply.only_text(chunk):
        reply.started = True
        assert list(reply.feed(chunk)) == [Text(said)]
        assert not reply.finished


@given(CHUNK, CHOICE, DELTA, VALUES)
def test_nor_is_it_where_the_choice_holds_the_text(chunk: Any, choice: Any, delta: Any, text: Any) -> None:
    chunk = {**chunk, "choices": [{**choice, **delta, "text": text}]}
    reply = openai_completions._Decoder()
    if said := reply.only_text(chunk):
        reply.started = True
        assert list(reply.feed(chunk)) == [Text(said)]
        assert not reply.finished


def test_the_usual_chunk_goes_the_short_way() -> None:
    usual = {
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}],
    }
    assert openai_chat.Decoder().only_text(usual) == "a"
    assert (
        openai_completions._Decoder().only_text({"choices": [{"index": 0, "text": "a", "finish_reason": None}]}) == "a"
    )
