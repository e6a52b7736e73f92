"""What of a conversation a dialect cannot hold: it is kept, and the request is as if it were not there."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    MediaPart,
    Message,
    Part,
    SourcePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.dialects import DIALECTS, Request, dialect
from chatrepl.dialects.dialect import ALL_PARTS
from chatrepl.dialects.unsent import unsent
from tests.support.exchanges import PROFILE, assistant, user
from tests.support.strategies import conversations

SIGNATURES = ("", "sig", "anthropic:4:U2ln\n", "gemini:U2ln")
THOUGHTS = [ThinkingPart("Two.", signature) for signature in SIGNATURES]
PDF = MediaPart("application/pdf", "JVBERi0=", "hi.pdf")
IMAGE, FILE = ImagePart("image/png", "aGk=", "hi.png"), FilePart("a.py", "print(1)")
ASKED = user(TextPart("Well?"))
CALL, RESULT = ToolCallPart("call_1", "add", '{"a": 2}'), ToolResultPart("call_1", "4")


def with_everything(thought: ThinkingPart) -> Conversation:
    """A conversation with a part of each kind where it belongs."""
    ask = user(IMAGE, PDF, FILE, TextPart("What is 2 + 2?"))
    turn = (ask, assistant(thought, TextPart("Hm."), CALL), Message("tool", (RESULT,)), assistant(TextPart("4")))
    return Conversation("You are brief.", [turn])


def stays(name: str, talk: Conversation) -> list[Part]:
    return unsent(dialect(name), PROFILE, talk)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_carries_what_it_says_and_nothing_else(name: str) -> None:
    stayed = [{type(part) for part in stays(name, with_everything(thought))} for thought in THOUGHTS]
    assert set.intersection(*stayed) == ALL_PARTS - dialect(name).carries - {SourcePart}  # no server takes one back


@given(talk=conversations)
def test_without_what_stays_here_the_request_is_the_same(talk: Conversation) -> None:
    for name in DIALECTS:
        left = {id(part) for part in stays(name, talk)}
        parts = [part for message in talk.messages for part in message.parts]
        assert all(id(part) in left for part in parts if type(part) not in dialect(name).carries)
        less = Conversation(talk.system, [tuple(without(left, message) for message in turn) for turn in talk.turns])
        assert encoded(name, talk) == encoded(name, less)


def without(left: set[int], message: Message) -> Message:
    return replace(message, parts=tuple(part for part in message.parts if id(part) not in left))


def encoded(name: str, talk: Conversation) -> Request:
    return dialect(name).encode(PROFILE, talk.asking(ASKED), "KEY", stream=True)


@pytest.mark.parametrize("name", DIALECTS)
@given(call=st.builds(ToolCallPart, st.text(), st.text(min_size=1), st.text()))
def test_a_tool_call_without_its_result_stays_here(name: str, call: ToolCallPart) -> None:
    talk = Conversation("", [(user(TextPart("What?")), assistant(TextPart("Hm."), call, ending="tool_calls"))])
    assert stays(name, talk) == [call]
