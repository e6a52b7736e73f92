"""MCP servers that nobody here wrote: the SDK's own over both transports, PyPI's and npm's, and odd ones over HTTP."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatrepl.config.tools import Server
from chatrepl.conversation import FilePart
from chatrepl.errors import ChatError, CommandError
from chatrepl.tools.children import Keeper
from chatrepl.tools.mcp import Loop, McpServer
from chatrepl.tools.mcp.offers import Argument, Prompt
from chatrepl.tools.programs import Surroundings
from chatrepl.tools.tool import Progress, Result, no_watch
from tests.support import servers
from tests.support.server import PATIENCE, Exchange, Server as Scripted

SDK = str(Path(__file__).parents[1] / "support" / "mcp_sdk_server.py")

Begin = Callable[..., McpServer]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Makes servers of a command or an address."""
    loop, keeper, made = Loop(), Keeper(), []
    told: list[ChatError] = []

    def begin(*command: str, env: dict[str, str] | None = None, **settings: object) -> McpServer:
        spec = Server(**{"name": "real", "command": command, "timeout": 60.0, **settings})  # type: ignore[arg-type]
        around = Surroundings({**os.environ, **(env or {})}, keeper, tmp_path)
        made.append(McpServer(spec, around, loop, told.append))
        return made[-1]

    yield begin
    for each in made:
        each.stop()
    loop.close()
    keeper.close()


