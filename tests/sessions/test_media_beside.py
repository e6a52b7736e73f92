"""Pictures and files in a folder beside a saved .md: written, read back, and nothing else read."""

import base64
import os
import sys
from pathlib import Path

import pytest

from chatrepl.conversation import Conversation, ImagePart, MediaPart, Message, TextPart
from chatrepl.errors import TranscriptError
from chatrepl.sessions import formats
from tests.support.files import PDF, PNG, PNG_DATA


def data(content: bytes) -> str:
    return base64.b64encode(content).decode()


ASKED = (
    ImagePart("image/png", PNG_DATA, "a b.png"),
    MediaPart("application/pdf", data(PDF), "a.pdf"),
    ImagePart("image/png", "no base64!", "odd"),
    TextPart("?"),
)
ANSWERED = (
    TextPart("Before"),
    ImagePart("image/png", PNG_DATA, "1.png", "gemini:s"),
    TextPart("after"),
    MediaPart("application/zip", data(b"PK"), "2.bin"),
)
SAID = Conversation("", [(Message("user", ASKED), Message("assistant", ANSWERED))])


def test_they_are_links_in_their_order_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "my talk (1).md"
    assert formats.save(path, SAID, "t") == tmp_path / "my talk (1).media"
    text = path.read_text("utf-8")
    assert PNG_DATA not in text
    reply = text.partition("## Assistant")[2]
    link = "![image](my%20talk%20%281%29.media/1.png)"
    assert reply.index("Before") < reply.index(link) < reply.index("after")
    assert text.count(link) == 2
    folder = tmp_path / "my talk (1).media"
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {"1.png": PNG, "2.pdf": PDF, "3.bin": b"PK"}
    assert formats.load_all(path)[0].conversation == SAID
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    path.rename(moved / "other.md")
    folder.rename(moved / folder.name)
    assert formats.load_all(moved / "other.md")[0].conversation == SAID


def test_without_a_file_they_stand_in_the_text() -> None:
    assert f"[image-1]: data:image/png;base64,{PNG_DATA}" in formats.render(".md", SAID, "t")


def test_what_stands_there_is_replaced_by_force_alone(tmp_path: Path) -> None:
    path, own = tmp_path / "a.md", tmp_path / "a.media" / "1.png"
    own.parent.mkdir()
    own.write_bytes(b"mine")
    with pytest.raises(TranscriptError, match="exists already"):
        formats.save(path, SAID, "t")
    assert (own.read_bytes(), list(own.parent.iterdir()), path.exists()) == (b"mine", [own], False)
    formats.save(path, SAID, "t", force=True)
    assert own.read_bytes() == PNG
    path.unlink()
    formats.save(path, SAID, "t")  # the same pictures are no others


LINKS = [
    "../secret.media/1.png",
    "/etc/1.png",
    "a.media/../1.png",
    "a.media/passwd",
    "..%2Fa.media/1.png",
    "other/1.png",
    "a.media/2.png",
    "a.media/9.png",
    "link.media/1.png",
    "a.media/3.png",
    "a.media/4.png",
]


@pytest.mark.skipif(sys.platform == "win32", reason="no links, no pipes")
@pytest.mark.parametrize("link", LINKS)
def test_no_other_place_is_read(link: str, tmp_path: Path) -> None:
    here = tmp_path / "here"
    for folder in (here / "a.media", tmp_path / "secret.media", here / "other"):
        folder.mkdir(parents=True)
        (folder / "1.png").write_bytes(PNG)
    (here / "a.media" / "2.png").write_text("a secret")
    (here / "a.media" / "3.png").symlink_to(tmp_path / "secret.media" / "1.png")
    os.mkfifo(here / "a.media" / "4.png")
    (here / "link.media").symlink_to(tmp_path / "secret.media")
    path = here / "a.md"
    formats.save(tmp_path / "s.md", Conversation("", [(SAID.turns[0][0], Message("assistant", (TextPart("x"),)))]), "")
    path.write_text((tmp_path / "s.md").read_text("utf-8").replace("s.media/1.png", link), "utf-8")
    try:
        parts = formats.load_all(path)[0].conversation.turns[0][0].parts
    except TranscriptError:
        return
    assert not [part for part in parts if isinstance(part, ImagePart) and part.data == PNG_DATA]
