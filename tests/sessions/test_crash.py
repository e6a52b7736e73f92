"""Nothing is ever lost: the program killed in mid-reply, a disk that refuses, a disk that is full."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Container, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from chatrepl.chat import repl
from chatrepl.chat.session import LOST
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Message, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from chatrepl.errors import TranscriptError
from chatrepl.sessions import transcript
from chatrepl.sessions.entries import Entry, Mark, Piece, Said, Step
from chatrepl.sessions.journal import Journal, entry
from chatrepl.sessions.state import State
from chatrepl.sessions.transcript import Transcript
from tests.support.server import END, PATIENCE, Exchange, Server, chunk, say
from tests.support.talking import Talk, no_trouble, shown
from tests.support.terminal import environment

if sys.platform == "win32":
    pytest.skip("there is no SIGKILL on Windows", allow_module_level=True)

KILLS = int(os.environ.get("CHATREPL_KILLS", "20"))
"""How many processes are killed; by hand: CHATREPL_KILLS=200."""

SHOWN = [f"word{number} " for number in range(12)]
MORE = ["and ", "more.\n", "A second line.\n"]


class Stream:
    """A reply that is sent as far as the test has seen it, and then on without waiting for anybody."""

    def __init__(self) -> None:
        self.seen = threading.Semaphore(0)

    def script(self, exchange: Exchange) -> None:
        exchange.head()
        for piece in SHOWN:
            exchange.send(chunk(piece))
            if not self.seen.acquire(timeout=PATIENCE):
                return
        for piece in MORE:
            exchange.send(chunk(piece))
        exchange.send(END)


def ask(server: Server, home: Path, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "chatrepl", "--base-url", server.url, "-m", "m", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=environment(home),
    )


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_program_has_lost_nothing_that_was_seen(server: Server, home: Path, seed: int) -> None:
    chance = random.Random(seed)
    stream = Stream()
    server.answers(stream.script, say(" And on."))
    process = ask(server, home, f"Question {seed}")
    assert process.stdout
    server.received()
    shown = b""
    for piece in SHOWN[: chance.randint(0, len(SHOWN))]:  # each is read before the next one is sent
        shown += process.stdout.read(len(piece))
        stream.seen.release()
    for _ in range(chance.choice((0, 0, len(SHOWN)))):  # some are killed while the rest arrives at full speed
        stream.seen.release()
    if chance.random() < 0.3:
        shown += process.stdout.read(chance.randint(0, 8) if len(shown) == len("".join(SHOWN)) else 0)
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    process.stdout.close()
    for _ in SHOWN:
        stream.seen.release()

    (path,) = (home / "sessions").glob("*.jsonl")
    state = transcript.read(path)
    if state.question:
        asked = state.question
        state.settle()
    else:
        asked = state.conversation.turns[0][0]
    assert asked
    assert asked.text == f"Question {seed}"
    kept = state.conversation.turns[0][-1].text if state.conversation.turns else ""
    assert kept.startswith(shown.decode())
    assert "".join([*SHOWN, *MORE]).startswith(kept)

    process = ask(server, home, "-c", "Go on")
    answer, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, answer) == (0, b" And on.\n")
    sent = [(each["role"], each["content"]) for each in server.requests[-1].body["messages"]]
    begun = [("user", f"Question {seed}"), ("assistant", kept)] if kept else []
    assert sent == [*begun, ("user", "Go on")]


# A disk that refuses


def talk(journal: Transcript) -> None:
    """Three turns, each with pieces, and what can be done to them."""
    journal.add(Mark("system", "brief"))
    for number in range(3):
        journal.add(Said(Message("user", (TextPart(f"q{number}"),))))
        journal.add(Piece("a"))
        journal.add(Piece(str(number)))
        journal.add(Said(Message("assistant", (TextPart(f"a{number}"),), "m", "stop")))
    journal.add(Mark("retry"))
    journal.add(Piece("b"))
    journal.add(Said(Message("assistant", (TextPart("b2"),), "m", "stop")))
    journal.add(Mark("rename", "title"))


@contextmanager
def refusing(monkeypatch: pytest.MonkeyPatch, refused: Container[int]) -> Iterator[list[int]]:
    """A disk that refuses those of the calls, counted from 1, after having taken a part of them, and says so of some
    only when it is waited for; at first it does not even let half a line be cut off again."""
    real, count, cut = os.write, [0], os.ftruncate
    stuck = [True]

    def truncate(file: int, size: int) -> None:
        if stuck:
            stuck.clear()
            raise OSError(errno.EIO, "Input/output error")
        cut(file, size)

    def refuse() -> None:
        count[0] += 1
        if count[0] in refused:
            raise OSError(errno.ENOSPC, "No space left on device")

    def write(file: int, data: memoryview) -> int:
        refuse()
        half = max(1, len(data) // 2)  # a write may always be a short one
        return real(file, data[:half] if count[0] % 2 else data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        patch.setattr(os, "ftruncate", truncate)
        patch.setattr(os, "fsync", lambda _file: refuse())
        yield count


def whole_talk(folder: Path) -> Transcript:
    journal = Transcript(folder / "whole.jsonl", no_trouble)
    talk(journal)
    journal.close()
    return journal


def test_the_nth_write_may_fail_and_the_rest_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing(monkeypatch, ()) as count:
        whole = whole_talk(tmp_path)
    for nth in range(1, count[0] + 1):
        troubles: list[TranscriptError] = []
        journal = Transcript(tmp_path / f"{nth}.jsonl", troubles.append)
        with refusing(monkeypatch, [nth]):
            talk(journal)
            journal.close()
        assert ["No space left on device" in str(each) for each in troubles] in ([True], []), (
            "told where something waits"
        )
        assert journal.state == whole.state, "the conversation went on in memory"
        assert transcript.read(tmp_path / f"{nth}.jsonl").conversation == whole.state.conversation
        assert written(tmp_path / f"{nth}.jsonl") == written(tmp_path / "whole.jsonl"), "nothing is there twice"
        assert journal.kept


def written(path: Path) -> list[object]:
    """What the lines of a journal behind its first hold, without the pieces, of which those that became a reply need
    not be, and without a reply that is on its way to their place and stands there twice."""
    found = [entry(line) for line in path.read_bytes().splitlines()[1:] if not line.startswith(b'{"piece":')]
    return [each for place, each in enumerate(found) if each and [each] != found[max(0, place - 1) : place]]


def test_at_every_byte_that_is_written_what_was_said_is_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole, told = tmp_path / "one.jsonl", State(), [State()]
    write, cut, seek = os.write, os.ftruncate, os.lseek
    over: set[int] = set()  # the file as it is open to be written over

    def look(data: bytes) -> None:
        state = Journal(data).state if data else State()
        state.settle()
        assert state.conversation in [each.conversation for each in told]

    def watched(file: int, data: memoryview) -> int:
        before = path.read_bytes()
        at = seek(file, 0, os.SEEK_CUR) if file in over else len(before)
        for size in range(len(data) + 1):
            look(before[:at] + bytes(data[:size]) + before[at + size :])
        return write(file, data)

    def placed(file: int, at: int, how: int) -> int:
        over.add(file)
        return seek(file, at, how)

    def truncated(file: int, size: int) -> None:
        over.discard(file)
        cut(file, size)
        look(path.read_bytes())

    monkeypatch.setattr(os, "write", watched)
    monkeypatch.setattr(os, "ftruncate", truncated)
    monkeypatch.setattr(os, "lseek", placed)
    journal = Transcript(path, no_trouble)
    for each in entries_of_a_talk():
        whole.take(each)
        told = [told[-1], deepcopy(whole)]
        told[-1].settle()
        journal.add(each)
    journal.close()
    assert b'{"piece"' not in path.read_bytes(), "each character is there once"
    assert transcript.read(path) == whole


def entries_of_a_talk() -> Iterator[Entry]:
    """Two turns, one of them with a call, and more and less in pieces than a reply takes."""
    call = ToolCallPart("1", "look", "{}")
    yield Said(Message("user", (TextPart("Hi"),)))
    yield from [Piece("a"), Piece("b" * 30)]
    yield Step(Message("assistant", (TextPart("a" + "b" * 30), call), "m", "tool_calls"))
    yield Step(Message("tool", (ToolResultPart("1", "seen"),)))
    yield from [Piece(thinking="so")] * 20
    yield Said(Message("assistant", (ThinkingPart("so" * 20), TextPart("c")), "m", "stop"))
    yield Said(Message("user", (TextPart("And?"),)))
    yield Said(Message("assistant", (TextPart("d"),), "m", "stop"))


def test_turns_that_the_disk_could_not_keep_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    troubles: list[TranscriptError] = []
    journal = Transcript(tmp_path / "one.jsonl", troubles.append)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse_to_sync)
        talk(journal)
    assert journal.kept is None
    journal.close()
    assert len(troubles) == 1
    assert transcript.read(tmp_path / "one.jsonl").conversation == journal.state.conversation


def refuse_to_sync(_file: int) -> None:
    raise OSError(errno.EDQUOT, "Disk quota exceeded")


def test_a_disk_that_takes_nothing_leaves_no_empty_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    troubles: list[TranscriptError] = []
    journal = Transcript(tmp_path / "one.jsonl", troubles.append)
    with refusing(monkeypatch, range(sys.maxsize)):
        talk(journal)
        journal.close()
    assert [str(each).partition(" ")[0] for each in troubles] == ["The", "What"]
    assert list(tmp_path.iterdir()) == []


def test_nothing_written_before_is_harmed_by_a_disk_that_refuses_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing(monkeypatch, ()) as count:
        whole = whole_talk(tmp_path)
    lines = written(tmp_path / "whole.jsonl")
    for nth in range(2, count[0] + 1):
        troubles: list[TranscriptError] = []
        journal = Transcript(tmp_path / f"{nth}.jsonl", troubles.append)
        with refusing(monkeypatch, range(nth, sys.maxsize)):
            talk(journal)
            journal.close()
        told, ended = map(str, troubles)
        assert "No space left on device" in told
        assert "What was said last" in ended, "who leaves is told what is lost"
        assert journal.kept is None
        assert journal.state == whole.state
        path = tmp_path / f"{nth}.jsonl"
        left = written(path) if path.exists() else []
        assert left == lines[: len(left)]


class Lines:
    """A prompt at which these lines are typed, and then Ctrl-D for ever; no question is answered."""

    typed = True
    is_text = False
    images = ()

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)

    def read(self, start: str = "", *, held: bool = False) -> str:
        if not self.lines:
            raise EOFError
        return self.lines.pop(0)

    def answer(self, question: str) -> str:
        return ""

    def close(self) -> None:
        pass


def test_what_is_in_no_file_is_not_left_behind_without_a_word(server: Server, home: Path, talk: Talk) -> None:
    home.mkdir()
    (home / "sessions").touch()
    chat = talk(Profile("test", dialect="openai-chat", place=Url(server.url), model="m"))
    prompt = Lines("Hi", "/quit", "/fork", f"/save {home}/talk.md", f"/load {home}/talk.md")
    chat.user = replace(chat.user, answer=prompt.answer)
    path = chat.transcript.path
    repl.run(chat, prompt)
    assert chat.transcript.path == path, "neither a fork nor another conversation takes its place"
    assert len(chat.conversation.turns) == 1
    assert (home / "talk.md").exists()
    said = shown(chat)
    assert said.count(LOST) == 4
    assert said.count("/save FILE keeps it; Ctrl-D again leaves.") == 2, "by /quit and by Ctrl-D"

    chat.user = replace(chat.user, answer=lambda _question: "y")
    repl.obey(chat, "/fork")
    assert chat.transcript.path != path
    (home / "sessions").unlink()
    repl.run(chat, Lines())
    assert chat.transcript.kept
    assert transcript.read(chat.transcript.kept).conversation == chat.conversation
    assert shown(chat).count("Ctrl-D again leaves.") == 2, "once the disk takes it there is nothing to tell"


def test_a_full_disk_is_told_once_and_the_conversation_goes_on(server: Server, home: Path) -> None:
    (home / "sessions").mkdir(parents=True)
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600));"
        "from chatrepl.__main__ import main; sys.exit(main())"
    )
    server.answers(say(*["some words "] * 100))
    words = ["--base-url", server.url, "-m", "m", "--json", "Hi"]
    done = subprocess.run(
        [sys.executable, "-B", "-c", limited, *words],  # else Python would leave its caches torn
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(home),
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["text"] == "some words " * 100
    assert json.loads(done.stdout)["session"] is None
    assert done.stderr.decode().count("cannot be written") == 1
    (path,) = (home / "sessions").glob("*.jsonl")
    assert path.read_bytes().endswith(b"\n")
    state = transcript.read(path)
    assert state.question
    assert state.question.text == "Hi"
