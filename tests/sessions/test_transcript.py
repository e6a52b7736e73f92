"""The journal of a session: what was written is read back, and memory and disk are the same fold."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from chatrepl.conversation import Message, TextPart, question
from chatrepl.errors import TranscriptError
from chatrepl.sessions import transcript
from chatrepl.sessions.encoding import from_data, to_data
from chatrepl.sessions.entries import Entry, Header, Mark, Piece, Said, Taken
from chatrepl.sessions.state import State
from chatrepl.sessions.titles import title_of
from chatrepl.sessions.transcript import Transcript
from tests.support import strategies
from tests.support.calls import calls
from tests.support.talking import no_trouble

marks = st.builds(
    Mark,
    st.sampled_from("system rename undo redo clear edit retry continue withdraw profile unknown".split()),
    strategies.texts,
    st.integers(0, 3),
)
entries = (
    st.builds(Said, strategies.questions | strategies.replies)
    | st.builds(Taken, strategies.turns)
    | st.builds(Piece, strategies.texts, strategies.texts)
    | marks
)


def reply(text: str) -> Message:
    return Message("assistant", (TextPart(text),), "m", "stop")


@given(entries | st.builds(Header, strategies.texts, strategies.texts))
def test_an_entry_survives_json(entry: Entry) -> None:
    assert from_data(json.loads(json.dumps(to_data(entry)))) == entry


@given(st.lists(entries, max_size=12))
def test_memory_and_disk_are_the_same(tmp_path_factory: pytest.TempPathFactory, whole: list[Entry]) -> None:
    path = tmp_path_factory.mktemp("sessions") / "one.jsonl"
    journal = Transcript(path, no_trouble)
    for entry in [Said(question("first")), *whole]:
        journal.add(entry)
    journal.close()
    assert transcript.read(path) == journal.state


@given(st.lists(entries, max_size=20))
def test_whatever_happens_roles_alternate(whole: list[Entry]) -> None:
    state = State()
    for entry in whole:
        state.take(entry)
        for turn in state.conversation.turns:
            assert turn[0].role == "user"
            assert turn[-1].role == "assistant"


@given(st.lists(entries, max_size=20))
def test_undone_to_the_beginning_and_redone_to_the_end_it_is_the_same(whole: list[Entry]) -> None:
    state = State()
    for entry in whole:
        state.take(entry)
    while state.history.undone:
        state.take(Mark("redo"))
    passed = []
    while state.history.now.before:
        passed.append(list(state.conversation.turns))
        state.take(Mark("undo"))
    assert state.conversation.turns == []
    while state.history.undone:
        state.take(Mark("redo"))
        assert state.conversation.turns == passed.pop()
    assert passed == []


def test_each_undo_is_redone_by_itself_and_a_new_turn_ends_that() -> None:
    state = State()
    for text in ("one", "two", "three"):
        state.take(Said(question(text)))
        state.take(Said(reply(text)))

    def after(kind: str, count: int = 0) -> int:
        state.take(Mark(kind, count=count))
        return len(state.conversation.turns)

    assert [after(kind) for kind in ("undo", "undo", "redo", "redo", "redo")] == [2, 1, 2, 3, 3]
    assert [after("undo", 2), after("redo"), after("clear"), after("undo"), after("undo"), after("redo")] == [
        *(1, 3, 0, 3, 2),
        3,
    ]
    assert [after("redo"), after("undo", 9), after("undo"), after("undo")] == [0, 0, 3, 2]
    state.take(Said(question("four")))
    state.take(Said(reply("four")))
    assert after("redo") == 3
    assert state.conversation.turns[-1][0].text == "four"


def test_a_session_in_which_nothing_was_said_leaves_no_file(tmp_path: Path) -> None:
    journal = Transcript(tmp_path / "sessions" / "one.jsonl", no_trouble)
    journal.add(Mark("system", "brief"))
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_two_sessions_never_write_into_one_file(tmp_path: Path) -> None:
    one, two = (Transcript(tmp_path / "one.jsonl", no_trouble) for _ in range(2))
    for journal in (one, two, one, two):
        journal.add(Said(question("hi")))
        journal.add(Said(reply("hello")))
    assert one.path == tmp_path / "one.jsonl"
    assert two.path
    assert two.path != one.path
    for journal in (one, two):
        journal.close()
        assert journal.path
        assert transcript.read(journal.path) == journal.state
        assert json.loads(journal.path.read_text("utf-8").splitlines()[0])["id"] == journal.path.stem


def test_the_file_is_for_the_user_alone_and_begins_with_its_version(tmp_path: Path) -> None:
    path = tmp_path / "sessions" / "one.jsonl"
    journal = Transcript(path, no_trouble)
    journal.add(Mark("system", "brief"))
    journal.add(Said(question("hi")))
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [next(iter(line)) for line in lines] == ["chatrepl", "mark", "message"]
    assert lines[0]["id"] == "one"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    journal.close()


@given(st.data())
def test_a_torn_or_damaged_file_is_read_as_far_as_it_goes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("sessions") / "one.jsonl"
    journal = Transcript(path, no_trouble)
    for number in range(3):
        journal.add(Said(question(f"q{number}")))
        journal.add(Said(reply(f"a{number}")))
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(whole.index(b"\n") + 1, len(whole)))])
    state = transcript.read(path)
    assert [turn[0].text for turn in state.conversation.turns] == ["q0", "q1", "q2"][: len(state.conversation.turns)]


def test_what_is_no_session_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"a": 1}\n')
    with pytest.raises(TranscriptError, match="no session"):
        transcript.read(other)
    other.write_text('{"chatrepl": 99, "id": "a", "at": "b"}\n')
    with pytest.raises(TranscriptError, match="newer chatrepl"):
        transcript.read(other)
    with pytest.raises(TranscriptError, match="cannot be read"):
        transcript.read(tmp_path / "none.jsonl")


def test_a_disk_that_refuses_is_told_once_and_the_conversation_goes_on(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("a file stands where the folder should be")
    troubles: list[TranscriptError] = []
    journal = Transcript(tmp_path / "sessions" / "one.jsonl", troubles.append)
    for text in ("one", "two"):
        journal.add(Said(question(text)))
        journal.add(Said(reply(text)))
    assert len(troubles) == 1
    assert "cannot be written" in str(troubles[0])
    assert len(journal.state.conversation.turns) == 2


def test_a_turn_costs_the_same_in_a_long_session_as_in_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = calls(monkeypatch, os, "write")
    monkeypatch.setattr(os, "fsync", lambda file: None)
    journal = Transcript(tmp_path / "one.jsonl", no_trouble)
    for _ in range(2_000):
        journal.add(Said(Message("user", (TextPart("why?"),))))
        journal.add(Said(reply("because")))
    journal.close()
    assert len({len(data) for _, data in writes[1:]}) == 2
    again = Transcript.reopened(tmp_path / "one.jsonl", no_trouble)
    again.add(Said(Message("user", (TextPart("why?"),))))
    again.close()
    assert len(writes[-1][1]) == len(writes[2][1])


def test_a_reply_that_never_came_whole_is_there_in_pieces() -> None:
    state = State()
    for entry in (Said(question("hi")), Piece("Hel"), Piece("lo", "hm")):
        state.take(entry)
    partial = state.partial()
    assert partial
    assert (partial.text, partial.thinking, partial.ending) == ("Hello", "hm", "interrupted")
    state.take(Said(reply("Hello!")))
    assert state.partial() is None


def test_at_every_step_of_a_retry_the_whole_reply_is_there_until_the_new_one_is() -> None:
    new = Message("assistant", (TextPart("Hello!"),), "m", "failed")
    steps: list[Entry] = [Mark("retry"), Piece("Hel"), Piece("lo!"), Said(new)]
    for length in range(len(steps) + 1):
        state = State()
        for entry in [Said(question("hi")), Said(reply("Hello")), *steps[:length]]:
            state.take(entry)
        assert state.conversation.turns[0][1] == reply("Hello")
        state.settle()
        assert state.conversation.turns[0][1] == reply("Hello")
        if length > 1:  # what came of the new one can be had
            state.take(Mark("redo"))
            assert state.conversation.turns[0][1].text == "Hello!"[: 3 if length == 2 else 6]
            state.take(Mark("undo"))
            assert state.conversation.turns[0][1] == reply("Hello")
    state.take(Mark("retry"))
    state.take(Said(reply("Hello again")))
    assert state.conversation.turns[0][1] == reply("Hello again")


def test_a_reply_that_broke_off_gives_way_to_any_other() -> None:
    state = State()
    for text in ("one", "one two"):
        state.take(Said(question("hi")) if text == "one" else Mark("retry"))
        state.take(Said(Message("assistant", (TextPart(text),), "m", "failed")))
    assert state.conversation.turns[0][1].text == "one two"


def test_the_title_is_the_first_line_that_says_something() -> None:
    assert title_of("\n  \n Why? \nmore") == "Why?"
    assert len(title_of("x" * 200)) == 60


def test_the_title_comes_from_the_first_question_that_stands() -> None:
    state = State()

    def title(*entries: Entry) -> str:
        for entry in entries:
            state.take(entry)
        return state.title

    def asked(text: str) -> tuple[Entry, Entry]:
        return Said(question(text)), Said(Message("assistant", (TextPart("a"),)))

    assert title(Said(question("first"))) == "first"
    assert title(Mark("withdraw")) == "first", "there is no better one yet"
    assert title(*asked("second")) == "second"
    assert title(*asked("third")) == "second"
    assert title(Mark("edit", count=2)) == "second"
    assert title(*asked("fourth")) == "fourth"
    assert title(Mark("undo"), Mark("undo")) == "second"
    assert title(Mark("rename", "mine"), Mark("clear"), *asked("fifth")) == "mine"
