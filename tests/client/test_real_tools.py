"""A turn with tools against a server that nobody here wrote, in each dialect: offered, called, run, answered."""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatrepl.chat.reply import Reply
from chatrepl.client.client import Client
from chatrepl.client.embedded import server as local
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


streamed_and_whole = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])


@pytest.mark.parametrize("kind", KINDS)
@streamed_and_whole
def test_a_program_answers_a_call_of_the_model(aimock: str, tmp_path: Path, kind: str, stream: bool) -> None:
    dialect, path = KINDS[kind]
    profile = Profile("mock", dialect=dialect, place=Url(aimock + path), model="gpt-4o", timeouts=Timeouts())
    calls_and_answers(profile, tmp_path, stream=stream)


def calls_and_answers(profile: Profile, folder: Path, *, stream: bool) -> None:
    """The model calls a program, and answers with what it gave."""
    script = "import json, sys; print('sun in', json.load(sys.stdin)['city'])"
    weather = Program("weather", (sys.executable, "-c", script), "The weather.", {"city": "string"})
    (folder / "config.toml").touch(0o600)
    box = Toolbox(Tools({"weather": weather}), folder / "config.toml", dict(os.environ), Secrets(), print)
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


BEHIND = {"gpt": ("openai/gpt-4o", "/v1"), "claude": ("anthropic/claude-sonnet-4-5", "")}
"""The models that LiteLLM offers, what it calls them, and where aimock speaks their protocol."""


@pytest.fixture(scope="module")
def litellm(aimock: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A LiteLLM proxy before aimock."""
    if not (found := shutil.which("litellm")):
        pytest.skip("no litellm on the PATH: pip install 'litellm[proxy]' in a virtual environment brings it")
    folder = tmp_path_factory.mktemp("litellm")
    models = [
        {"model_name": name, "litellm_params": {"model": model, "api_base": aimock + path, "api_key": "sk-none"}}
        for name, (model, path) in BEHIND.items()
    ]
    told = {"model_list": models, "general_settings": {"master_key": "KEY"}, "litellm_settings": {"num_retries": 0}}
    (folder / "config.yaml").write_text(json.dumps(told), "utf-8")
    command = [found, "--config", str(folder / "config.yaml"), "--host", "127.0.0.1", "--port", "{port}"]
    command += ["--telemetry", "False"]
    with servers.running(command, "/health/liveliness", folder / "log", LITELLM_LOCAL_MODEL_COST_MAP="True") as origin:
        yield origin


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("kind", ["openai-chat", "openai-responses", "anthropic", "gemini"])
@streamed_and_whole
def test_a_proxy_stands_in_between(litellm: str, tmp_path: Path, kind: str, behind: str, stream: bool) -> None:
    path = "/v1" if kind.startswith("openai") else ""
    profile = Profile("proxy", dialect=kind, place=Url(litellm + path), model=behind, timeouts=Timeouts())
    calls_and_answers(profile, tmp_path, stream=stream)


WEIGHTS = "CHATREPL_TEST_WEIGHTS"
TEMPLATE = Path(__file__).parents[1] / "support" / "tool_template.jinja"
"""Of a model that was trained for tools, with examples: SmolLM2, which was not, does the same after them."""


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.LocalServer]:
    """llama.cpp's server with a real model."""
    weights = Path(os.environ.get(WEIGHTS, "none"))
    if not (local.is_installed() and weights.is_file()):
        pytest.skip(
            f"no model that knows words: set {WEIGHTS} to the file of SmolLM2-135M-Instruct that -p local fetches"
        )
    settings, template = local._settings, TEMPLATE.read_text("utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "_settings", lambda *given: {**settings(*given), "chat_template": template})
        server = local.start(weights, log=tmp_path_factory.mktemp("llama") / "log", context=2048)
    yield server
    server.close()


@pytest.mark.parametrize("name", ["openai-chat", "openai-responses", "anthropic"])
def test_a_real_model_calls_a_tool_that_it_has_to_call_and_goes_on(
    llama: local.LocalServer, tmp_path: Path, name: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    cities = (
        'parameters = { type = "object", properties = { city = { enum = ["Rome", "Bonn"] } }, required = ["city"] }'
    )
    command = json.dumps([sys.executable, "-c", "import json, sys; print('sunny in', json.load(sys.stdin)['city'])"])
    base = llama.base_url.removesuffix("/v1") if name == "anthropic" else llama.base_url
    profile = f'[profiles.llama]\ndialect = "{name}"\nbase_url = "{base}"\nmodel = "m"\nkey_env = "LLAMA"\n'
    (home / "config.toml").write_text(f"{profile}[tools.weather]\ncommand = {command}\n{cities}\n")
    (home / "config.toml").chmod(0o600)
    words = ["-p", "llama", "--tools", "weather", "--allow", "weather", "--json"]
    options = ["-o", "tool_choice=required", "-o", "temperature=0", "-o", "max_tokens=60"]
    done = program.run(*words, *options, "How is the weather in Bonn?", home=home, LLAMA=llama.key)
    told = json.loads(done.stdout)
    assert [(call["arguments"], call["result"]) for call in told["tools"]] == [({"city": "Bonn"}, "sunny in Bonn")]
    assert "sunny" in told["text"]


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
