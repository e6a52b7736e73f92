"""Neighbouring pieces become one event; nothing is lost, doubled or out of order."""

from hypothesis import given, strategies as st

from chatrepl.chat.reply import Reply
from chatrepl.chat.stream import Gathering
from chatrepl.events import Event, Finished, Text, Thinking, ToolCallPiece, Usage

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
    with Gathering(together.feed) as gathering:
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
