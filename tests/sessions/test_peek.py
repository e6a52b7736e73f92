"""What a session tells without being read whole is what it says when it is."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chatrepl import sessions
from chatrepl.conversation import question
from chatrepl.sessions import peek
from chatrepl.sessions.encoding import to_data
from chatrepl.sessions.entries import Aside, Entry, Header, Mark, Piece, Said, Taken
from chatrepl.sessions.journal import read
from chatrepl.sessions.state import State
from chatrepl.sessions.transcript import Transcript
from tests.support import strategies
from tests.support.stored import kept, reply
from tests.support.talking import no_trouble

kinds = "system rename undo redo clear edit retry continue withdraw profile model base_url".split()
marks = st.builds(Mark, st.sampled_from(kinds), strategies.texts, st.integers(0, 3))
questions = strategies.questions | st.sampled_from(["", "\n", "Hi"]).map(question)
entries: st.SearchStrategy[Entry] = st.one_of(
    st.builds(Said, questions | strategies.replies | strategies.results),
    st.builds(Taken, strategies.turns),
    st.builds(Piece, strategies.texts, strategies.texts),
    st.builds(Aside, st.sampled_from(["btw", "reply", "compact", "title"]), strategies.turns),
    marks,
)


def told(path: Path) -> tuple[str, int, bool, bool]:
    """What the places where sessions are listed and picked up see of this one."""
    (listed,) = sessions.listed(path.parent)
    with open(path, "rb") as file:
        return listed.title, listed.turns, peek.is_open(file), peek.was_begun(path)


def folded(path: Path) -> tuple[str, int, bool, bool]:
    """The same, from the whole session."""
    state = read(path)
    title, is_open = state.title, state.question is not None
    begun = bool(state.history.now.before or state.history.undone or is_open)
    state.settle()
    return title, len(state.conversation.turns), is_open, begun


def shuffled(data: Any, chance: random.Random) -> Any:
    """The same data, the keys of every object in another order."""
    if isinstance(data, dict):
        return {key: shuffled(data[key], chance) for key in chance.sample([*data], len(data))}
    return [shuffled(item, chance) for item in data] if isinstance(data, list) else data


def line(entry: Entry, chance: random.Random, *, odd: bool) -> str:
    """An entry as the program writes it, or as another one may."""
    if not odd:
        return json.dumps(to_data(entry), separators=(",", ":"))
    comma, colon = chance.choice([",", ", ", " ,\t"]), chance.choice([":", ": ", " :"])
    return json.dumps(shuffled(to_data(entry), chance), separators=(comma, colon), ensure_ascii=chance.random() < 0.5)


@given(st.lists(entries, max_size=10), st.sets(st.integers(0, 10)), st.randoms(use_true_random=False), st.booleans())
def test_a_peek_tells_what_the_session_says(
    tmp_path_factory: pytest.TempPathFactory, whole: list[Entry], odd: set[int], chance: random.Random, ended: bool
) -> None:
    path = tmp_path_factory.mktemp("sessions") / "one.jsonl"
    lines = [line(entry, chance, odd=place in odd) for place, entry in enumerate([Header("one", ""), *possible(whole)])]
    path.write_text("\n".join(lines) + "\n" * ended, "utf-8", errors="surrogatepass", newline="")
    assert told(path) == folded(path)


untitled = st.sampled_from(["", "\n", "", "Hi", "Ho"]).map(question)
answered = st.tuples(untitled.map(Said), st.just(Said(reply("so it is"))))
plain = (
    answered
    | untitled.map(lambda each: (Taken((each, reply("it was"))),))
    | st.just((Mark("retry"), Said(reply("no"))))
)


@given(st.lists(plain, max_size=6), st.none() | untitled.map(Said))
def test_a_title_is_that_of_the_first_question_that_has_one(
    tmp_path_factory: pytest.TempPathFactory, groups: list[tuple[Entry, ...]], last: Said | None
) -> None:
    path = tmp_path_factory.mktemp("sessions") / "one.jsonl"
    whole = possible([each for group in groups for each in group] + ([last] if last else []))
    lines = (json.dumps(to_data(entry), separators=(",", ":")) for entry in [Header("one", ""), *whole])
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    assert told(path) == folded(path)


def possible(entries: list[Entry]) -> list[Entry]:
    """Those that the program could write: a turn is reopened, taken back or emptied only where there is one, and what
    is done to turns is done between them."""
    state, written = State(), []
    for entry in entries:
        turned = bool(state.conversation.turns) and not state.question
        done = isinstance(entry, Mark) and entry.kind in ("undo", "clear", "edit", "retry", "continue", "redo")
        if turned or not done:
            state.take(entry)
            written.append(entry)
    return written


@pytest.mark.parametrize("tail", [b'{"mess', b'{"message":{"role":"user","parts":[{"kind":"text","text":"Wh'])
def test_a_line_that_was_never_ended_leaves_the_session_open(tmp_path: Path, tail: bytes) -> None:
    path = kept(tmp_path, "a", "Hi", "Hello")
    with open(path, "ab") as file:
        file.write(tail)
    assert told(path) == ("Hi", 1, True, True)


def test_an_open_turn_is_known_however_much_came_of_its_reply(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    journal = Transcript(path, no_trouble)
    entries: list[Entry] = [Said(question("Hi")), *[Piece("word " * 100)] * 2_000, Mark("system", "x")]
    for entry in entries:
        journal.add(entry)
    journal.close()
    assert told(path) == folded(path) == ("Hi", 1, True, True)


def test_a_changed_session_is_peeked_at_again(tmp_path: Path) -> None:
    path = kept(tmp_path, "a", "Hi", "Hello")
    assert told(path)[:2] == ("Hi", 1)
    journal = Transcript.reopened(path, no_trouble)
    for entry in (Mark("rename", "Other"), Said(question("More")), Said(reply("Yes"))):
        journal.add(entry)
    journal.close()
    assert told(path)[:2] == ("Other", 2)
    path.unlink()
    assert not list(sessions.listed(tmp_path))


def test_the_last_exchange_is_the_one_that_stands(tmp_path: Path) -> None:
    path = kept(tmp_path, "a", "Hi", "Hello")

    def last(*more: Entry) -> list[tuple[str, str]]:
        journal = Transcript.reopened(path, no_trouble)
        for entry in more:
            journal.add(entry)
        journal.close()
        (listed,) = sessions.listed(tmp_path)
        return listed.last_exchange()

    assert last() == [("user", "Hi"), ("assistant", "Hello")]
    assert last(Said(question("And?")), Mark("withdraw")) == [("user", "Hi"), ("assistant", "Hello")]
    assert last(Mark("retry"), Said(reply("Good day"))) == [("user", "Hi"), ("assistant", "Good day")]
    assert last(Mark("undo")) == [("user", "Hi"), ("assistant", "Hello")]
