"""Reasoning inside the answer is told apart from it, wherever the pieces are cut."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from chatrepl.chat.reply import Reply
from chatrepl.conversation import ThinkingPart
from chatrepl.dialects import dialect
from chatrepl.dialects.response import read
from chatrepl.dialects.thinking import apart
from chatrepl.errors import BrokenReply
from chatrepl.events import Event, Finished, Text, Usage
from tests.support.exchanges import PROFILE, joined

CASES = {
    "<think>Hm.</think>Four": ("Four", "Hm."),
    "\n<think>\nHm.\n</think>\n\nFour\n": ("\nFour\n", "\nHm.\n"),
    "<think>cut off": ("", "cut off"),
    "<think>cut off</thi": ("", "cut off</thi"),
    "<think></think>Four": ("Four", ""),
    "<thin ice": ("<thin ice", ""),
    "<thi": ("<thi", ""),
    "no <think>mark</think> at the start": ("no <think>mark</think> at the start", ""),
    "<think>a</think>b<think>c</think>": ("b<think>c</think>", "a"),
    "": ("", ""),
}


@pytest.mark.parametrize("text", CASES)
def test_the_marks_are_found_in_any_pieces(text: str) -> None:
    for size in range(1, len(text) + 2):
        pieces = [Text(text[at : at + size]) for at in range(0, len(text), size)]
        assert joined(apart([*pieces, Finished("stop")])) == CASES[text]


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "think>", "a", "\n", " "])), st.data())
def test_any_cutting_gives_the_same(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    pieces = [Text(text[start:end]) for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert joined(apart(pieces)) == joined(apart([Text(text)]))


UNOPENED = {
    "Hm.\n</think>\n\nFour": ("Four", "Hm.\n"),
    "Hm.\n</think>": ("", "Hm.\n"),
    "In R1 the mark </think> ends it.": ("In R1 the mark </think> ends it.", ""),
    "So:\n```\n</think>\n```\n": ("So:\n```\n</think>\n```\n", ""),
    "It is `<think>` and then\n</think>\nthere.": ("It is `<think>` and then\n</think>\nthere.", ""),
    "</think>\n\nFour": ("Four", ""),
}


@pytest.mark.parametrize("text", UNOPENED)
def test_reasoning_of_which_only_the_end_is_marked_is_told_in_a_whole_reply(text: str) -> None:
    body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
    headers = {"content-type": "application/json"}
    assert joined(read(dialect("openai-chat"), PROFILE, 200, headers, [body], stream=False)) == UNOPENED[text]


@pytest.mark.parametrize("text", UNOPENED)
def test_of_a_stream_it_is_kept_as_reasoning_and_does_not_go_back(text: str) -> None:
    said, thought = UNOPENED[text]
    reply = Reply()
    for letter in text:
        reply.feed(Text(letter))
    message = reply.message()
    assert reply.text == text, "what was shown"
    assert message.text == said
    assert [part.text for part in message.parts if isinstance(part, ThinkingPart)] == [thought] * bool(thought)


def test_other_events_keep_their_place_and_what_is_held_comes_before_them() -> None:
    events: list[Event] = [Text("<thi"), Usage(1), Finished("stop")]
    assert list(apart(events)) == [Text("<thi"), Usage(1), Finished("stop")]


def test_an_error_loses_nothing_of_what_came_before_it() -> None:
    def failing() -> Iterator[Event]:
        yield Text("<think>Hm</th")
        raise BrokenReply("cut")

    got: list[Event] = []
    with pytest.raises(BrokenReply):
        got.extend(apart(failing()))
    events = apart(failing())
    assert joined([next(events), next(events)]) == ("", "Hm</th")
