"""Servers of the Model Context Protocol: real ones, both eras, and the ways in which one can be odd."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatrepl.config.tools import Server
from chatrepl.errors import ChatError, CommandError, Hint
from chatrepl.text import safe
from chatrepl.text.excerpt import FOR_A_MODEL
from chatrepl.tools.children import Keeper
from chatrepl.tools.mcp import Loop, McpServer
from chatrepl.tools.programs import Surroundings
from chatrepl.tools.tool import Progress, Result, Tool, no_watch
from tests.support.server import PATIENCE

SCRIPT = str(Path(__file__).parents[1] / "support" / "mcp_server.py")

Begin = Callable[..., McpServer]


class Told(list[str]):
    """The lines that the user was told."""

    def tell(self, error: ChatError) -> None:
        self.append(str(error))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def begin(told: Told, tmp_path: Path) -> Iterator[Begin]:
    """Makes servers; the words after the settings are those of the scripted one."""
    loop, keeper = Loop(), Keeper()
    made = []

    def begin(*words: str, **settings: object) -> McpServer:
        command = (sys.executable, SCRIPT, *words) if words else ()
        spec = Server(**{"name": "odd", "command": command, "timeout": 20.0, **settings})  # type: ignore[arg-type]
        made.append(McpServer(spec, Surroundings(dict(os.environ), keeper, tmp_path), loop, told.tell))
        return made[-1]

    yield begin
    for server in made:
        server.stop()
    loop.close()
    keeper.close()


def run(server: McpServer, text: str = "hi") -> Result:
    """Call its tool ``echo``."""
    return echo(server).run({"text": text}, no_watch)


def echo(server: McpServer) -> Tool:
    return next(tool for tool in server.tools() if tool.own == "echo")


@pytest.mark.parametrize("mode", ["old", "new", "usual", "pages", "wrong-id", "notes"])
def test_a_tool_is_called(begin: Begin, told: Told, mode: str) -> None:
    server = begin(mode)
    assert server.state == "off"
    assert run(server)[:4] == ("hi", "hi", (), False)
    assert server.state == "running"
    assert not told


def test_a_server_that_chats_on_its_standard_output_is_understood(begin: Begin) -> None:
    server = begin("chatty")
    assert run(server).text == "hi"
    assert "(on standard output) hello" in server.log


def test_every_kind_of_content_is_taken(begin: Begin) -> None:
    result = run(begin("media"))
    assert [(each.mime, each.name) for each in result.media] == [
        ("image/png", ""),  # by its bytes, not by what it is said to be
        ("audio/wav", ""),
        ("image/png", "x://2"),
    ]
    assert result.text.split("\n\n") == [
        "hi",
        "[6 bytes that claim to be image/svg+xml]",
        "[image/png that cannot be read]",
        "[a link: file:///etc/passwd]",
        "embedded",
    ]


def test_an_error_of_the_server_is_a_result(begin: Begin) -> None:
    result = run(begin("error"))
    assert result.error
    assert result.text == "odd says: no such luck"


def test_progress_is_told_and_ctrl_c_cancels_the_call(begin: Begin, tmp_path: Path) -> None:
    server = begin("slow", str(tmp_path / "told"))
    tool = echo(server)
    seen: list[Progress] = []

    def interrupt() -> None:
        deadline = time.monotonic() + PATIENCE
        while not ((tmp_path / "told").exists() and len(seen) == 3) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            tool.run({"text": ""}, seen.append)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen[-1] == (2.0, 3.0, "on")
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "told").read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (tmp_path / "told").read_text() == "notifications/cancelled"


@pytest.mark.parametrize("mode", ["mute", "garbage"])
def test_a_server_that_never_answers_is_one_line(begin: Begin, mode: str) -> None:
    server = begin(mode, timeout=0.7)
    started = time.monotonic()
    with pytest.raises(CommandError, match=r"^odd did not answer within 0\.7 s$"):
        server.tools()
    assert time.monotonic() - started < 10
    assert server.state == "failed"
    assert server.late


def test_a_call_without_an_answer_is_a_result(begin: Begin) -> None:
    server = begin("silent", timeout=1.0)
    result = run(server)
    assert result.error
    assert result.text == "odd did not answer within 1 s"
    assert server.state == "running"


def test_a_server_that_ends_at_once_is_one_line(begin: Begin) -> None:
    server = begin("quits")
    with pytest.raises(CommandError) as caught:
        server.tools()
    assert str(caught.value) == "odd cannot be used: it ended (exit 1): no database"
    assert caught.value.hint == Hint("", "/mcp odd log shows what it wrote.")


def test_a_server_that_dies_in_a_call_is_started_again_at_the_next(begin: Begin, tmp_path: Path) -> None:
    server = begin("dies", str(tmp_path / "died"))
    tool = echo(server)
    result = tool.run({"text": "hi"}, no_watch)
    assert result.error
    assert result.text == "odd cannot be used: it ended (exit 3): out of luck"
    assert tool.run({"text": "again"}, no_watch).text == "again"


def test_a_flood_is_outlasted(begin: Begin) -> None:
    server = begin("flood", timeout=60.0)
    assert run(server).text == "hi"
    assert len(server.log) < 200_000


def test_a_line_without_end_ends_the_connection(begin: Begin) -> None:
    result = run(begin("long-line"))
    assert result.error
    assert result.text.startswith("odd cannot be used: it ended")


def test_its_own_requests_are_refused(begin: Begin) -> None:
    codes = run(begin("asks")).text.split()
    assert len(codes) == 3
    assert "taken" not in codes


def test_a_tool_that_changed_after_it_was_offered_is_not_run(begin: Begin) -> None:
    server = begin("changes")
    tool = echo(server)
    assert tool.run({"text": "hi"}, no_watch).text == "hi"
    deadline = time.monotonic() + PATIENCE
    while (now := echo(server)).digest == tool.digest and time.monotonic() < deadline:
        time.sleep(0.01)
    assert now.description == "Sends it to somebody else."
    assert tool.run({"text": "hi"}, no_watch).text == "Not run: the tool has changed since it was offered."
    assert now.run({"text": "hi"}, no_watch).text == "hi"


def test_five_hundred_tools_are_one_line(begin: Begin, told: Told) -> None:
    assert len(begin("many").tools()) == 500
    assert told == ["odd offers 500 tools; tools = [...] in [mcp.odd] names those you want"]


def test_a_list_without_end_has_one(begin: Begin) -> None:
    assert len(begin("endless").tools()) == 100


def test_patterns_choose_the_tools(begin: Begin) -> None:
    assert [tool.own for tool in begin("many", tools=("tool1?", "tool7")).tools()] == [
        "tool7",
        *(f"tool1{number}" for number in range(10)),
    ]


def test_the_model_knows_a_tool_by_a_name_that_is_no_other(begin: Begin) -> None:
    tools = begin("names").tools()
    names = [tool.name for tool in tools]
    assert all(name.isascii() and name.replace("_", "").replace("-", "").isalnum() for name in names)
    assert all(len(name) <= 64 for name in names)
    assert len({name.lower() for name in names}) == len(tools) == 10
    assert all(tool.shown.startswith("odd.") for tool in tools)


def test_what_a_server_says_of_its_tools_cannot_act(begin: Begin) -> None:
    tool = echo(begin("escapes"))
    assert "\x1b" in tool.description, "the model gets what the server says"
    assert safe.line(tool.shown) == tool.shown


def test_a_schema_that_is_none_leaves_its_tool_out(begin: Begin, told: Told) -> None:
    server = begin("schemas")
    assert [tool.own for tool in server.tools()] == ["echo"]
    assert told == [
        "odd: the tool deep is left out: the schema of its arguments is nested too deep",
        "odd: the tool large is left out: the schema of its arguments has 100,037 characters",
    ]


def test_an_answer_that_is_none_is_one_line(begin: Begin) -> None:
    with pytest.raises(
        CommandError, match=r"^odd says: what the protocol does not know: tools\.1\.inputSchema\.type: "
    ):
        begin("untyped").tools()


def test_a_description_has_an_end(begin: Begin) -> None:
    assert len(echo(begin("long")).description) == 8_000


def test_a_server_that_has_neither_prompts_nor_resources_says_so(begin: Begin) -> None:
    server = begin("usual")
    with pytest.raises(CommandError, match="odd says: no prompts/list"):
        server.prompts()


def test_a_command_from_a_file_that_others_can_write_is_not_run(tmp_path: Path) -> None:
    server = McpServer(
        Server("it", ("x",)), Surroundings({}, Keeper(), tmp_path), Loop(), print, "others can write the file"
    )
    with pytest.raises(CommandError, match="it is not started: others can write the file"):
        server.tools()


def test_nothing_that_a_server_writes_acts_on_the_terminal(begin: Begin) -> None:
    escapes = "\\x1b[2J\\x1b]0;owned\\x07\\u202eno database"
    server = begin(command=(sys.executable, "-c", f"import sys; sys.exit('{escapes}')"))
    with pytest.raises(CommandError) as caught:
        server.tools()
    for shown in (str(caught.value), server.failure, server.log):
        assert "no database" in shown
        assert safe.text(shown) == shown
        assert "\x1b" not in shown


def test_a_variable_that_is_not_set_is_named(begin: Begin) -> None:
    with pytest.raises(ChatError, match="odd needs WORK_TOKEN, which is not set"):
        begin(url="http://127.0.0.1:1/mcp", headers={"Authorization": "Bearer ${WORK_TOKEN}"}).tools()


def test_a_result_for_the_model_has_an_end(begin: Begin) -> None:
    result = run(begin("usual"), "x" * 200_000)
    assert len(result.whole) == 200_000
    assert len(result.text) <= FOR_A_MODEL
