"""A turn with tools against a server that nobody here wrote, in each dialect: offered, called, run, answered."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatrepl.chat.reply import Reply
from chatrepl.client.client import Client
from chatrepl.config.config import Profile, Timeouts
from chatrepl.config.place import Url
from chatrepl.config.tools import Program, Tools
from chatrepl.conversation import (
    Conversation,
    Definition,
    Message,
    ToolCallPart,
    ToolResultPart,
    question,
    with_own_ids,
)
from chatrepl.text.redaction import Secrets
from chatrepl.tools import Call, Toolbox, call, run
from tests.support import program, servers

SCRIPT = [
    {"match": {"toolCallId": "call_sun"}, "response": {"content": "It is sunny in Rome."}},
    {"match": {"userMessage": "weather", "hasToolResult": True}, "response": {"content": "It is sunny in Rome."}},
    {
        "match": {"userMessage": "weather"},
        "response": {"toolCalls": [{"id": "call_sun", "name": "weather", "arguments": json.dumps({"city": "Rome"})}]},
    },
]

KINDS = {
    "openai-chat": ("openai-chat", "/v1"),
    "openai-responses": ("openai-responses", "/v1"),
    "anthropic": ("anthropic", ""),
    "ollama": ("ollama", ""),
    "gemini": ("gemini", ""),
    "azure-inference": ("azure-inference", ""),
}
"""The dialect and the path below the origin, of each kind of endpoint that aimock has and that knows tools."""


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("aimock")
    (folder / "script.json").write_text(json.dumps({"fixtures": SCRIPT}), "utf-8")
    command = [*servers.aimock(), "-p", "{port}", "-f", str(folder / "script.json")]
    with servers.running(command, "/v1/models", folder / "log") as origin:
        yield origin


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_a_program_answers_a_call_of_the_model(aimock: str, tmp_path: Path, kind: str, stream: bool) -> None:
    dialect, path = KINDS[kind]
    profile = Profile("mock", dialect=dialect, place=Url(aimock + path), model="gpt-4o", timeouts=Timeouts())
    script = "import json, sys; print('sun in', json.load(sys.stdin)['city'])"
    weather = Program("weather", (sys.executable, "-c", script), "The weather.", {"city": "string"})
    (tmp_path / "config.toml").touch(0o600)
    box = Toolbox(Tools({"weather": weather}), tmp_path / "config.toml", dict(os.environ), Secrets(), print)
    box.turn(True, ["weather"])
    turn: list[Message] = [question("What is the weather?")]
    client = Client(os.environ)
    try:
        for _ in range(2):
            offered = box.tools()
            told = tuple(Definition(tool.name, tool.description, tool.schema) for tool in offered.values())
            reply = Reply()
            for event in client.ask(profile, Conversation("", [], told).asking(*turn), "KEY", stream=stream):
                reply.feed(event)
            turn.append(with_own_ids(reply.message(), turn))
            results = []
            for part in turn[-1].parts:
                if isinstance(part, ToolCallPart):
                    made = call(part.id, part.name, part.arguments, offered)
                    assert isinstance(made, Call)
                    results.append(ToolResultPart(part.id, run(made, made.digest(os.getcwd())).text))
            if results:
                turn.append(Message("tool", tuple(results)))
    finally:
        client.close()
        box.close()
    assert [message.role for message in turn] == ["user", "assistant", "tool", "assistant"]
    assert turn[1].ending == "tool_calls"
    assert turn[2].parts[0] == ToolResultPart(turn[1].parts[-1].id, "sun in Rome")  # type: ignore[union-attr]
    assert turn[3].text == "It is sunny in Rome."


def test_a_session_calls_a_tool_under_one_protocol_after_another(aimock: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = json.dumps([sys.executable, "-c", "import sys; sys.stdin.read(); print('sunny')"])
    (home / "config.toml").write_text(f'[tools.weather]\ncommand = {command}\nparameters = {{ city = "string" }}\n')
    (home / "config.toml").chmod(0o600)
    for number, (name, path) in enumerate(KINDS.values()):
        words = ["--dialect", name, "--base-url", f"{aimock}{path}", "-m", "m", "--tools", "all", "--allow", "weather"]
        more = ["-c"] if number else []
        done = program.run(*words, *more, "--json", "How is the weather?", home=home, OPENAI_API_KEY="k")
        told = json.loads(done.stdout)
        assert (told["error"], told["text"]) == (None, "It is sunny in Rome."), name
        assert [call["result"] for call in told["tools"]] == ["sunny"], name
