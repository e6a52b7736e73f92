"""Replies in which no text stands: what came is told, and what can be done."""

import base64
from pathlib import Path

import pytest

from chatrepl.chat import turn
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import question
from tests.support import faults, files
from tests.support.server import Server, whole

PNG = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(files.PNG).decode()}}
WAV = {"inlineData": {"mimeType": "audio/wav", "data": base64.b64encode(b"RIFF\4\0\0\0WAVE").decode()}}


def gemini(*parts: object, reason: str = "STOP") -> object:
    return {"candidates": [{"content": {"parts": list(parts)}, "finishReason": reason}]}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (gemini(PNG), "image 1 (image/png, 70 bytes)"),
        (gemini(PNG, PNG, WAV), "sound 3 (audio/wav, 12 bytes)"),
        (gemini({"text": "Here: "}, PNG), "image 1 (image/png, 70 bytes)"),
        (gemini(reason="MAX_TOKENS"), "reached its token limit before the first word (MAX_TOKENS)"),
    ],
)
def test_what_came_is_told_and_never_that_nothing_did(server: Server, tmp_path: Path, body: object, told: str) -> None:
    server.answers(whole(body))
    with faults.session(tmp_path, Profile("test", dialect="gemini", place=Url(server.url), model="m")) as seen:
        turn.ask(seen.session, question("Draw a cat"))
        shown = " ".join((seen.out.getvalue() + seen.notes.getvalue()).split())
        assert told in shown
        assert "answered nothing" not in shown


def test_a_limit_that_is_too_small_brings_its_hint_and_keeps_the_servers_word(server: Server, tmp_path: Path) -> None:
    server.answers(whole(gemini(reason="MAX_TOKENS")))
    with faults.session(tmp_path, Profile("test", dialect="gemini", place=Url(server.url), model="m")) as seen:
        outcome = turn.ask(seen.session, question("Think hard"))
        assert "max_tokens" in seen.notes.getvalue()
        assert (outcome.reply.ending, outcome.reply.raw_ending) == ("length", "MAX_TOKENS")