@pytest.fixture(params=["stdio", "http", "http as JSON"])
def sdk(
    request: pytest.FixtureRequest, begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[McpServer]:
    """A server made with the SDK, over each transport."""
    if request.param == "stdio":
        yield begin(sys.executable, SDK)
        return
    command = [sys.executable, SDK, "{port}", *(["json"] if "JSON" in request.param else [])]
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # what is on this machine is reached without one
    with servers.running(command, "/mcp", tmp_path / "log") as origin:
        yield begin(url=f"{origin}/mcp")


def call(server: McpServer, own: str, **arguments: object) -> Result:
    tool = next(tool for tool in server.tools() if tool.own == own)
    return tool.run(arguments, no_watch)


def until_known(known: Callable[[], list[str]]) -> list[str]:
    """What is offered to somebody who types, once the server has answered."""
    deadline = time.monotonic() + PATIENCE
    while not (found := known()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def test_a_server_of_the_sdk_can_all_that_it_offers(sdk: McpServer) -> None:
    assert [tool.own for tool in sdk.tools()] == ["add", "count", "picture", "fail", "die", "long"]
    assert call(sdk, "add", a=2, b=3).text == "5"
    assert call(sdk, "picture").media[0].mime == "image/png"
    failed = call(sdk, "fail")
    assert failed.error
    assert failed.text == "Error executing tool fail"
    assert call(sdk, "add", a="two").error
    assert len(call(sdk, "long", size=3_000_000).whole) == 3_000_000
    assert sdk.prompts() == [
        Prompt("haiku", "Asks for a haiku.", (Argument("topic", "", True), Argument("mood", "", False)), "haiku"),
        Prompt("endless", "Says too much.", (), "endless"),
        Prompt("look at", "Shows what it is about.", (), "look-at"),
    ]
    assert sdk.prompt("haiku", {"topic": "rain"}).text == "A calm haiku about rain, please."
    assert [(each.uri, each.template) for each in sdk.resources()] == [
        ("notes://today", False),
        ("notes://{day}", True),
    ]
    assert sdk.read("notes://today") == [FilePart("real:notes://today", "Buy milk.")]
    assert sdk.read("notes://monday") == [FilePart("real:notes://monday", "Nothing on monday.")]
    assert until_known(lambda: sdk.ahead.values("haiku", "mood", "c", {})) == ["calm"]
    assert until_known(lambda: sdk.ahead.values("notes://{day}", "day", "mon", {})) == ["monday"]
    with pytest.raises(CommandError, match="real says: "):
        sdk.prompt("haiku", {})


def test_progress_comes_over_each_transport(sdk: McpServer, request: pytest.FixtureRequest) -> None:
    if "JSON" in request.node.name:
        pytest.skip("an answer that is one JSON has no room for it")
    seen: list[Progress] = []
    tool = next(tool for tool in sdk.tools() if tool.own == "count")
    assert tool.run({"to": 3}, seen.append).text == "done"
    assert seen == [(1, 3, "at 1"), (2, 3, "at 2"), (3, 3, "at 3")]


def test_a_server_that_died_in_a_call_is_one_line(sdk: McpServer) -> None:
    assert call(sdk, "add", a=1).text == "2"
    died = call(sdk, "die")
    assert died.error
    assert died.text.startswith("real cannot be used: ")
    if sdk.spec.command:
        assert call(sdk, "add", a=1).text == "2", "the next call starts it again"


def test_a_server_over_http_that_was_restarted_is_found_again(begin: Begin, tmp_path: Path) -> None:
    with servers.running([sys.executable, SDK, "{port}"], "/mcp", tmp_path / "log") as origin:
        server = begin(url=f"{origin}/mcp")
        assert call(server, "add", a=1).text == "2"
        port = origin.rpartition(":")[2]
    assert call(server, "add", a=1).error
    with servers.running([sys.executable, SDK, port], "/mcp", tmp_path / "log", port=int(port)):
        assert call(server, "add", a=1).text == "2"


def test_the_server_of_times(begin: Begin) -> None:
    result = call(begin(sys.executable, "-m", "mcp_server_time"), "get_current_time", timezone="Europe/Rome")
    assert not result.error
    assert '"timezone": "Europe/Rome"' in result.text


def test_the_server_of_git(begin: Begin, tmp_path: Path) -> None:
    import subprocess

    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    (tmp_path / "a.txt").write_text("a")
    server = begin(sys.executable, "-m", "mcp_server_git", "--repository", str(tmp_path))
    assert "a.txt" in call(server, "git_status", repo_path=str(tmp_path)).text


def test_the_server_of_everything(begin: Begin) -> None:
    server = begin(*servers.everything())
    assert call(server, "echo", message="hi").text == "Echo: hi"
    assert call(server, "get-tiny-image").media[0].mime == "image/png"
    assert call(server, "get-structured-content", location="New York").text
    links = call(server, "get-resource-links", count=2)
    assert "demo://" in links.text
    seen: list[Progress] = []
    long = next(tool for tool in server.tools() if "long-running" in tool.own)
    assert not long.run({"duration": 0.1, "steps": 3}, seen.append).error
    assert len(seen) == 3
    assert {prompt.name for prompt in server.prompts()} >= {"simple-prompt", "args-prompt"}
    assert server.resources()
    assert "Starting" in server.log, "what it greets with is no matter of the screen"


def refusing(status: int, body: str, kind: str = "text/plain", **headers: str) -> Callable[[Exchange], None]:
    def answer(exchange: Exchange) -> None:
        exchange.head(status, kind, **headers)
        exchange.send(body)

    return answer


ANSWERS = {
    "no key": (refusing(401, "who are you?"), "real cannot be used: 401 Unauthorized from http://127.0.0.1:"),
    "another page": (refusing(200, "<html>", "text/html"), "real cannot be used: Unexpected content type: text/html"),
    "no JSON": (refusing(200, "{", "application/json"), "real cannot be used: Failed to parse JSON response"),
    "elsewhere": (
        refusing(307, "", Location="http://example.org/"),
        "real cannot be used: Redirect to http://example.org/",
    ),
    "compressed": (refusing(200, "x", "application/json", Content_Encoding="gzip"), "real "),
    "too much": (refusing(200, "[" + " " * (33 << 20), "application/json"), "real "),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_whatever_an_address_answers_is_one_line(server: Scripted, begin: Begin, case: str) -> None:
    answer, complaint = ANSWERS[case]
    server.answers(*[answer] * 4)
    with pytest.raises(CommandError) as caught:
        begin(url=f"{server.url}/mcp", timeout=5.0).tools()
    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)


def test_an_address_where_nobody_listens_is_one_line(begin: Begin) -> None:
    with pytest.raises(CommandError, match=r"^real cannot be used: "):
        begin(url="http://127.0.0.1:9/mcp").tools()


def test_headers_go_along_and_are_not_shown(server: Scripted, begin: Begin) -> None:
    server.answers(*[refusing(401, "no")] * 4)
    real = begin(
        url=f"{server.url}/mcp?key=12345678", headers={"Authorization": "Bearer ${TOKEN}"}, env={"TOKEN": "t0ken-t0ken"}
    )
    with pytest.raises(CommandError) as caught:
        real.tools()
    assert server.requests[0].headers["authorization"] == "Bearer t0ken-t0ken"
    assert "t0ken" not in str(caught.value) + real.origin
    assert "12345678" not in str(caught.value) + real.origin
