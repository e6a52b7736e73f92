"""What goes along with a question in each protocol: PDF, images, folders, pages; as its reference says, or told."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("there is no yes on Windows", allow_module_level=True)

from tests.support.files import PDF, PNG, picture
from tests.support.program import run
from tests.support.replies import REPLIES, reply
from tests.support.server import Exchange, Server, whole

DIALECTS = sorted(REPLIES)
NATIVE = {
    "openai-chat": '"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,',
    "openai-responses": '"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,',
    "anthropic": '"source": {"type": "base64", "media_type": "application/pdf", "data": "',
    "gemini": '"inlineData": {"mimeType": "application/pdf", "data": "',
}
"""How the protocols that carry a PDF carry it."""

IMAGES = {
    "openai-chat": '"type": "image_url"',
    "azure-inference": '"type": "image_url"',
    "openai-responses": '"type": "input_image"',
    "anthropic": '"type": "image"',
    "gemini": '"mimeType": "image/png"',
    "ollama": '"images": [',
}


def asked(server: Server, home: Path, dialect: str, *words: str) -> tuple[str, str]:
    """What the server got and what the user was told."""
    server.answers(reply(dialect, "Hello"))
    base = server.url.removesuffix("/v1") if dialect in ("ollama", "gemini", "anthropic") else server.url
    done = run("--dialect", dialect, "--base-url", base, "-m", "m", *words, home=home)
    return json.dumps(server.requests[-1].body) if server.requests else "", done.stderr.decode()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_pdf_goes_as_it_is_or_as_its_text(dialect: str, server: Server, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    body, _ = asked(server, home, dialect, "-f", str(path), "What is it?")
    assert NATIVE.get(dialect, "Hello PDF") in body


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "unsupported content[].type"),
        (400, "'input_file' is not supported by llamacpp at this moment"),
        (422, "unknown variant `file`, expected `text` or `image_url`"),
        (500, "PDF input is not supported by this model"),
    ],
)
def test_a_pdf_that_is_refused_goes_as_its_text(
    status: int, said: str, server: Server, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    attempts = 3 if status == 500 else 1
    server.answers(*[whole({"error": {"message": said}}, status)] * attempts)
    body, told = asked(server, home, "openai-chat", "-f", str(path), "What is it?")
    assert "file_data" in json.dumps(server.requests[0].body)
    assert "file_data" not in body
    assert "Hello PDF" in body
    assert "by-hand takes no PDF; asking again with its text." in told


def test_llama_says_nothing_of_a_pdf_that_it_drops_but_chatrepl_does(
    server: Server, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    answer = {"content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn"}
    server.answers(whole(answer, Server="llama.cpp"), whole(answer))
    words = (
        "--dialect",
        "anthropic",
        "--base-url",
        server.url.removesuffix("/v1"),
        "-m",
        "m",
        "-f",
        str(path),
        "What?",
    )
    assert (
        "the answer was made without it. --dialect openai-chat sends its text."
        in run(*words, home=home).stderr.decode()
    )
    assert "without it" not in run(*words, home=home).stderr.decode()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_two_images_go_or_it_is_said_that_none_do(dialect: str, server: Server, home: Path, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(PNG)
    body, told = asked(server, home, dialect, "-f", str(tmp_path / "*.png"), "What are they?")
    if dialect in IMAGES:
        assert IMAGES[dialect] in body
        assert "a.png" in told
        assert "b.png" in told
    else:
        assert not body
        assert f"{dialect} takes no images" in told


def test_that_a_model_is_not_known_to_take_images_is_told_once(server: Server, home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    words = (
        "-p",
        "groq",
        "-m",
        "openai/gpt-oss-120b",
        "--base-url",
        server.url,
        "-f",
        str(tmp_path / "a.png"),
        "What?",
    )
    done = run(*words, home=home, GROQ_API_KEY="gsk-1")
    assert done.returncode == 0
    assert done.stderr.decode().count("is not known to take images") == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_texts_of_a_folder_go(dialect: str, server: Server, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "src"
    (folder / "deep").mkdir(parents=True)
    (folder / "b.py").write_text("beta")
    (folder / "deep" / "a.py").write_text("alpha")
    (folder / "a.png").write_bytes(PNG)
    (folder / ".hidden").write_text("secret")
    (folder / "circle").symlink_to(folder)
    body, told = asked(server, home, dialect, f"Sum up @{folder}")
    assert body.index("beta") < body.index("alpha")
    assert "secret" not in body
    assert [line.rpartition("/")[2] for line in told.splitlines()] == ["b.py (4 bytes)", "a.py (5 bytes)"]


def page(exchange: Exchange) -> None:
    exchange.head(200, "text/html; charset=latin-1")
    exchange.send(
        b"<html><head><title>T</title></head><body><article><p>Gr\xfc\xdfe from <b>here</b>, which is long enough"
        b" to be an article of a page.</p></article><script>alert(1)</script></body></html>"
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_words_of_a_page_go(dialect: str, server: Server, home: Path) -> None:
    server.listing = page
    body, told = asked(server, home, dialect, "--yes", "-f", f"{server.url}/a.html", "Sum up")
    assert "Gr\\u00fc\\u00dfe from" in body
    assert "alert(1)" not in body
    assert "a.html" in told


def test_a_page_nearby_is_not_fetched_without_a_yes(server: Server, home: Path) -> None:
    server.listing = page
    body, told = asked(server, home, "openai-chat", "-f", f"{server.url}/a.html", "Sum up")
    assert not body
    assert "it is an address of this machine" in told


def test_a_page_of_bytes_is_nothing_to_attach(server: Server, home: Path) -> None:
    def binary(exchange: Exchange) -> None:
        exchange.head(200, "application/zip")
        exchange.send(b"PK\3\4\0\0\0\0")

    server.listing = binary
    body, told = asked(server, home, "openai-chat", "--yes", "-f", f"{server.url}/a.zip", "Sum up")
    assert not body
    assert "is nothing to attach (application/zip)" in told


def test_an_image_that_is_too_large_is_made_smaller(server: Server, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture(8100, 10))
    asked(server, home, "anthropic", "-f", str(path), "What is it?")
    source = next(block for block in content(server) if block["type"] == "image")
    assert source["source"]["media_type"] == "image/jpeg"


def content(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.requests[-1].body["messages"][-1]["content"]
    return found


def test_lines_of_a_file_go_alone(server: Server, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("alpha\ntwo\nthree\n")
    body, told = asked(server, home, "openai-chat", f"What is in @{path}:2-3?")
    assert "two" in body
    assert "alpha" not in body
    assert f"{path}:2-3" in told
    server.forget()
    body, told = asked(server, home, "openai-chat", "-f", f"{path}:7-9", "What?")
    assert not body
    assert "it has 3" in told
