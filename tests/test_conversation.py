"""Messages, turns, and the reply that is put together from its pieces."""

import json

import pytest
from hypothesis import given, strategies as st

from chatrepl.chat.reply import Reply
from chatrepl.conversation import (
    Conversation,
    Message,
    Role,
    SourcePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    continued,
    question,
)
from chatrepl.events import Finished, Started, Text, Thinking, ToolCallPiece, Usage
from chatrepl.sessions.plain import from_data, to_data
from tests.support import strategies


@given(strategies.questions | strategies.replies)
def test_a_message_survives_json(message: Message) -> None:
    assert from_data(json.loads(json.dumps(to_data(message)))) == message


def test_a_reply_that_is_gone_on_with_keeps_the_numbers_of_its_sources() -> None:
    begun = Message("assistant", (TextPart("so it"), SourcePart("a", "A", "1", "0-2"), SourcePart("b", "B")))
    more = Message("assistant", (TextPart(" is"), SourcePart("b", "B", "1", "1-3"), SourcePart("a", "A", "2", "0-3")))
    sources = (SourcePart("a", "A", "1", "0-2 5-8"), SourcePart("b", "B", "2", "6-8"))
    assert continued(begun, more).parts == (TextPart("so it is"), *sources)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "parts", "kind", "text", "usage"]), inner)
    ),
)


@given(st.dictionaries(st.sampled_from(["role", "parts", "model", "ending", "usage", "at"]), JSON | st.just("user")))
def test_anything_else_is_a_value_error(data: dict[str, object]) -> None:
    try:
        message = from_data(data)
    except ValueError:
        return
    assert from_data(to_data(message)) == message


@pytest.mark.parametrize("roles", [[], ["user"], ["assistant", "user"], ["user", "user"]])
def test_a_turn_enters_whole_or_not_at_all(roles: list[Role]) -> None:
    conversation = Conversation()
    with pytest.raises(ValueError, match="not a turn"):
        conversation.add(Message(role, ()) for role in roles)
    assert conversation.turns == []


def test_asking_leaves_the_conversation_as_it_is() -> None:
    conversation = Conversation("brief")
    assert [message.text for message in conversation.asking(question("hi")).messages] == ["hi"]
    assert conversation == Conversation("brief")


def test_pieces_become_one_message() -> None:
    reply = Reply("asked-for")
    for event in (
        Started("answering"),
        Thinking("Hm", ""),
        Thinking(".", "sig"),
        Text("Hel"),
        Usage(1, None, 1),
        Text("lo"),
        ToolCallPiece(1, "b", "g", "{}"),
        ToolCallPiece(0, "a", "f", '{"x"'),
        ToolCallPiece(0, "", "", ": 1}"),
        Finished("tool_calls", "tool_use"),
        Usage(1, None, 2),
    ):
        reply.feed(event)
    message = reply.message()
    assert message.parts == (
        ThinkingPart("Hm.", "sig"),
        TextPart("Hello"),
        ToolCallPart("a", "f", '{"x": 1}'),
        ToolCallPart("b", "g", "{}"),
    )
    assert (message.model, message.ending, message.usage) == ("answering", "tool_calls", Usage(1, None, 2))


def test_a_reply_has_failed_until_somebody_knows_better() -> None:
    reply = Reply()
    reply.feed(Text("half"))
    assert reply.message().ending == "failed"


@pytest.mark.parametrize(
    ("event", "empty"), [(Text(""), True), (Started("m"), True), (Thinking(" "), False), (Text("a"), False)]
)
def test_a_reply_is_empty_until_something_worth_keeping_came(event: Text, empty: bool) -> None:
    reply = Reply()
    reply.feed(event)
    assert reply.empty is empty
