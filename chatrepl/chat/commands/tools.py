"""Commands about tools: which are on, the servers that have some, and a call in full."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from chatrepl import chat
from chatrepl.chat.commands.table import SETTINGS, TALK, Suggestion, command, number, offered
from chatrepl.chat.session import Session
from chatrepl.conversation import Message, ToolCallPart, ToolResultPart
from chatrepl.errors import ChatError, CommandError, Hint
from chatrepl.text import safe
from chatrepl.text.amounts import counted
from chatrepl.text.fuzzy import there_are

if TYPE_CHECKING:
    from chatrepl.tools import Tool
    from chatrepl.tools.mcp import McpServer

LISTED = 10
"""So many tools of a server are named in the list; /mcp NAME names all."""

SHOWN = 30
"""So many prompts and resources of a server are shown."""

LARGE = 0.05
"""The share of the context from which on it is said what the definitions cost."""


def _names(session: Session) -> list[str]:
    """What can be on, without that anything is loaded or read for it."""
    said = session.config.tools
    known = [*said.programs, *said.servers] if said else []
    return session.tooling.box.names if session.tooling.box else known


def tool_words(session: Session, words: str) -> Iterable[Suggestion]:
    """What /tools takes, for completion: on or off, and names."""
    *before, last = words.split(" ")
    if not before:
        return offered(last, [("on", "let the model call it"), ("off", "let it be called no more")])
    on = session.tooling.box.on if session.tooling.box else session.tooling.names
    wanted = [name for name in _names(session) if (name in on) == (before[0] == "off")]
    return offered(last, [*((name, "") for name in wanted), ("all", "every one")])


@command("/tools", SETTINGS, "[on|off NAME ...]", complete=tool_words)
def tools(session: Session, words: str) -> None:
    """List the tools, or turn them on and off. The configuration says which there are: programs, and servers of the
    Model Context Protocol. The model may call what is on; you are asked before a call runs."""
    if words:
        _turn(session, words)
    box = chat.calling.toolbox(session)
    if not box.names:
        hint = Hint(at_prompt=f"[tools.NAME] or [mcp.NAME] in {session.paths.config} makes one.")
        raise CommandError("There are no tools yet", hint)
    with session.interrupts.awaited():  # servers that are on are started for that
        found = list(chat.calling.offered(session).values())
    rows = [_row(session, name, [tool for tool in found if (tool.server or tool.name) == name]) for name in box.names]
    session.screen.table(rows)
    _tell_cost(session, found)


def _turn(session: Session, words: str) -> None:
    how, *names = words.replace(",", " ").split()
    if how not in ("on", "off"):
        wrong = f"/tools takes on or off, not {safe.line(how, 40)!r}"
        raise CommandError(wrong, Hint(at_prompt="For example: /tools on all"))
    chat.calling.toolbox(session).turn(how == "on", names or ["all"])


def _row(session: Session, name: str, tools: "list[Tool]") -> tuple[str, str, str]:
    box = chat.calling.toolbox(session)
    on = "on" if name in box.on else "off"
    server = box.servers.get(name)
    if server is None:
        about = (session.config.tools.programs[name].description if session.config.tools else "") or "a program"
        return name, on, safe.line(about) + _weight(tools)
    if on == "off":
        return name, on, f"MCP server {safe.line(server.origin)}"
    listed = ", ".join(safe.line(tool.shown.partition(".")[2]) for tool in tools[:LISTED])
    listed += f" and {len(tools) - LISTED:,} more" if len(tools) > LISTED else ""
    return name, on, f"{listed}{_weight(tools)}" if tools else safe.line(server.failure or server.state)


def _weight(tools: "list[Tool]") -> str:
    return f" · {sum(tool.weight for tool in tools):,} tokens" if tools else ""


def _tell_cost(session: Session, tools: "list[Tool]") -> None:
    """Tell what the definitions cost, where anything is on; above a share of the context as a warning."""
    tokens, context = sum(tool.weight for tool in tools), session.rates().context(session.profile)
    if not tools:
        session.screen.say("None is on: /tools on NAME lets the model call one.", "dim")
        return
    told = f"{counted(len(tools), 'tool')} on, about {tokens:,} tokens in each request"
    if context and tokens > LARGE * context:
        told = f"{told}: {tokens / context:.0%} of the context. /tools off NAME makes it less."
        session.screen.say(told, "warning")
    else:
        session.screen.say(f"{told}.", "dim")


def server_words(session: Session, words: str) -> Iterable[Suggestion]:
    """What /mcp takes, for completion: a server, and what to do with it."""
    *before, last = words.split(" ")
    if before:
        return offered(last, [("start", ""), ("stop", ""), ("log", "what it wrote to its standard error")])
    said = session.config.tools
    return offered(
        last,
        [(name, "") for name in (session.tooling.box.servers if session.tooling.box else [])]
        or [(name, "") for name in (said.servers if said else [])],
    )


@command("/mcp", SETTINGS, "[NAME [start|stop|log]]", complete=server_words)
def mcp(session: Session, words: str) -> None:
    """List the servers of the Model Context Protocol, or show one: its state, tools, prompts, which are commands,
    and resources, which @ attaches. "start" and "stop" do
    that; "log" shows what it wrote to its standard error."""
    servers = chat.calling.toolbox(session).servers
    if not servers:
        raise CommandError(
            "There are no servers yet", Hint(at_prompt=f"[mcp.NAME] in {session.paths.config} makes one.")
        )
    name, _, verb = words.partition(" ")
    if not name:
        session.screen.table([(each.name, each.state, _about(each)) for each in servers.values()])
        return
    if name not in servers:
        raise CommandError(f"There is no server {safe.line(name, 40)!r}", there_are(servers))
    _act(session, servers[name], verb.strip())


def _about(server: "McpServer") -> str:
    return f"{server.origin} · {server.failure}" if server.failure else server.origin


def _act(session: Session, server: "McpServer", verb: str) -> None:
    if verb == "log":
        session.screen.say(server.log.rstrip() or f"{server.name} wrote nothing.")
    elif verb == "stop":
        server.stop()
        session.screen.say(f"{server.name} is stopped; its next call starts it again.", "dim")
    elif verb in ("", "start"):
        with session.interrupts.awaited():
            found = server.tools() if verb or server.state == "running" else []
        session.screen.say(f"{server.name}: {server.state}, {_about(server)}")
        for tool in found:
            session.screen.say(f"  {tool.shown}  {safe.line(tool.description, 200)}")
        _for_people(session, server)
    else:
        raise CommandError(f"/mcp takes start, stop or log, not {safe.line(verb, 40)!r}")


def _for_people(session: Session, server: "McpServer") -> None:
    """Show the prompts, as they are typed, and the resources of a server that runs."""
    if server.state != "running":
        return
    rows: list[tuple[str, str]] = []
    with suppress(ChatError), session.interrupts.awaited():  # one that has none may say so by an error
        rows += [
            (f"/{server.name}:{each.typed} {chat.served.hint(each)}".rstrip(), each.about) for each in server.prompts()
        ]
    with suppress(ChatError), session.interrupts.awaited():
        rows += [(f"@{server.name}:{each.uri}", each.name) for each in server.resources()]
    session.screen.table([(safe.line(name, 100), safe.line(about)) for name, about in rows[:SHOWN]])
    if len(rows) > SHOWN:
        session.screen.say(
            f"and {len(rows) - SHOWN:,} more; Tab behind /{server.name}: and @{server.name}: finds them.", "dim"
        )


@command("/call", TALK, "[n]")
def call(session: Session, words: str) -> None:
    """Show call n of the conversation in full, or the last one: its arguments and its result."""
    found = [each for turn in session.conversation.turns for each in called(turn)]
    if not found:
        raise CommandError("No tool was called yet")
    place = number(words, default=len(found))
    if place > len(found):
        raise CommandError(f"The conversation has only {counted(len(found), 'call')}")
    part, result = found[place - 1]
    session.screen.say(f"[{place}] {safe.line(_shown(part))}", "bold")
    session.screen.say(_pretty(part.arguments))
    session.screen.say(f"{result.failure or 'result'}:" if result else "no result", "dim")
    if result:
        session.screen.say(result.text.rstrip("\n"))


def called(messages: Iterable[Message]) -> Iterator[tuple[ToolCallPart, ToolResultPart | None]]:
    """The calls in these messages, each with its result."""
    parts = [part for message in messages for part in message.parts]
    results = {part.id: part for part in parts if isinstance(part, ToolResultPart)}
    return ((part, results.get(part.id)) for part in parts if isinstance(part, ToolCallPart))


def tell_calls(session: Session, reply: Message, turn: Iterable[Message]) -> None:
    """A line for each call of the reply, as it looked when it ran."""
    results = {part.id: result for part, result in called(turn)}
    for part in reply.parts:
        if isinstance(part, ToolCallPart):
            chat.call_lines.tell_again(session, part, results.get(part.id))


def _shown(part: ToolCallPart) -> str:
    return part.name.replace("__", ".", 1)


def _pretty(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments or "{}"), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return arguments
