"""Files that go along with a question: what they are, what they are called, and which a message names."""

import base64
import codecs
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from chatrepl import files
from chatrepl.conversation import FilePart, ImagePart, MediaPart
from chatrepl.errors import CommandError
from chatrepl.files import attachments, mentions
from chatrepl.text.amounts import size
from tests.support.files import PNG

IMAGES = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0rest",
    "image/gif": b"GIF89arest",
    "image/webp": b"RIFF\x10\0\0\0WEBPrest",
}
TEXTS = {
    "utf-8": "naïve 漢字".encode(),
    "utf-8 with a mark": codecs.BOM_UTF8 + "naïve 漢字".encode(),
    "utf-16 le": codecs.BOM_UTF16_LE + "naïve 漢字".encode("utf-16-le"),
    "utf-16 be": codecs.BOM_UTF16_BE + "naïve 漢字".encode("utf-16-be"),
}


PIPES = hasattr(os, "mkfifo")


@pytest.mark.parametrize("encoding", TEXTS)
def test_a_text_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXTS[encoding])
    assert attachments.read(path) == FilePart(str(path), "naïve 漢字")


def test_what_is_no_utf8_is_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("naïve".encode("latin-1"))
    assert attachments.read(path) == FilePart(str(path), "naïve")


@pytest.mark.parametrize("mime", IMAGES)
def test_an_image_is_known_by_its_bytes_and_not_by_its_name(tmp_path: Path, mime: str) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(IMAGES[mime])
    part = attachments.read(path)
    assert part == ImagePart(mime, base64.b64encode(IMAGES[mime]).decode(), str(path))
    assert attachments.weight(part) == len(IMAGES[mime])


@given(st.binary(max_size=64))
def test_any_bytes_are_a_text_or_an_image_or_refused_in_a_line(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f"
        path.write_bytes(data)
        try:
            part = attachments.read(path)
        except CommandError as error:
            assert "\n" not in str(error)
        else:
            assert isinstance(part, FilePart | ImagePart | MediaPart)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: None, "is no file"),
        (lambda path: path.write_bytes(b"\x7fELF\0\0"), "neither a text nor"),
        (
            lambda path: os.mkfifo(path) if PIPES else None,
            "is a pipe" if PIPES else "no file",
        ),
    ],
    ids=["a folder", "nothing", "a program", "a pipe"],
)
def test_what_cannot_be_attached_is_said(tmp_path: Path, make: Callable[[Path], object], complaint: str) -> None:
    make(tmp_path / "it")
    with pytest.raises(CommandError, match=complaint):
        attachments.read(tmp_path / "it")


def test_a_text_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("not really")
    with pytest.raises(CommandError, match="no PNG, JPEG, GIF or WebP"):
        attachments.image(tmp_path / "a.png")


MENTIONS = {
    "look at @a.txt": ["a.txt"],
    "look at @a.txt.": ["a.txt"],
    "(@a.txt)": [],
    "@a.txt, @b.md and @nowhere.txt": ["a.txt", "b.md"],
    'is @"with space.txt" right?': ["with space.txt"],
    "me@a.txt is an address": [],
    "@folder is a folder": ["folder"],
    "@": [],
    "@a.txt@b.md": [],
    "a line\n@b.md?\nanother": ["b.md"],
    "@" + "x" * 5000: [],
    "@\0": [],
}


@pytest.mark.parametrize("text", MENTIONS, ids=lambda text: text[:20].replace("\0", "NUL"))
def test_a_message_names_files_with_an_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.md", "with space.txt"):
        (tmp_path / name).write_text("text")
    (tmp_path / "folder").mkdir()
    assert list(mentions.mentioned(text)) == MENTIONS[text]


MISSING = {
    "what is in @nofile.py, and @a.txt?": ["nofile.py"],
    'is @"no such file.txt" there? or @~/no/where': ["no such file.txt", "~/no/where"],
    "ask @somebody, me@a.example of @1.5": [],
    '@app.get("/x")\n@dataclass(frozen=True)\n@pytest.fixture\n@functools.wraps(f)\n@ @. @...': [],
}


@pytest.mark.parametrize("text", MISSING, ids=lambda text: text[:20])
def test_a_name_that_looks_like_a_file_and_is_none_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("text")
    assert list(mentions.missing(text)) == MISSING[text]


@pytest.mark.parametrize("words", ["a b", "'a' \"b\"", "a  b"])
def test_paths_are_words_or_quoted(words: str) -> None:
    assert files.split(words) == ["a", "b"]
    assert files.split('"a b" c\\ d') == ["a b", "c d"]
    assert files.split("it's") == ["it's"]


def test_an_attachment_is_described_on_one_line() -> None:
    assert attachments.described(FilePart("a\nb\x1b[2J", "alpha")) == "a b␛[2J (5 bytes)"


def test_the_same_file_is_attached_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    older, other = FilePart("a.txt", "older"), FilePart("b/a.txt", "other")
    newer = FilePart(str(tmp_path / "a.txt"), "newer")
    assert attachments.joined([older, other], [newer]) == [other, newer]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("C:\\Users\\me\\n.txt", ["C:\\Users\\me\\n.txt"]),
        ('"C:\\Program Files\\Editor\\code.cmd" --wait', ["C:\\Program Files\\Editor\\code.cmd", "--wait"]),
        ('it\'s.txt "a b" #1', ["it's.txt", "a b", "#1"]),
        ('5" disk', ['5" disk']),
    ],
)
def test_on_windows_a_backslash_is_what_it_is(words: str, expected: list[str]) -> None:
    assert files.split(words, posix=False) == expected


def test_one_byte_is_one_byte() -> None:
    assert [size(count) for count in (0, 1, 2, 1500)] == ["0 bytes", "1 byte", "2 bytes", "1.5 kB"]


def test_ten_thousand_files_are_joined_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def place(name: str) -> str:
        asked.append(name)
        return name

    monkeypatch.setattr(attachments, "place", place)
    parts = [FilePart(str(number), "") for number in range(10_000)]
    assert attachments.joined(parts, parts) == parts
    assert len(asked) == 20_000
