"""Text that is piped in: whatever its encoding and size, it arrives as a file does, or is refused in a line."""

import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no yes on Windows", allow_module_level=True)

from chatrepl.errors import CommandError
from chatrepl.files import attachments
from chatrepl.files.attachments import BOUND, text_of
from chatrepl.files.mentions import not_taken
from chatrepl.terminal import streams
from tests.support.chatting import sent
from tests.support.program import run
from tests.support.server import Server

TEXTS = {
    "latin-1": "café crème\n".encode("latin-1"),
    "windows": "“quoted” – 5 €\n".encode("cp1252"),
    "utf-8": "naïve 漢字\n".encode(),
    "utf-8 with a mark": "naïve\n".encode("utf-8-sig"),
    "utf-16": "café\n".encode("utf-16"),
    "utf-16 be": b"\xfe\xff" + "café\n".encode("utf-16-be"),
    "utf-16 without a mark": "plain words, and more of them\n".encode("utf-16-le"),
    "utf-32": "naïve 漢字\n".encode("utf-32"),
    "line ends of Windows": b"one\r\ntwo\r\n",
}
BINARIES = {
    "a program": b"\x7fELF\x02\x01\x01\0\0\0",
    "an archive": b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    "noise": bytes(range(1, 32)) * 40 + b"\xff\xfe\xfd\x80\x81" * 20,
    "an image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "a PDF": b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n",
    "a PDF behind blanks": b"\n\n%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
}


def piped(server: Server, home: Path, data: bytes, *words: str) -> "subprocess.CompletedProcess[bytes]":
    return run("--base-url", server.url, "-m", "m", *words, home=home, typed=data)


@pytest.mark.parametrize("encoding", TEXTS)
def test_a_text_arrives_as_the_file_does(server: Server, home: Path, encoding: str) -> None:
    assert piped(server, home, TEXTS[encoding]).returncode == 0
    assert sent(server) == [("user", text_of(TEXTS[encoding], "it").strip("\n"))]


@pytest.mark.parametrize("kind", BINARIES)
def test_what_is_no_text_is_refused(server: Server, home: Path, kind: str) -> None:
    done = piped(server, home, BINARIES[kind], "What is it?")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"What is piped in is " in done.stderr
    assert not server.requests


@pytest.mark.parametrize("kind", ["an archive", "noise"])
def test_nor_is_it_sent_as_a_file(server: Server, home: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.txt").write_bytes(BINARIES[kind])
    done = piped(server, home, b"", "-f", str(tmp_path / "a.txt"), "What is it?")
    assert (done.returncode, server.requests) == (2, [])


LARGE = b"line\n" * (BOUND // 5 + 1)


def test_a_large_text_needs_a_flag(server: Server, home: Path) -> None:
    done = piped(server, home, LARGE, "Sum up")
    assert done.returncode == 2
    assert b"-f -" in done.stderr
    assert not server.requests
    assert piped(server, home, LARGE, "-f", "-", "Sum up").returncode == 0
    assert sent(server) == [("user", "Sum up\n\n" + LARGE.decode().rstrip())]


@pytest.mark.parametrize("blanks", [b"", b"\n", b" \n\t\n", "\u00a0\u2003\n".encode()])
def test_blanks_ask_nothing(server: Server, home: Path, blanks: bytes) -> None:
    done = piped(server, home, blanks)
    assert done.returncode == 2
    assert b"There is nothing to ask" in done.stderr
    assert piped(server, home, blanks, "  ").returncode == 2
    assert piped(server, home, blanks, "Hi").returncode == 0
    assert sent(server) == [("user", "Hi")]


def test_an_endless_pipe_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "LIMIT", 1000)
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE, text=True) as endless:
        monkeypatch.setattr(sys, "stdin", endless.stdout)
        with pytest.raises(CommandError, match=r"too large: more than 1\.0 kB"):
            streams.piped()
        endless.kill()


def test_what_stands_behind_an_at_and_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes" / "old ones").mkdir(parents=True)
    told = {
        "look at @notes/": [],
        "look at @notes, please": [],
        'and @"notes/old ones"': [],
        f"@{tmp_path}/": [],
        "@nowhere/": ["nowhere/: no such file, sent as text"],
        "@somebody": [],
    }
    assert {text: list(not_taken(text)) for text in told} == told


def test_so_it_is_told_where_no_prompt_comes(server: Server, home: Path, tmp_path: Path) -> None:
    done = piped(server, home, b"", f"What is in @{tmp_path}/?")
    assert f"{tmp_path}/ is a folder without text files, sent as text".encode() in done.stderr
    assert done.returncode == 0
