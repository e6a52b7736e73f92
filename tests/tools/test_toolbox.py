"""All the tools of a configuration: what is on, what is imported, and a call from the model's words to its result."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatrepl.config import reading
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import (
    Conversation,
    ImagePart,
    Message,
    ToolCallPart,
    ToolResultPart,
    question,
)
from chatrepl.dialects import DIALECTS, dialect
from chatrepl.errors import ChatError, CommandError, ConfigError
from chatrepl.text.redaction import Secrets
from chatrepl.tools import Call, Media, Result, Toolbox, call, results, run, runnable
from chatrepl.tools.mcp import imported

SCRIPT = str(Path(__file__).parents[1] / "support" / "mcp_server.py")

CONFIG = f"""
[tools.weather]
command = [{json.dumps(sys.executable)}, "weather.py"]
parameters = {{ city = "string" }}
env = {{ KEY = "${{WEATHER_KEY}}" }}
[mcp.odd]
command = [{json.dumps(sys.executable)}, {json.dumps(SCRIPT)}, "usual"]
[mcp.bad]
command = [{json.dumps(sys.executable)}, {json.dumps(SCRIPT)}, "quits"]
"""

Make = Callable[..., Toolbox]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def make(tmp_path: Path, told: list[str]) -> Iterator[Make]:
    made = []

    def make(text: str = CONFIG, secrets: Secrets | None = None) -> Toolbox:
        path = tmp_path / "config.toml"
        path.write_text(text)
        path.chmod(0o600)
        (tmp_path / "weather.py").write_text(
            "import json, os, sys; print('sun in', json.load(sys.stdin)['city'], os.environ['KEY'])"
        )
        said = reading.load(path).tools
        assert said
        env = {**os.environ, "WEATHER_KEY": "0123456789abcdef"}
        tell: Callable[[ChatError], None] = lambda error: told.append(str(error))  # noqa: E731
        made.append(Toolbox(said, path, env, secrets or Secrets(), tell))
        return made[-1]

    yield make
    for each in made:
        each.close()


def done(box: Toolbox, name: str, text: str) -> Result:
    """The result of a call that the model writes so, and the user allows."""
    found = call("1", name, text, box.tools())
    return run(found, found.digest(os.getcwd())) if isinstance(found, Call) else found


def test_nothing_is_on_by_itself(make: Make) -> None:
    box = make()
    assert box.tools() == {}
    assert {server.state for server in box.servers.values()} == {"off"}


def test_what_is_on_is_offered_and_runs(make: Make, told: list[str]) -> None:
    box = make()
    box.turn(True, ["odd", "weather"])
    assert list(box.tools()) == ["weather", "odd__echo"], "in the order of the configuration"
    assert done(box, "odd__echo", '{"text": "hi"}').text == "hi"
    assert done(box, "weather", '{"city": "Rome"}').text == "sun in Rome (hidden)"
    box.turn(False, ["all"])
    assert box.tools() == {}
    assert not told


def test_a_server_that_cannot_be_used_is_told_once_and_the_others_go_on(make: Make, told: list[str]) -> None:
    box = make()
    box.turn(True, ["all"])
    assert list(box.tools()) == ["weather", "odd__echo"]
    assert list(box.tools()) == ["weather", "odd__echo"]
    assert told == ["bad cannot be used: it ended (exit 1): no database"]


def test_a_server_that_never_answers_is_waited_for_once(make: Make, told: list[str]) -> None:
    box = make(CONFIG + '[mcp.never]\ncommand = ["sleep", "100"]\ntimeout = 0.3\n')
    box.turn(True, ["never", "weather"])
    waited: list[str] = []
    for _ in range(2):
        assert list(box.tools(waited.append)) == ["weather"]
    assert waited == ["never"]
    assert told == ["never did not answer within 0.3 s"]
    box.turn(True, ["never"])
    box.tools(waited.append)
    assert waited == ["never", "never"], "whoever turns it on wants it tried again"


def test_a_name_that_is_none_has_a_neighbour(make: Make) -> None:
    with pytest.raises(CommandError, match="There is no tool or server 'wether': did you mean 'weather'"):
        make().turn(True, ["wether"])


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("wether", "{}", "There is no tool 'wether'. There is only weather."),
        ("weather", '{"city": "a", "city": "b"}', "The arguments name 'city' twice. The call was not run."),
        ("weather", '{"city": "Ro', "The arguments are not valid JSON"),
    ],
)
def test_a_call_that_is_none_is_a_result(make: Make, name: str, text: str, says: str) -> None:
    box = make()
    box.turn(True, ["weather"])
    result = done(box, name, text)
    assert result.error
    assert result.text.startswith(says)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files are of POSIX")
def test_nothing_is_run_from_a_configuration_that_others_can_write(make: Make, told: list[str], tmp_path: Path) -> None:
    make()
    said = reading.load(tmp_path / "config.toml").tools
    (tmp_path / "config.toml").chmod(0o666)  # after it was read, which takes nothing of the kind from such a file
    assert said
    tell: Callable[[ChatError], None] = lambda error: told.append(str(error))  # noqa: E731
    box = Toolbox(said, tmp_path / "config.toml", dict(os.environ), Secrets(), tell)
    box.turn(True, ["weather", "odd"])
    assert box.tools() == {}
    assert told == [
        f"weather is not run: others can write {tmp_path / 'config.toml'}",
        f"odd is not started: others can write {tmp_path / 'config.toml'}",
    ]
    box.close()


CURSOR = {
    "mcpServers": {
        "files": {"command": "npx", "args": ["-y", "server"], "env": {"A": "${env:B}", "API_KEY": "sk-0123456789"}},
        "Git Hub!": {"url": "https://mcp.example.org/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}},
        "off": {"command": "x", "disabled": True},
        "old": {"type": "sse", "url": "https://old.example.org/sse"},
        "asks": {"command": "x", "env": {"A": "${input:key}"}},
        "neither": {"args": []},
        "odd": 3,
    }
}


def test_servers_of_other_programs_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps(CURSOR))
    servers, complaints = imported(path)
    assert [(each.name, each.command, each.url) for each in servers] == [
        ("files", ("npx", "-y", "server"), ""),
        ("Git-Hub", (), "https://mcp.example.org/mcp"),
    ]
    assert servers[0].env == {"A": "${B}", "API_KEY": "sk-0123456789"}
    assert {each.approve for each in servers} == {"ask"}
    assert len(complaints) == 4
    assert complaints[0] == f"old of {path} is left out: it speaks SSE, which is out of use; npx mcp-remote speaks it"


def test_the_words_of_vs_code_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text('{// mine\n"inputs": [], "servers": {"a": {"type": "http", "url": "http://h/mcp", /* x */},},}')
    assert [(each.name, each.url) for each in imported(path)[0]] == [("a", "http://h/mcp")]


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"mcpServers": []}', "[" * 100_000, "\xff"])
def test_a_file_without_servers_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mcp.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError):
        imported(path)
    with pytest.raises(ConfigError, match="cannot be read: it is a folder"):
        imported(tmp_path)


def test_imported_servers_stand_behind_those_of_the_configuration(make: Make, told: list[str], tmp_path: Path) -> None:
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"ODD": {"command": "x"}, "more": {"command": "y"}}}')
    secrets = Secrets()
    box = make(f"import_mcp = [{json.dumps(str(tmp_path / 'mcp.json'))}, '/no/such']\n{CONFIG}", secrets)
    assert box.names == ["weather", "odd", "bad", "more"]
    assert told == ["/no/such, which import_mcp names, cannot be read: No such file or directory"]


def test_keys_that_stand_in_an_imported_file_are_hidden(make: Make, tmp_path: Path) -> None:
    (tmp_path / "mcp.json").write_text(json.dumps(CURSOR))
    secrets = Secrets()
    make(f"import_mcp = [{json.dumps(str(tmp_path / 'mcp.json'))}]\n", secrets)
    assert secrets.hide("sk-0123456789") == "(hidden)"


@pytest.mark.parametrize(
    ("ending", "runs"),
    [
        ("tool_calls", 1),
        ("stop", 1),
        ("length", 0),
        ("error", 0),
        ("content_filter", 0),
        ("interrupted", 0),
        ("failed", 0),
    ],
)
def test_only_calls_of_a_reply_that_ended_well_may_run(ending: str, runs: int) -> None:
    assert len(runnable(Message("assistant", (ToolCallPart("1", "weather", "{}"),), ending=ending))) == runs


def test_a_result_is_kept_whole_and_sent_cut() -> None:
    png = "iVBORw0KGgo="
    result = Result("short", "x" * 100_000, (Media("image/png", png), Media("audio/wav", "UklG", "beep")), error=True)
    kept = results.parts("1", result)
    assert kept == [
        ToolResultPart("1", "x" * 100_000 + "\n\n[audio/wav beep]", "failed"),
        ImagePart("image/png", png),
    ]
    call = Message("assistant", (ToolCallPart("1", "weather", "{}"),))
    talk = Conversation().asking(question("?"), call, Message("tool", tuple(kept)))
    profile = Profile("p", place=Url("https://example.org"), model="m")
    for name in DIALECTS:
        sent = json.dumps(dialect(name).encode(profile, talk, "", stream=True).body)
        assert "characters left out here" in sent, name
        assert len(sent) < 42_000
    assert results.parts("1", results.failure("no"), "refused")[0] == ToolResultPart("1", "no", "refused")
