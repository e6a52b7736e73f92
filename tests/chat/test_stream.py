"""Neighbouring pieces become one event, and none holds a secret; nothing is lost, doubled or out of order."""

from contextlib import closing

import pytest
from hypothesis import given, strategies as st

from chatrepl.chat.reply import Reply
from chatrepl.chat.stream import Gathering, HidingSecrets
from chatrepl.events import Event, Finished, Search, Text, Thinking, ToolCallPiece, Usage
from chatrepl.text.redaction import HIDDEN, Secrets

events = st.lists(
    st.builds(Text, st.text(max_size=3))
    | st.builds(Thinking, st.text(max_size=3), st.sampled_from(["", "signature"]))
    | st.sampled_from([Usage(1), Finished("stop"), ToolCallPiece(0, "a")])
    | st.none(),  # the network is waited for
    max_size=20,
)


@given(events)
def test_the_reply_is_the_same(arriving: list[Event | None]) -> None:
    apart, together = Reply(), Reply()
    with closing(Gathering(together.feed)) as gathering:
        for event in arriving:
            if event is None:
                gathering.flush()
                assert together.text == apart.text, "before a wait everything has been passed on"
            else:
                apart.feed(event)
                gathering.feed(event)
    assert together.text == apart.text
    assert [
        (part.text, getattr(part, "signature", "")) for part in together.message().parts if hasattr(part, "text")
    ] == [(part.text, getattr(part, "signature", "")) for part in apart.message().parts if hasattr(part, "text")]


def test_what_one_read_brought_is_passed_on_as_one_event_to_every_sink() -> None:
    first: list[Event] = []
    second: list[Event] = []
    gathering = Gathering(first.append, second.append)
    for event in (Text("a"), Text("b"), Thinking("c"), Thinking("d", "signed"), Text("e")):
        gathering.feed(event)
    gathering.flush()
    gathering.flush()
    assert first == second == [Text("ab"), Thinking("c"), Thinking("d", "signed"), Text("e")]


SECRET = "sk-0123456789abcdef"


def shown(*arriving: Event) -> list[Event]:
    """The events as a sink gets them that is to see no secret."""
    found: list[Event] = []
    secrets = Secrets()
    secrets.add(SECRET)
    with closing(HidingSecrets(secrets, found.append)) as hiding:
        for event in arriving:
            hiding.feed(event)
    return found


@pytest.mark.parametrize("last", [Thinking("so"), ToolCallPiece(0, "1", "look", "{}"), Finished("stop")])
def test_what_begins_like_a_secret_is_passed_on_before_anything_else_comes(last: Event) -> None:
    assert shown(Text("a sk-"), last) == [Text("a "), Text("sk-"), last]


def test_what_begins_like_a_secret_in_one_kind_of_text_does_not_end_as_one_in_another() -> None:
    begun, rest = SECRET[:9], SECRET[9:]
    assert shown(Thinking(begun), Text(rest)) == [Thinking(begun), Text(rest)]
    assert shown(Text(begun), Text(rest)) == [Text(HIDDEN)]


def test_what_is_held_back_comes_at_the_end_also_of_a_reply_that_breaks_off() -> None:
    assert shown(Text("sk-")) == [Text("sk-")]
    assert shown(ToolCallPiece(0, arguments="sk-")) == [ToolCallPiece(0), ToolCallPiece(0, arguments="sk-")]


def test_a_search_tells_no_secret_neither_what_it_is_for_nor_how_it_failed() -> None:
    assert shown(Search(SECRET, True, f"no {SECRET}")) == [Search(HIDDEN, True, f"no {HIDDEN}")]
