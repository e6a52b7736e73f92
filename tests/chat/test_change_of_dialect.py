"""A session of the profile openai, begun in chat completions and gone on with in Responses; and the way back."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import faults, strict
from tests.support.files import PNG
from tests.support.program import run
from tests.support.server import Script, Server

CONFIG = """
[tools.weather]
command = ["{python}", "-c", "print('Rain.')"]
description = "The weather in a city."
parameters = {{ city = "string" }}
approve = "allow"
[profiles.openai]
base_url = "{url}"
base_url_env = ""
dialect = "{dialect}"
model = "gpt-5-mini"
tools = ["weather"]
{more}
"""
FLAGS = ("-p", "openai", "--no-stream", "--json")
SIGNED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "secret-1"}


def speaks(home: Path, dialect: str, server: Server, more: str = "") -> None:
    """From the next start on the profile speaks that dialect."""
    home.mkdir(exist_ok=True)
    config = CONFIG.format(python=sys.executable, url=server.url, dialect=dialect, more=more)
    (home / "config.toml").write_text(config)


def chat(message: dict[str, Any], reason: str = "stop") -> Script:
    body = {"model": "gpt-5-mini", "choices": [{"index": 0, "message": message, "finish_reason": reason}]}
    return faults.answer(200, json.dumps(body))


def responses(*output: dict[str, Any]) -> Script:
    return faults.answer(200, json.dumps({"model": "gpt-5-mini", "status": "completed", "output": output}))


def said(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def old_session(home: Path, server: Server) -> None:
    """One with a picture, thoughts, a call, a refusal and a reply that was cut off."""
    speaks(home, "openai-chat", server)
    (home / "a.png").write_bytes(PNG)
    function = {"name": "weather", "arguments": '{"city": "Bonn"}'}
    call = {"id": "call_1", "type": "function", "function": function}
    server.answers(
        chat({"content": "A dot.", "reasoning_content": "Thought of the old."}),
        chat({"content": None, "reasoning_content": "Hm.", "tool_calls": [call]}, "tool_calls"),
        chat({"content": "It rains."}),
        chat({"content": None, "refusal": "I will not."}),
        chat({"content": "Once upon"}, "length"),
    )
    assert run(*FLAGS, "-f", str(home / "a.png"), "What is it?", home=home, OPENAI_API_KEY="k").returncode == 0
    for line in ("The weather?", "Something bad", "A tale"):
        done = run("-c", *FLAGS, line, home=home, OPENAI_API_KEY="k")
        assert done.returncode in (0, 1), done.stderr
    server.forget()


def texts(body: dict[str, Any]) -> str:
    return json.dumps(body.get("input") or body["messages"])


@pytest.mark.skipif(os.name == "nt", reason="its command is for a shell of Unix")
def test_an_old_session_goes_on_in_responses_and_that_one_in_chat_completions(server: Server, home: Path) -> None:
    old_session(home, server)
    speaks(home, "openai-responses", server)
    call = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city": "Köln"}'}
    server.answers(responses(SIGNED, call), responses(said("There too.")), responses(said("Yes.")))
    for line in ("And in Köln?", "Sure?"):
        done = run("-c", *FLAGS, line, home=home, OPENAI_API_KEY="k")
        assert json.loads(done.stdout)["dialect"] == "openai-responses", done.stderr
    for number, request in enumerate(server.requests):
        assert request.path == "/v1/responses"
        strict.responses(request.body, ["secret-1"])
        for known in ("A dot.", "It rains.", "I will not.", "Once upon", "data:image/png;base64,", "Rain."):
            assert known in texts(request.body), (number, known)
        assert "Thought of the old." not in texts(request.body)
    assert ["secret-1" in texts(each.body) for each in server.requests] == [False, True, False]
    server.forget()
    speaks(home, "openai-chat", server)
    assert json.loads(run("-c", *FLAGS, "And now?", home=home, OPENAI_API_KEY="k").stdout)["text"] == "Hello"
    [request] = server.requests
    assert request.path == "/v1/chat/completions"
    strict.chat(request.body)
    for known in ("A dot.", "There too.", "Yes.", "data:image/png;base64,", "Köln"):
        assert known in json.dumps(request.body, ensure_ascii=False), known
    assert "secret-1" not in texts(request.body)


@pytest.mark.skipif(os.name == "nt", reason="its command is for a shell of Unix")
def test_a_failover_over_the_change_and_a_move_by_the_environment_keep_it_too(server: Server, home: Path) -> None:
    old_session(home, server)
    speaks(home, "openai-responses", server, 'fallback = ["openai-chat"]\nretries = 0')
    env = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.url}
    server.answers(faults.refusal(503))
    done = run("-c", "-p", "openai", "Go on", home=home, **env)
    assert done.stdout == b"Hello\n", done.stderr
    assert [each.path for each in server.requests] == ["/v1/responses", "/v1/chat/completions"]
    strict.chat(server.requests[1].body)
    server.forget()
    (home / "config.toml").unlink()  # the profile as it is built in, which the variable moves
    done = run("-c", "Go on", home=home, **env)
    assert done.stdout == b"Hello\n", done.stderr
    [request] = server.requests
    assert request.path == "/v1/chat/completions"
    strict.chat(request.body)
    assert "It rains." in texts(request.body)
