"""What the entries of a session add up to: what a plain fold makes of them, in time that grows with their number."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from chatrepl.conversation import BROKEN_OFF, Message, Shape, TextPart, Turn, continued, question
from chatrepl.sessions.entries import Aside, Entry, Mark, Said, Taken
from chatrepl.sessions.state import State

QUESTIONS = [Message("user", (TextPart(text),)) for text in ("", "a", "b")]
REPLIES = [Message("assistant", (TextPart(text),), "", end) for text in "xy" for end in ("stop", "interrupted")]
MARKS = "undo redo clear edit retry continue withdraw choose keep compact pin".split()
said = st.sampled_from([*QUESTIONS, *REPLIES]).map(Said)
turns = st.tuples(st.sampled_from(QUESTIONS), st.sampled_from(REPLIES))
asides = st.builds(Aside, st.sampled_from(["btw", "reply"]), turns)
marks = st.builds(Mark, st.sampled_from(MARKS), st.sampled_from(["", "s"]), st.integers(-1, 4))
entries = said | said | st.builds(Taken, turns) | asides | marks | marks


class Plain:
    """The fold at its plainest: each change keeps a copy of all that was before it."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.shape = Shape()
        self.past: list[tuple[list[Turn], Shape]] = []
        self.undone: list[list[tuple[list[Turn], Shape]]] = []
        self.heard: list[Turn] = []
        self.noted: list[Turn] = []
        self.since = 0
        self.question: Message | None = None
        self.reopened = ""

    def open(self, question: Message | None, reopened: str = "") -> None:
        self.question, self.reopened = question, reopened
        self.since = len(self.heard) if question and not reopened else 0

    def change(self, kind: str, at: int, *new: Turn, shape: Shape | None = None) -> None:
        self.open(None)
        self.past.append((self.turns, self.shape))
        self.turns = [*self.turns[:at], *new]
        self.shape = shape or self.shape.before(at, again=kind in ("retry", "continue", "choose"))
        self.undone = []

    def undo(self, count: int) -> None:
        self.open(None)
        left = max(0, len(self.turns) - count)
        back: list[tuple[list[Turn], Shape]] = []
        while not back or (count > 0 and self.past and len(self.turns) > left):
            back.append((self.turns, self.shape))
            self.turns, self.shape = self.past.pop()
        self.undone.append(back)

    def redo(self) -> None:
        self.open(None)
        for each in reversed(self.undone.pop()):
            self.past.append((self.turns, self.shape))
            self.turns, self.shape = each

    def replies(self) -> list[Turn]:
        asked = self.question or (self.turns[-1][0] if self.turns else None)
        found: list[Turn] = []
        for turn in self.heard[self.since :]:
            found += [turn] if turn[0] == asked and turn not in found else []
        return found

    def close(self, question: Message, reply: Message) -> None:
        kind, last = self.reopened or "turn", self.turns[-1] if self.reopened else ()
        whole = continued(last[-1], reply) if kind == "continue" else reply
        self.heard.append((question, whole))
        self.change(kind, len(self.turns) - bool(last), (question, whole))
        if kind == "retry" and reply.ending in BROKEN_OFF and last[-1].ending not in BROKEN_OFF:
            self.undo(0)

    def take(self, entry: Entry) -> None:
        match entry:
            case Said(message) if message.role == "user":
                self.settle()
                self.open(message)
            case Said(message) if self.question:
                self.close(self.question, message)
            case Taken(turn):
                self.settle()
                self.change("turn", len(self.turns), turn)
                self.heard.append(turn)
            case Aside("reply", turn):
                self.heard.append(turn)
            case Aside("btw", turn):
                self.noted.append(turn)
            case Mark(kind, text, count):
                self.mark(kind, text, count, len(self.turns))

    def settle(self) -> None:
        if self.question and self.replies() and not self.reopened:
            self.change("choose", len(self.turns), self.replies()[0])
        self.open(None)

    def mark(self, kind: str, text: str, count: int, size: int) -> None:
        chosen = self.replies()[count - 1 : count] if count > 0 and not self.reopened else []
        placed = not self.question and 0 < count <= size
        if kind == "withdraw":
            self.open(None)
        elif kind == "keep" and self.noted:
            self.change("turn", size, self.noted[-1])
        elif kind == "choose" and chosen:
            self.change("choose", size - (not self.question), *chosen)
        elif kind == "redo" and self.undone:
            self.redo()
        elif kind == "undo" and self.past and (size or count <= 0):
            self.undo(count)
        elif kind == "compact" and placed:
            self.change(kind, size, shape=replace(self.shape, summary=text, count=count, at=size))
        elif kind == "pin" and placed:
            self.change(kind, size, shape=replace(self.shape, pinned=self.shape.pinned ^ {count - 1}))
        elif kind in ("clear", "edit") and size:
            self.change(kind, 0 if kind == "clear" else max(0, size - max(0, count)))
        elif kind in ("retry", "continue") and size:
            self.open(self.turns[-1][0], kind)


