"""One conversation over many protocols, in the whole program: what was said goes along, in the words of each."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl.conversation import Conversation, ImagePart, TextPart
from chatrepl.sessions import formats
from tests.support.chatting import ask
from tests.support.exchanges import assistant, user
from tests.support.replies import HISTORIES, REPLIES, reply
from tests.support.server import Server
from tests.support.terminal import Terminal, chatrepl, environment

SYSTEM = "You are brief."
PICTURE = "iVBORw0KGgo="


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    """chatrepl with a profile for each dialect, named after it, all at the scripted server."""
    home.mkdir()
    lines = [f'default = "p-{next(iter(REPLIES))}"', "[ui]", "statistics = false"]
    for name in REPLIES:
        lines += [f"[profiles.p-{name}]", f'dialect = "{name}"', f'base_url = "{server.url}"', f'model = "m-{name}"']
    (home / "config.toml").write_text("\n".join(lines))
    with chatrepl("-s", SYSTEM, env=environment(home), columns=110, rows=40) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def switch(chat: Terminal, name: str) -> None:
    ask(chat, f"/profile p-{name}", f"p-{name} · m-{name} · {name}")


def history(body: dict[str, Any], name: str) -> dict[str, Any]:
    """What of a body is the conversation."""
    return {key: body[key] for key in HISTORIES[name](SYSTEM, [("", "")]) if key in body}


FIVE = ["openai-chat", "anthropic", "gemini", "ollama", "openai-completions"]


@pytest.mark.parametrize("names", [FIVE, list(reversed(REPLIES))], ids=["five", "all"])
def test_each_request_holds_the_history_so_far_in_the_shape_of_its_dialect(
    chat: Terminal, server: Server, names: list[str]
) -> None:
    turns: list[tuple[str, str]] = []
    for number, name in enumerate(names, 1):
        switch(chat, name)
        turns.append((f"Question {number}?", f"Answer {number} by {name}."))
        server.answers(reply(name, turns[-1][1]))
        ask(chat, *turns[-1])
        body = server.requests[-1].body
        assert history(body, name) == HISTORIES[name](SYSTEM, turns)
        assert "m-" in json.dumps(body) + server.requests[-1].path
    assert len(server.requests) == len(names)


def test_reasoning_is_kept_and_sent_to_no_dialect(chat: Terminal, server: Server, home: Path) -> None:
    for number, name in enumerate((*REPLIES, "openai-chat"), 1):
        switch(chat, name)
        server.answers(reply(name, f"Answer {number}.", f"Thought {number}."))
        ask(chat, f"Question {number}?", f"Answer {number}.")
        body = json.dumps(server.requests[-1].body)
        assert "Thought" not in body
        assert all(f"Answer {before}." in body for before in range(1, number))
    ask(chat, "/request", "7 thoughts are kept but not sent: openai-chat cannot carry them.")
    (session,) = (home / "sessions").glob("*.jsonl")
    kept = [number for number in range(1, number + 1) if f"Thought {number}." in session.read_text("utf-8")]
    assert len(kept) == len(REPLIES) + 1 - len(WITHOUT_THINKING)


WITHOUT_THINKING = ["openai-completions", "scale-egp"]
WITHOUT_IMAGES = ["openai-completions", "scale-egp"]


def test_an_image_goes_to_who_can_carry_it_and_is_kept_for_the_others(
    chat: Terminal, server: Server, tmp_path: Path
) -> None:
    turn = (user(ImagePart("image/png", PICTURE, "dot.png"), TextPart("What is it?")), assistant(TextPart("A dot.")))
    formats.save(tmp_path / "talk.json", Conversation(SYSTEM, [turn]), "A dot")
    ask(chat, f"/load {tmp_path}/talk.json", "1 turn loaded")
    for name in (*REPLIES, "openai-chat"):
        switch(chat, name)
        server.answers(reply(name, f"Seen, says {name}."))
        ask(chat, f"And you, {name}?", f"Seen, says {name}.")
        body = json.dumps(server.requests[-1].body)
        assert (PICTURE in body) == (name not in WITHOUT_IMAGES)
        assert "What is it?" in body
        assert "A dot." in body
        if name in WITHOUT_IMAGES:
            ask(chat, "/request", f"1 image is kept but not sent: {name} cannot carry it.")
