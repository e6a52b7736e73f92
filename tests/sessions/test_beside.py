"""Media of a session stand beside its journal, which refers to them and to nothing else."""

import base64
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from chatrepl import sessions
from chatrepl.conversation import Conversation, ImagePart, MediaPart, Message, Part, TextPart
from chatrepl.errors import TranscriptError
from chatrepl.sessions import transcript
from chatrepl.sessions.beside import folder_of
from chatrepl.sessions.entries import Said, Step
from chatrepl.sessions.formats import Chat, jsonl
from chatrepl.sessions.transcript import Transcript
from tests.support.files import PNG
from tests.support.talking import no_trouble

DATA = base64.b64encode(PNG).decode()
SOUND = base64.b64encode(b"fLaC" * 100).decode()


def user(*parts: Part) -> Said:
    return Said(Message("user", (*parts, TextPart("What is it?"))))


def reply(*parts: Part) -> Said:
    return Said(Message("assistant", (TextPart("Look"), *parts), "m", "stop"))


def talk(folder: Path) -> Transcript:
    journal = Transcript(folder / "one.jsonl", no_trouble)
    journal.add(user(ImagePart("image/png", DATA, "../../my dot.png"), MediaPart("audio/flac", SOUND, "x", "words")))
    journal.add(reply(ImagePart("image/png", DATA, "1.png", "gemini:sig")))
    journal.close()
    return journal


def references(path: Path) -> list[dict[str, Any]]:
    """The parts of media as they stand in the file."""
    lines = map(json.loads, path.read_text("ascii").splitlines()[1:])
    parts = [part for line in lines for part in line.get("message", {}).get("parts", [])]
    return [part for part in parts if part["kind"] in ("image", "media")]


def test_a_journal_refers_to_its_media_and_is_read_as_it_was(tmp_path: Path) -> None:
    journal = talk(tmp_path)
    path = tmp_path / "one.jsonl"
    text = path.read_text("ascii")
    assert DATA not in text
    assert SOUND not in text
    names = [part["file"] for part in references(path)]
    assert names == [f"{names[0][:16]}.png", f"{names[1][:16]}.flac", "1.png"], "no name is the user's or the server's"
    for part in references(path):
        file = folder_of(path) / part["file"]
        assert file.stat().st_size == part["size"]
        if os.name == "posix":
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert transcript.read(path) == journal.state
    again = Transcript.reopened(path, no_trouble)
    assert again.state == journal.state
    again.close()


@pytest.mark.parametrize("how", ["missing", "changed", "a link", "a pipe"])
def test_a_file_that_is_not_what_it_was_is_told_and_a_text_stands_for_it(tmp_path: Path, how: str) -> None:
    if os.name != "posix" and how in ("a link", "a pipe"):
        pytest.skip("there are none on Windows")
    talk(tmp_path)
    path, file = tmp_path / "one.jsonl", tmp_path / "one" / "1.png"
    before = path.read_bytes()
    file.rename(tmp_path / "elsewhere.png")
    if how == "changed":
        file.write_bytes(PNG[:-1] + b"x")
    elif how == "a link":
        file.symlink_to(tmp_path / "elsewhere.png")
    elif how == "a pipe":
        os.mkfifo(file)
    told: list[TranscriptError] = []
    journal = Transcript.reopened(path, told.append)
    journal.close()
    what = "is missing" if how == "missing" else "was changed"
    assert [str(each) for each in told] == [f"Of the files in {path.with_suffix('')} 1.png {what}"]
    assert journal.state.conversation.turns[0][1].parts == (TextPart("Look"), TextPart(f"[1.png {what}]"))
    assert path.read_bytes() == before, "the file may come back"


def hostile(folder: Path, **reference: object) -> Path:
    """A session with that reference in a question, and its reply."""
    part = {"kind": "image", "mime": "image/png", "name": "x", **reference}
    question = {"message": {"role": "user", "parts": [part, {"kind": "text", "text": "Hi"}]}}
    answer = {"message": {"role": "assistant", "parts": [{"kind": "text", "text": "Hello"}]}}
    lines = [{"chatrepl": 2, "id": "a", "at": ""}, question, answer]
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png",
        "/etc/passwd",
        "1.png/../../secret.png",
        "..",
        "",
        "1.png\n",
        "\x1b[2J.png",
        "1" * 99,
        7,
        None,
        [],
    ],
)
def test_no_reference_leads_elsewhere(tmp_path: Path, name: object) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    digest = hashlib.sha256(PNG).hexdigest()
    path = hostile(tmp_path, file=name, sha256=digest, size=len(PNG))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").mkdir()
    told: list[TranscriptError] = []
    journal = Transcript.reopened(path, told.append)
    journal.close()
    assert DATA not in repr(journal.state)
    assert "is no file of this session" in journal.state.conversation.turns[0][0].text
    assert "\x1b" not in str(told[0])


@pytest.mark.parametrize("size", [-1, 2**63, "9", None, True, 1.5])
def test_a_size_of_any_kind_is_believed_only_where_it_is_right(tmp_path: Path, size: object) -> None:
    path = hostile(tmp_path, file="1.png", sha256="0" * 64, size=size)
    (tmp_path / "a").mkdir()
    with open(tmp_path / "a" / "1.png", "wb") as file:
        file.truncate(2**40)
    assert len(transcript.read(path).conversation.turns) == 1


def test_a_folder_that_is_a_link_is_not_looked_into(tmp_path: Path) -> None:
    talk(tmp_path)
    (tmp_path / "one").rename(tmp_path / "two")
    (tmp_path / "one").symlink_to(tmp_path / "two", target_is_directory=True)
    assert "[1.png was changed]" in repr(transcript.read(tmp_path / "one.jsonl"))


def test_other_bytes_are_never_written_over(tmp_path: Path) -> None:
    talk(tmp_path)
    file = tmp_path / "one" / "1.png"
    file.write_bytes(b"another")
    journal = Transcript.reopened(tmp_path / "one.jsonl", lambda _trouble: None)
    journal.add(user())
    journal.add(Step(reply(ImagePart("image/png", DATA, "1.png")).message))
    journal.close()
    assert file.read_bytes() == b"another"
    assert "[1.png was changed]" in repr(journal.state.conversation)
    assert transcript.read(tmp_path / "one.jsonl").steps.messages[0].parts[1] == ImagePart("image/png", DATA, "1.png")


def test_a_copy_has_files_of_its_own_and_what_is_deleted_is_gone(tmp_path: Path) -> None:
    state = talk(tmp_path).state
    copy = Transcript.copied(state, tmp_path / "two.jsonl", no_trouble)
    copy.add(user())
    copy.close()
    sessions.delete(tmp_path / "one.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["two", "two.jsonl"]
    assert transcript.read(tmp_path / "two.jsonl").conversation.turns == state.conversation.turns


def test_a_transcript_holds_all_and_a_session_is_loaded_with_what_stands_beside_it(tmp_path: Path) -> None:
    state = talk(tmp_path).state
    whole = tmp_path / "elsewhere" / "a.jsonl"
    whole.parent.mkdir()
    whole.write_text(jsonl.render(Chat(state.conversation, state.title)), encoding="utf-8")
    for path in (whole, tmp_path / "one.jsonl"):
        (found,) = jsonl.read(path)
        assert found.conversation == Conversation(turns=state.conversation.turns)


def test_where_no_file_can_stand_beside_it_the_journal_holds_the_base64(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("a file stands where the folder should be")
    journal = talk(tmp_path)
    assert (tmp_path / "one.jsonl").read_text().count(DATA) == 2
    assert transcript.read(tmp_path / "one.jsonl") == journal.state
