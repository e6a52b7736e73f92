"""What was tried as an attacker would, and held: it keeps holding.

Here is what has no better place. The rest: escape sequences, bidi, tags, zero-width, stacked marks: ``text.test_safe``,
names of files ``sessions.test_hostile_sessions``; HTML pages ``sessions.test_page_in_browser``; keys wherever a server
echoes them ``client.test_secrets``; certificates and proxies ``client.test_routes``; bombs, depth, bodies without
end ``client.test_hostile_bodies``; what addresses may be ``client.test_fetching``; broken sessions
``sessions.test_hostile_sessions``; pipes, links, devices ``files.test_reading``; the embedded server
``client.test_embedded_server``.
"""

import os
import stat
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import pytest

from chatrepl import sessions
from tests.support.program import run
from tests.support.server import Exchange, Script, Server, say
from tests.support.stored import kept
from tests.support.terminal import environment

posix = pytest.mark.skipif(sys.platform == "win32", reason="who may read is told otherwise there")


@posix
def test_files_are_for_the_user_alone_whatever_the_umask(server: Server, home: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "chatrepl",
        "--base-url",
        server.url,
        "-m",
        "m",
        "--record",
        str(home / "rec"),
        "Hi",
    ]
    done = subprocess.run(command, env=environment(home), capture_output=True, umask=0, check=True)
    assert done.stdout == b"Hello\n"
    found = [home, *home.rglob("*")]
    assert {path.suffix for path in found} >= {".jsonl", ".http", ".request", ".times"}
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in found if path.is_dir()} == {"0o700"}
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in found if path.is_file()} == {"0o600"}


def test_ten_thousand_sessions_are_listed_soon(tmp_path: Path) -> None:
    data = kept(tmp_path, "first", "What is it?", "It.").read_bytes()
    for number in range(10_000):
        (tmp_path / f"s{number:05}.jsonl").write_bytes(data)
    began = time.process_time()
    assert sum(each.title == "What is it?" for each in sessions.listed(tmp_path)) == 10_001
    assert time.process_time() - began < 3


TRAVERSING = (
    "../secret",
    "../../secret",
    "..",
    ".",
    "/etc/passwd",
    "sessions/../../secret",
    "..\\secret",
    "%2e%2e/secret",
)


@pytest.mark.parametrize("words", TRAVERSING)
def test_an_id_leads_out_of_no_folder(server: Server, home: Path, words: str) -> None:
    kept(home, "secret", "SECRET", "SECRET")
    kept(home / "sessions", "one", "Hi", "Hello")
    for flags in (["-r", words, "Hi"], ["--export", words, str(home / "out.md")]):
        done = run(*flags, home=home)
        assert done.returncode == 2
        assert b"SECRET" not in done.stdout
    assert not (home / "out.md").exists()
    assert not server.requests


def with_head(*lines: bytes) -> Script:
    """An answer with these lines in its head."""

    def script(exchange: Exchange) -> None:
        exchange.head_lines([b"HTTP/1.1 200 OK", b"Content-Type: text/event-stream", *lines])
        exchange.send(b"data: {}\n\n")

    return script


HEADS: dict[str, Script] = {
    "50,000 headers": with_head(*(b"X-%d: x" % number for number in range(50_000))),
    "a header without end": with_head(b"X-Long: " + b"x" * 10_000_000),
    "9,000 encodings": with_head(b"Content-Encoding: " + b"gzip, " * 9_000 + b"gzip"),
    "a length below zero": with_head(b"Content-Length: -1"),
    "a length that is no number": with_head(b"Content-Length: 0x10"),
    "two lengths": with_head(b"Content-Length: 5", b"Content-Length: 6"),
    "a length of thousands of digits": with_head(b"Content-Length: " + b"9" * 5_000),
    "a length and chunks": with_head(b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    "chunks without end": with_head(b"Transfer-Encoding: chunked", b"", b"f" * 100_000),
    "no status": lambda exchange: exchange.head_lines([b"HTTP/1.1 " + b"9" * 100_000]),
    "a line without end": lambda exchange: exchange.send(b"HTTP/1.1 200 " + b"x" * 10_000_000),
}


@pytest.mark.parametrize("case", HEADS)
def test_a_head_of_any_kind_is_a_line(server: Server, home: Path, case: str) -> None:
    server.answers(*[HEADS[case]] * 3)
    (home / "config.toml").parent.mkdir()
    profile = f'[profiles.w]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "m"\nretries = 0\n'
    (home / "config.toml").write_text(profile + "timeouts = { first_byte = 5, silence = 2 }\n")
    began = time.monotonic()
    done = run("-p", "w", "Hi", home=home)
    assert done.returncode == 1
    assert done.stderr.startswith("✗ ".encode())
    assert b"Traceback" not in done.stderr
    assert len(done.stderr) < 2_000
    assert time.monotonic() - began < 15


BREAKS = ("\r\n", "\n", "\r", "\x00", "\u2028", "\x85", "\x0b", "é")
PLACES = ("key", "header", "header name", "address")


@pytest.mark.parametrize(("bad", "where"), [*product(BREAKS, PLACES)])
def test_nothing_is_injected_into_the_head_of_a_request(server: Server, home: Path, bad: str, where: str) -> None:
    evil = f"x{bad}X-Evil: 1"
    key = f"0123456789{evil}" if where == "key" and "\x00" not in bad else "0123456789abcdef"
    header = {"header": ("X-Team", evil), "header name": (evil, "x")}.get(where, ("X-Team", "x"))
    url = f"{server.url}/{evil}" if where == "address" else server.url

    def quoted(text: str) -> str:
        return '"' + "".join(f"\\u{ord(each):04x}" for each in text) + '"'

    home.mkdir()
    (home / "config.toml").write_text(
        f'[profiles.w]\ndialect = "openai-chat"\nbase_url = {quoted(url)}\nmodel = "m"\nretries = 0\n'
        f'key_env = "THE_KEY"\nheaders = {{ {quoted(header[0])} = {quoted(header[1])} }}\n'
    )
    server.answers(say("Hello"))
    done = run("-p", "w", "Hi", home=home, THE_KEY=key)
    assert b"Traceback" not in done.stderr
    assert not any("x-evil" in request.headers for request in server.requests)
    assert os.fsencode("0123456789abcdef") not in done.stderr
