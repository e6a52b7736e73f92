"""Pictures and sounds in replies: kept in their order, written beside the session, opened after a yes, sent back."""

import base64
import json
import stat
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat import media
from chatrepl.conversation import ImagePart, MediaPart, TextPart
from chatrepl.events import Media
from tests.support.files import PNG
from tests.support.program import run
from tests.support.server import Script, Server, whole

DATA = base64.b64encode(PNG).decode()


def gemini() -> Any:
    picture = {"inlineData": {"mimeType": "text/html", "data": DATA}, "thoughtSignature": "sig"}
    parts = [{"text": "Before"}, picture, {"text": "after"}]
    return {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}


def openrouter() -> Any:
    images = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DATA}"}}]
    return {"choices": [{"message": {"content": "Before", "images": images}, "finish_reason": "stop"}]}


REPLIES: dict[str, Script] = {"gemini": whole(gemini()), "openai-chat": whole(openrouter())}


def ask(server: Server, home: Path, dialect: str, *words: str) -> Any:
    base = server.url.removesuffix("/v1") if dialect == "gemini" else server.url
    done = run("--dialect", dialect, "--base-url", base, "-m", "m", "--json", *words, home=home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_a_model_made_is_kept_in_its_order_and_its_kind_is_that_of_its_bytes() -> None:
    said: list[str | Media] = ["Be", "fore"]
    said += [Media("text/html", DATA, opaque="gemini:sig"), "after", Media("a/b", "AAAA"), Media("a/b")]
    assert media.parts(said) == [
        TextPart("Before"),
        ImagePart("image/png", DATA, opaque="gemini:sig"),
        TextPart("after"),
        MediaPart("application/octet-stream", "AAAA"),
        TextPart("[an empty file]"),
    ]


def test_the_pieces_of_a_sound_without_a_header_get_one(tmp_path: Path) -> None:
    (part,) = media.parts([Media("audio/wav", base64.b64encode(b"\1\0" * 100).decode())] * 3)
    assert isinstance(part, MediaPart)
    (tmp_path / "a.wav").write_bytes(base64.b64decode(part.data))
    with wave.open(str(tmp_path / "a.wav")) as sound:
        assert (sound.getnframes(), sound.getframerate()) == (300, 24_000)


@pytest.mark.parametrize("dialect", REPLIES)
def test_a_picture_is_written_beside_the_session_and_sent_back(dialect: str, server: Server, home: Path) -> None:
    server.answers(REPLIES[dialect])
    told = ask(server, home, dialect, "Draw")
    (made,) = told["media"]
    path = Path(made["path"])
    assert (made["kind"], made["mime"], made["bytes"]) == ("image", "image/png", len(PNG))
    assert path == Path(told["session"]).with_suffix("") / "1.png"
    assert path.read_bytes() == PNG
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    server.answers(REPLIES[dialect])
    ask(server, home, dialect, "-c", "Again")
    body = json.dumps(server.requests[-1].body)
    assert DATA in body
    assert ('"thoughtSignature": "sig"' in body) is (dialect == "gemini")
    exported = home / "a.md"
    assert run("--export", Path(told["session"]).stem, str(exported), home=home).returncode == 0
    assert exported.read_text().count("![image](a.media/1.png)") == 2
    assert [path.read_bytes() for path in (home / "a.media").iterdir()] == [PNG]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty on Windows")
def test_a_picture_is_opened_after_a_yes_alone(server: Server, home: Path, tmp_path: Path) -> None:
    from tests.support.terminal import chatrepl, environment

    viewer = tmp_path / "bin" / "xdg-open"
    viewer.parent.mkdir()
    viewer.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opening; mv {tmp_path}/opening {tmp_path}/opened\n')
    viewer.chmod(0o700)
    server.answers(whole(openrouter()))
    env = environment(home)
    env["PATH"] = f"{viewer.parent}:{env.get('PATH', '')}"
    with chatrepl("--base-url", server.url, "-m", "m", env=env, columns=200) as chat:
        chat.wait_for_prompt()
        chat.line("Draw")
        chat.wait_for("/show 1 opens it")
        chat.wait_for_prompt()
        chat.line("/show")
        chat.wait_for("[y/N]")
        chat.line("n")
        chat.wait_for_prompt()
        chat.line("/show 2")
        chat.wait_for("has only 1 turn")
        assert not (tmp_path / "opened").exists()
        chat.line("/show 1")
        chat.wait_for("[y/N]", times=2)
        chat.line("y")
        while not (tmp_path / "opened").exists():
            chat.wait_for_prompt()
    assert Path((tmp_path / "opened").read_text()).read_bytes() == PNG


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty on Windows")
def test_a_reply_is_shown_again_in_its_order(server: Server, home: Path) -> None:
    from tests.support.terminal import chatrepl, environment

    server.answers(whole(gemini()))
    base = server.url.removesuffix("/v1")
    words = ("--dialect", "gemini", "--base-url", base, "-m", "m")
    with chatrepl(*words, env=environment(home), columns=200) as chat:
        chat.wait_for_prompt()
        chat.line("Draw")
        chat.wait_for("/show 1 opens it")
        chat.wait_for_prompt()
        chat.line("/history")
        chat.wait_for("+ 1.png")
        chat.wait_for_prompt()
        rows = [row for row in chat.lines() if row in ("Before", "[image]", "after")]
        assert rows == ["Before", "[image]", "after"] * 2
