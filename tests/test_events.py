"""Events check themselves."""

from typing import Any

import pytest

from chatrepl.events import Finished, Started, Text, Thinking, ToolCallPiece, Usage


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        (Text, [None]),
        (Text, [b"bytes"]),
        (Thinking, ["thought", 1]),
        (Started, [3]),
        (ToolCallPiece, ["a", "b"]),
        (ToolCallPiece, [True]),
        (Usage, ["1"]),
        (Usage, [True]),
        (Usage, [1.5]),
        (Finished, ["tired"]),
        (Finished, ["stop", None]),
    ],
)
def test_an_event_refuses_what_it_cannot_be(event: Any, arguments: list[Any]) -> None:
    with pytest.raises(TypeError, match=event.__name__):
        event(*arguments)


def test_unknown_numbers_are_none_and_not_zero() -> None:
    assert Usage() == Usage(None, None, None, None, None)
