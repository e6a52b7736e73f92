"""All that a model may call: the programs and servers of the configuration, which of them are on, and running a call.

Nothing is started before it is on and its tools are asked for. One thread uses a toolbox; what its children and
servers do meanwhile is in threads of theirs, which only hand over.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from chatrepl.config.tools import Program, Server, Tools, variables
from chatrepl.conversation import Message, ToolCallPart
from chatrepl.errors import ChatError, CommandError
from chatrepl.files.ownership import untrusted
from chatrepl.text.fuzzy import nearest, there_are
from chatrepl.text.redaction import Secrets, is_secret
from chatrepl.tools import arguments, programs, results
from chatrepl.tools.children import Keeper
from chatrepl.tools.mcp import Loop, McpServer, servers
from chatrepl.tools.programs import Surroundings
from chatrepl.tools.tool import Call, Result, Tool, Watch, no_watch

NAMED = 20
"""So many tools are named to a model that called one that is not there."""

ALL = "all"
"""The name that means every configured tool and server."""


class Toolbox:
    """The tools of a program that runs. ``tell`` is given what the user should know,
    ``secrets`` learns what is passed on."""

    def __init__(
        self, said: Tools, path: Path, env: Mapping[str, str], secrets: Secrets, tell: Callable[[ChatError], None]
    ) -> None:
        self._said, self._path, self._tell = said, path, tell
        self._keeper, self._loop = Keeper(), Loop()
        self._around = Surroundings(env, self._keeper, path.parent, secrets.hide)
        self.servers = {spec.name: self._server(spec) for spec in servers(said, tell)}
        """The servers, whether they are on or not."""
        for text in _given(said.programs.values(), [each.spec for each in self.servers.values()]):
            _learn(secrets, text, env)
        self._on: dict[str, bool] = {}
        self._failed: set[str] = set()

    @property
    def names(self) -> list[str]:
        """What can be on: the programs, and the servers."""
        return [*self._said.programs, *self.servers]

    @property
    def on(self) -> list[str]:
        """What is on, in the order of the configuration, which is the order the model reads them in."""
        return [name for name in self.names if self._on.get(name)]

    def turn(self, on: bool, names: Iterable[str]) -> None:
        """Turn these on or off: programs, servers, or ``all``. CommandError for a name that is none of them."""
        for name in names:
            if name == ALL:
                self._on = dict.fromkeys(self.names, on)
            elif name in self.names:
                self._on[name] = on
            else:
                self.demand([name])
            for each in self.servers if name == ALL else {name} & self.servers.keys():
                self.servers[each].late = False
                if not on:
                    self.servers[each].stop()

    def demand(self, names: Iterable[str]) -> None:
        """Complain of the first of the names that is no program and no server."""
        for name in names:
            if name not in self.names:
                raise CommandError(f"There is no tool or server {name!r}{nearest(name, self.names)}", self._there_are())

    def _there_are(self) -> str:
        if not self.names:
            return f"[tools.NAME] or [mcp.NAME] in {self._path} makes one."
        return there_are(self.names)

    def tools(self, waiting: Callable[[str], object] = str) -> dict[str, Tool]:
        """The tools that are on, by the names the model knows them by. Servers are started, all at once; ``waiting`` is
        told which is waited for. One that cannot be used is told once, and asked again the next time, unless it kept
        everybody waiting."""
        wanted = [name for name in self.on if name not in self.servers or not self.servers[name].late]
        for name in wanted:
            if name in self.servers:
                with suppress(ChatError):  # the next step tells it
                    self.servers[name].begin()
        found: dict[str, Tool] = {}
        for name in wanted:
            if name in self.servers and self.servers[name].state == "starting":
                waiting(name)
            try:
                found |= {tool.name: tool for tool in self._tools_of(name)}
                self._failed.discard(name)
            except ChatError as error:
                if name not in self._failed:
                    self._failed.add(name)
                    self._tell(error)
        return found

    def _tools_of(self, name: str) -> Sequence[Tool]:
        if name in self.servers:
            return self.servers[name].tools()
        if why := untrusted(self._path):
            raise CommandError(f"{name} is not run: {why}", "Take that right away: chmod go-w FILE")
        return [programs.tool(self._said.programs[name], self._around)]

    def close(self) -> None:
        """End every server and every child."""
        for server in self.servers.values():
            server.stop()
        self._loop.close()
        self._keeper.close()

    def _server(self, spec: Server) -> McpServer:
        refused = untrusted(Path(spec.path) if spec.path else self._path) if spec.command else ""
        return McpServer(spec, self._around, self._loop, self._tell, refused)


def _given(programs: Iterable[Program], servers: Iterable[Server]) -> Iterator[tuple[str, str]]:
    """All that tools are given, and its name where it has one."""
    for program in programs:
        yield from (("", word) for word in program.command)
        yield from program.env.items()
    for server in servers:
        yield from (("", word) for word in (*server.command, server.url))
        yield from (*server.env.items(), *server.headers.items())


def _learn(secrets: Secrets, given: tuple[str, str], env: Mapping[str, str]) -> None:
    """Hide what tools are given and carries secrets, whether it stands there or a variable holds it."""
    name, text = given
    for variable, value in variables(text, env):
        if is_secret(variable) or is_secret(name):
            secrets.add(value)
    if "${" not in text:
        secrets.add_headers({name: text})


def runnable(reply: Message) -> list[ToolCallPart]:
    """The calls of a reply that may run: of one that ended well. One that was cut, or broke off, may hold half a call
    that looks like a whole one."""
    if reply.ending not in ("tool_calls", "stop"):
        return []
    return [part for part in reply.parts if isinstance(part, ToolCallPart)]


def call(number: str, name: str, text: str, tools: Mapping[str, Tool]) -> Call | Result:
    """The call that a model wants, or the result that tells it why there is none."""
    tool = tools.get(name)
    if tool is None:
        known = list(tools)
        more = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
        there = there_are(known[:NAMED]) if known else "There are none."
        return results.failure(f"There is no tool {name[:80]!r}. {there.removesuffix('.')}{more}.")
    try:
        return Call(number, tool, arguments.parse(text))
    except arguments.BadArguments as error:
        return results.failure(f"{error} The call was not run.")


def run(call: Call, digest: str, watch: Watch = no_watch) -> Result:
    """Run a call that was allowed. ``digest`` is that of the call the user said yes to, in the folder it was said in:
    another call is not run with it."""
    if call.digest(os.getcwd()) != digest:
        return results.failure("Not run: the call is not the one that was allowed.")
    return call.tool.run(call.arguments, watch)
