"""Sessions that somebody else wrote: each is one line of a list, whatever is wrong with it, and costs what it holds."""

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from chatrepl import sessions
from chatrepl.conversation import ImagePart, Message
from chatrepl.errors import TranscriptError
from chatrepl.sessions import formats, transcript
from chatrepl.sessions.entries import Said
from chatrepl.sessions.state import State
from tests.support.program import run
from tests.support.stored import kept, reply
from tests.support.talking import no_trouble

HEADER = '{"chatrepl":2,"id":"x","at":"2026-01-01T00:00:00+00:00"}\n'
ASKED = '{"message":{"role":"user","parts":[{"kind":"text","text":"hello"}]}}\n'
NO_TURN = '[{"role":"user","parts":[]}]'
DEEP = "[" * 100_000

BAD = {
    "a rename without end": HEADER + ASKED + '{"mark":"rename","text":' + DEEP + "\n",
    "a question without end": HEADER + '{"message":{"role":"user","parts":' + DEEP + "\n",
    "a turn without end": HEADER + '{"turn":[{"parts":' + DEEP + "\n",
    "a mark without end": HEADER + ASKED + '{"mark":' + DEEP + "\n",
    "a count without measure": HEADER + ASKED + '{"mark":"undo","count":' + "9" * 5_000 + "}\n",
    "more values than anybody means": HEADER
    + ASKED
    + '{"message":{"role":"user","parts":['
    + "{}," * 9_000_000
    + "{}]}}\n",
    "asides that are no turns": HEADER
    + ASKED
    + "".join(f'{{"aside":"{kind}","messages":{NO_TURN}}}\n' for kind in ("btw", "reply", "choices"))
    + '{"aside":"btw","messages":[]}\n{"aside":"reply","messages":[]}\n'
    + '{"mark":"keep"}\n{"mark":"choose","count":1}\n{"message":{"role":"assistant","parts":[]}}\n{"mark":"keep"}\n',
    "more damaged lines than are told": HEADER + ASKED + "{damaged}\n" * 200_000,
    "nothing but line ends": "\n" * 100_000,
}


@pytest.mark.parametrize("case", BAD)
def test_one_bad_session_is_one_line(home: Path, case: str) -> None:
    kept(home / "sessions", "20260101-000000-good", "Hi", "Hello")
    (home / "sessions" / "20260102-000000-evil.jsonl").write_text(BAD[case])
    for words in (["--list-sessions"], ["-r", "evil", "Hi"], ["--export", "evil", str(home / "out.md")]):
        done = run(*words, home=home)
        assert b"Traceback" not in done.stdout + done.stderr
        assert "list" not in words[0] or len(done.stdout.splitlines()) == 2
    left = sessions.unfinished(home / "sessions")
    assert left is None or left.id.endswith("evil")
    assert [each.id for each in sessions.listed(home / "sessions")][-1] == "20260101-000000-good"


WRITTEN = next(Path(__file__).with_name("written").glob("*.jsonl")).read_bytes()


@given(st.lists(st.tuples(st.integers(0, len(WRITTEN)), st.integers(0, 40), st.binary(max_size=6)), max_size=8))
def test_whatever_became_of_its_bytes_a_session_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("sessions") / "one.jsonl"
    data = WRITTEN
    for at, size, new in changes:
        data = data[:at] + new + data[at + size :]
    path.write_bytes(data)
    for each in sessions.listed(path.parent):
        assert (each.turns, each.about, each.last_exchange()) is not None
    with suppress(TranscriptError):
        transcript.Transcript.reopened(path, lambda _trouble: None).close()


@pytest.mark.skipif(sys.platform == "win32", reason="files are not sparse by themselves there")
def test_a_file_of_200_gigabytes_is_not_read(tmp_path: Path) -> None:
    kept(tmp_path, "good", "Hi", "Hello")
    (tmp_path / "huge.jsonl").write_text(HEADER)
    os.truncate(tmp_path / "huge.jsonl", 200 * 10**9)
    began = time.process_time()
    assert {each.id for each in sessions.listed(tmp_path)} == {"huge", "good"}
    assert sessions.newest(tmp_path) == tmp_path / "good.jsonl"
    sessions.unfinished(tmp_path)
    with pytest.raises(TranscriptError, match="larger than"):
        transcript.Transcript.reopened(tmp_path / "huge.jsonl", no_trouble)
    assert time.process_time() - began < 2


def test_a_time_that_no_calendar_has_is_a_line(tmp_path: Path) -> None:
    path = kept(tmp_path, "late", "Hi", "Hello")
    assert sessions.Listed(path, "Hi", 1e18).when == "-" * 16


def test_thousands_of_damaged_lines_are_told_in_one(tmp_path: Path) -> None:
    path = kept(tmp_path, "one", "Hi", "Hello")
    with path.open("a") as file:
        file.writelines(f"damaged {number}\n" for number in range(20_000))
    for told in (1, 0):
        troubles: list[TranscriptError] = []
        began = time.process_time()
        transcript.Transcript.reopened(path, troubles.append).close()
        assert time.process_time() - began < 2
        assert len(troubles) == told
        assert all("Lines 4, 5, 6, 7, 8 and 19,995 more of" in str(trouble) for trouble in troubles)


def test_questions_without_a_text_are_looked_at_once(tmp_path: Path) -> None:
    picture = Message("user", (ImagePart("image/png", "iVBORw0KGgo=", "a.png"),))
    state, began = State(), time.process_time()
    for _ in range(20_000):
        state.take(Said(picture))
        state.take(Said(reply("a cat")))
    assert time.process_time() - began < 2
    state.take(Said(Message("user", reply("What is it?").parts)))
    state.take(Said(reply("a dog")))
    assert state.title == "What is it?"
    path = tmp_path / "pictures.jsonl"
    line = json.dumps(
        {
            "turn": [
                {"role": "user", "parts": [{"kind": "image", "mime": "image/png", "data": "AA=="}]},
                {"role": "assistant", "parts": [], "ending": "stop"},
            ]
        }
    )
    path.write_text(HEADER + f"{line}\n" * 1_500)
    began = time.process_time()
    assert [each.title for each in sessions.listed(tmp_path)] == [""]
    assert time.process_time() - began < 2


def test_names_of_files_do_nothing_on_the_terminal(home: Path) -> None:
    kept(home / "sessions", "20260101-\x1b]0;evil\x07\u202egood", "Hi", "Hello")
    done = run("--list-sessions", home=home)
    assert b"\x1b" not in done.stdout
    assert "\u202e".encode() not in done.stdout
    assert "good" in done.stdout.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes on Windows")
def test_what_was_set_aside_is_not_written_through_a_link(tmp_path: Path) -> None:
    path = kept(tmp_path / "sessions", "one", "Hi", "Hello")
    path.write_text(f"{path.read_text()}damaged\n")
    (tmp_path / "precious").write_text("precious")
    path.with_name("one.jsonl.damaged").symlink_to(tmp_path / "precious")
    with pytest.raises(TranscriptError):
        transcript.Transcript.reopened(path, no_trouble)
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_crowded_line_of_a_transcript_is_skipped_as_one_of_a_session_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(HEADER + '{"mark":"system","text":"x","more":[' + "0," * 1_000_001 + "0]}\n")
    assert not formats.load_all(path)[0].conversation.system