@settings(max_examples=400)
@given(st.lists(entries, max_size=60))
def test_the_fold_is_the_plain_one(whole: list[Entry]) -> None:
    state, plain = State(), Plain()
    for entry in whole:
        state.take(entry)
        plain.take(entry)
        now = state.conversation
        assert (now.turns, now.shape) == (plain.turns, plain.shape)
        assert (state.question, state.reopened) == (plain.question, plain.reopened)
        assert state.replies() == plain.replies()
        assert (bool(state.history.now.before), len(state.history.undone)) == (bool(plain.past), len(plain.undone))


@given(st.lists(entries, max_size=40))
def test_the_fold_is_the_same_if_nobody_looks_before_its_end(whole: list[Entry]) -> None:
    state, plain = State(), Plain()
    for entry in whole:
        state.take(entry)
        plain.take(entry)
    assert (state.conversation.turns, state.conversation.shape) == (plain.turns, plain.shape)
    assert state.replies() == plain.replies()


def _asked(count: int) -> list[Entry]:
    return [entry for n in range(count) for entry in (Said(question(f"q{n}")), Said(REPLIES[0]))]


def _noted(count: int) -> list[Entry]:
    titles = [Aside("title", (question("q"), REPLIES[0]))] * count
    return [Aside("btw", (question("q"), REPLIES[0])), *titles]


MIXES: dict[str, Callable[[int], Sequence[Entry]]] = {
    "choose": lambda n: _asked(n) + [Mark("choose", count=1)] * n,
    "retry and choose": lambda n: (
        _asked(1)
        + [each for k in range(n) for each in (Mark("retry"), Said(replace(REPLIES[0], at=f"{k}")))]
        + [Mark("choose", count=k + 1) for k in range(n)]
    ),
    "undo and redo": lambda n: _asked(n) + [Mark("undo", count=n - 1), Mark("redo")] * n,
    "clear and undo": lambda n: _asked(n) + [Mark("clear"), Mark("undo")] * n,
    "edit and undo": lambda n: _asked(n) + [Mark("edit", count=n - 1), Mark("undo")] * n,
    "pin and choose": lambda n: (
        _asked(n) + [Mark("pin", count=k + 1) for k in range(n)] + [Mark("choose", count=1)] * n
    ),
    "keep": lambda n: _noted(n) + [Mark("keep")] * n,
    "choose what is not there": lambda n: (
        [*[Said(question("q"))]]
        + [Aside("reply", (question("q"), replace(REPLIES[0], at=f"{k}"))) for k in range(n)]
        + [Mark("choose", count=n + 1)] * n
    ),
}


def _lines(whole: Sequence[Entry]) -> int:
    """How many lines of Python run to take them in and look at the end."""
    seen, state = 0, State()

    def traced(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal seen
        seen += event == "line"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        for entry in whole:
            state.take(entry)
        assert state.conversation
    finally:
        sys.settrace(before)
    return seen


@pytest.mark.parametrize("mix", MIXES)
def test_four_times_the_entries_cost_four_times_as_much(mix: str) -> None:
    _lines(MIXES[mix](100))  # what is made once
    few, many = _lines(MIXES[mix](100)), _lines(MIXES[mix](400))
    assert many < 6 * few
