"""The captures: raw answers of real servers, and what they have to become.

``captures/<dialect>/<server>-<case>.http``     status line, headers, blank line, body
``captures/<dialect>/<server>-<case>.events``   the events, one JSON line each; an error is ["Refused", "its line"]
``captures/<dialect>/chatrepl-<case>.request``  what the conversation named <case> (see ``CONVERSATIONS``) becomes

``python -m tests.support.exchanges FILE.http ...`` writes the events of a new capture as they come out today, to be
read and judged by a person before they are committed; with FILE.request the request.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.dialects import DIALECTS, dialect
from chatrepl.dialects.response import read
from chatrepl.errors import ChatError
from chatrepl.events import Choice, Event, Text, Thinking

CAPTURES = Path(__file__).parents[1] / "captures"
ENDS_AT_EOF = {"scale-egp"}
"""The protocols without an end mark: a stream that ends cleanly after some text is whole."""
PROFILE = Profile("test", place=Url("https://example.org/v1"), model="m")


@dataclass(frozen=True)
class Answer:
    """A raw HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def streamed(self) -> bool:
        """Whether it is the answer to a request for a stream."""
        return "json" not in self.headers.get("content-type", "").replace("x-ndjson", "")


def load(path: Path) -> Answer:
    """The answer in a .http file."""
    head, _, body = path.read_bytes().replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
    status, *lines = head.decode("ascii").splitlines()
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    return Answer(int(status.split()[1]), headers, body)


def told(name: str, answer: Answer, chunks: Iterable[bytes]) -> list[Any]:
    """What the dialect makes of the answer, as plain data: the events, and at the end the error if there was one."""
    found: list[Any] = []
    try:
        for event in read(dialect(name), PROFILE, answer.status, answer.headers, chunks, stream=answer.streamed):
            found.append(_as_data(event))
    except ChatError as error:
        found.append([type(error).__name__, str(error)])
    return found


def _as_data(event: Event) -> list[Any]:
    if isinstance(event, Choice):
        return ["Choice", {"place": event.place, "event": _as_data(event.event)}]
    return [type(event).__name__, _fields(event)]


FEW = ("written", "written_long", "tier", "opaque")
"""What stands in a file only where there is any of it."""


def _fields(event: Event) -> dict[str, Any]:
    """The fields of an event. That nothing was written to a cache, or came with a call, goes without saying."""
    known = {name: value for name, value in asdict(event).items() if name not in FEW or value}
    found: dict[str, Any] = json.loads(json.dumps(known))  # with lists where there were tuples, as in the file
    return found


def joined(events: Iterable[Event]) -> tuple[str, str]:
    """The text and the thinking of some events."""
    events = list(events)
    return (
        "".join(event.text for event in events if isinstance(event, Text)),
        "".join(event.text for event in events if isinstance(event, Thinking)),
    )


def expected(path: Path) -> list[Any]:
    """The events a .http file has to become."""
    # split("\n"): splitlines() would cut at the U+2028 that some answers hold
    return [json.loads(line) for line in path.with_suffix(".events").read_text("utf-8").strip().split("\n")]


def answers() -> list[Path]:
    """All captured answers."""
    return sorted(CAPTURES.glob("*/*.http"))


def requests() -> list[Path]:
    """All requests that chatrepl has to make."""
    return sorted(CAPTURES.glob("*/*.request"))


def user(*parts: Part) -> Message:
    return Message("user", parts)


def assistant(*parts: Part, ending: str = "stop") -> Message:
    return Message("assistant", parts, "m", ending)


_ASKED = user(TextPart("What is 2 + 2?"))
_TURN = (_ASKED, assistant(TextPart("4")))

CONVERSATIONS: dict[str, tuple[Profile, Conversation, bool]] = {
    "whole": (PROFILE, Conversation().asking(_ASKED), False),
    "stream": (PROFILE, Conversation().asking(_ASKED), True),
    "multiturn": (
        PROFILE,
        Conversation("You are brief.", [_TURN, (user(TextPart("And 3 + 3?")), assistant(TextPart("6")))]).asking(
            user(TextPart("Thank you \U0001f600"))
        ),
        True,
    ),
    "options": (
        replace(
            PROFILE,
            headers={"x-team": "blue"},
            options={
                "temperature": 0.1,
                "top_p": 0.9,
                "max_tokens": 256,
                "stop": ["END"],
                "seed": 7,
                "custom": {"a": 1},
            },
        ),
        Conversation("You are brief.").asking(_ASKED),
        True,
    ),
    "thinking": (
        PROFILE,
        Conversation("", [(_ASKED, assistant(ThinkingPart("Two and two.", "sig"), TextPart("4")))]).asking(
            user(TextPart("Sure?"))
        ),
        True,
    ),
    "interrupted": (
        PROFILE,
        Conversation("", [(_ASKED, assistant(TextPart("It is fo"), ending="interrupted"))]).asking(
            user(TextPart("Go on"))
        ),
        True,
    ),
    "image": (
        PROFILE,
        Conversation().asking(user(ImagePart("image/png", "aGk=", "hi.png"), TextPart("What is this?"))),
        True,
    ),
    "file": (PROFILE, Conversation().asking(user(FilePart("a.py", "print(1)"), TextPart("Explain"))), True),
    "tools": (
        PROFILE,
        Conversation(
            "",
            [
                (
                    _ASKED,
                    assistant(ToolCallPart("call_1", "add", '{"a": 2, "b": 2}'), ending="tool_calls"),
                    Message("tool", (ToolResultPart("call_1", "4"),)),
                    assistant(TextPart("4")),
                )
            ],
        ).asking(user(TextPart("Sure?"))),
        True,
    ),
}
"""What the request captures are made of: a profile, a conversation with an open turn, and whether it streams."""


def asked(name: str, case: str) -> dict[str, Any]:
    """The request of that dialect for that conversation, as plain data."""
    profile, conversation, stream = CONVERSATIONS[case]
    return asdict(dialect(name).encode(profile, conversation, "KEY", stream=stream))


def _write(path: Path) -> None:
    name = path.parent.name
    if path.suffix == ".request":
        data = asked(name, path.stem.removeprefix("chatrepl-"))
        path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return
    answer = load(path)
    lines = [json.dumps(item, ensure_ascii=False) for item in told(name, answer, [answer.body])]
    path.with_suffix(".events").write_text("".join(f"{line}\n" for line in lines), "utf-8")


if __name__ == "__main__":
    assert sys.argv[1:], f"name files in {CAPTURES} of {', '.join(DIALECTS)}"
    for argument in sys.argv[1:]:
        _write(Path(argument).resolve())
