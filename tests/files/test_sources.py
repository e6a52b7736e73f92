"""What a name means that is attached: folders, patterns, lines of a file; and the files that a library reads."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chatrepl.conversation import FilePart
from chatrepl.errors import CommandError
from chatrepl.files import extracting, sources
from tests.support.files import PDF, PNG, pdf, picture

if sys.platform == "win32":
    pytest.skip("there are no pipes and links on Windows", allow_module_level=True)


def names(folder: Path, name: str) -> list[str]:
    return [os.path.relpath(part.name, folder) for part in sources.read(name)]


def test_what_git_ignores_is_left_out_and_nothing_of_the_repository_is_run(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o700)
    subprocess.run(["git", "-C", str(tmp_path), "config", "core.fsmonitor", str(hook)], check=True)
    for name in ("b.txt", "a.txt", "x.log"):
        (tmp_path / name).write_text(name)
    (tmp_path / ".gitignore").write_text("*.log\nhook\n")
    assert names(tmp_path, str(tmp_path)) == ["a.txt", "b.txt"]
    assert not (tmp_path / "ran").exists()


def test_a_folder_of_circles_sockets_and_pipes_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "link.txt").symlink_to("/etc/passwd")
    (tmp_path / "a" / "b.txt").write_text("beta")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        monkeypatch.chdir(tmp_path)
        sock.bind("socket")
        assert names(tmp_path, str(tmp_path)) == ["a/b.txt"]


def test_ten_thousand_files_are_listed(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"{number:05}.txt").write_text("x")
    assert len(sources.read(str(tmp_path))) == 10_000


def test_a_pattern_means_the_files_that_match(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.py", "a.py", "deep/c.py", "[x].py"):
        (tmp_path / name).write_text("x")
    assert names(tmp_path, f"{tmp_path}/**/*.py") == ["[x].py", "a.py", "b.py", "deep/c.py"]
    assert names(tmp_path, f"{tmp_path}/[x].py") == ["[x].py"]
    with pytest.raises(CommandError, match="No file matches"):
        sources.read(f"{tmp_path}/*.rs")


@pytest.mark.parametrize(("lines", "text"), [("2", "b\n"), ("2-3", "b\nc\n"), ("2-", "b\nc\n"), ("3-99", "c\n")])
def test_lines_of_a_text(tmp_path: Path, lines: str, text: str) -> None:
    (tmp_path / "a").write_text("a\nb\nc\n")
    (part,) = sources.read(f"{tmp_path}/a:{lines}")
    assert isinstance(part, FilePart)
    assert part.text == text


def test_lines_that_are_not_there_are_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a\n")
    for lines in ("0", "2", "3-2"):
        with pytest.raises(CommandError, match="has no lines"):
            sources.read(f"{tmp_path}/a:{lines}")
    (tmp_path / "a:7").write_text("its own")
    assert sources.read(f"{tmp_path}/a:7") == [FilePart(f"{tmp_path}/a:7", "its own")]


def test_a_pdf_of_sixty_pages_is_read_page_by_page() -> None:
    text = extracting.pdf_text(pdf(*(f"words {number}" for number in range(1, 61))), "a.pdf")
    assert text.startswith("[page 1]\nwords 1\n\n[page 2]\nwords 2")
    assert text.endswith("[page 60]\nwords 60")


def test_a_pdf_that_is_locked_broken_or_without_words_is_said(tmp_path: Path) -> None:
    import io

    import pypdf

    writer = pypdf.PdfWriter(io.BytesIO(PDF))
    writer.encrypt("secret", algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    with pytest.raises(CommandError, match=r"a\.pdf is locked with a password"):
        extracting.pdf_text(locked.getvalue(), "a.pdf")
    with pytest.raises(CommandError, match=r"a\.pdf cannot be read"):
        extracting.pdf_text(b"%PDF-1.7 not really", "a.pdf")
    with pytest.raises(CommandError, match=r"a\.pdf holds no text"):
        extracting.pdf_text(pdf(""), "a.pdf")


@pytest.mark.parametrize(
    "page", [b"<div>" * 200_000, b"<h1>" + b"x" * 1_000_000, b"&amp;" * 200_000], ids=["nested", "endless", "entities"]
)
def test_a_hostile_page_ends_in_time(page: bytes) -> None:
    try:
        extracting.html_text(page, "a.html")
    except CommandError as error:
        assert "a.html" in str(error)


def test_an_image_is_made_smaller() -> None:
    less = extracting.smaller(picture(3000, 3000), "a.png", 20_000, 500)
    assert less.startswith(b"\xff\xd8")
    assert len(less) <= 20_000
    with pytest.raises(CommandError, match="cannot be read"):
        extracting.smaller(PNG[:40], "a.png", 10, 10)


def test_the_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lacking = tmp_path / "python"
    lacking.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')  # without what is installed
    lacking.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(lacking))
    for extract, extra in ((extracting.pdf_text, "pdf"), (extracting.html_text, "web")):
        with pytest.raises(extracting.Missing) as missing:
            extract(PDF, "a")
        assert f"chatrepl[{extra}]" in str(missing.value.hint)
