"""What the configuration says of tools: programs, servers of the Model Context Protocol, and what is allowed for good.

Loaded only where a configuration speaks of them. Nothing is run and no other file is read here.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from chatrepl import dataclass, field
from chatrepl.errors import ConfigError

APPROVALS = ("ask", "allow")


@dataclass(frozen=True)
class Program:
    """A program that a model may call: a [tools.NAME] of the configuration."""

    name: str = field(default="", metadata={"key": None})
    command: tuple[str, ...] = ()
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, metadata={"free": True})
    """A whole JSON schema, or for each parameter its kind: ``{ city = "string", days = "integer = 3" }``."""
    timeout: float = 60.0
    approve: str = field(default="ask", metadata={"of": APPROVALS})
    env: Mapping[str, str] = field(default_factory=dict)
    """What it finds in its environment beside PATH, HOME and the like; ``${NAME}`` is what ours says."""


@dataclass(frozen=True)
class Server:
    """A server of the Model Context Protocol: a [mcp.NAME] of the configuration, or of a file that it imports."""

    name: str = field(default="", metadata={"key": None})
    command: tuple[str, ...] = ()
    url: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[str, ...] = ()
    """Patterns of the tools that are offered to the model; none means all."""
    approve: str = field(default="ask", metadata={"of": APPROVALS})
    timeout: float = 60.0
    path: str = field(default="", metadata={"key": None})
    """The file that says so, where it is not the configuration itself."""


@dataclass(frozen=True)
class Allowed:
    """A tool that needs no yes any more, and what it was when the user said so."""

    digest: str = ""
    origin: str = ""
    description: str = ""
    schema: str = ""


class Tools(NamedTuple):
    """All that the configuration says of tools."""

    programs: Mapping[str, Program] = MappingProxyType({})
    servers: Mapping[str, Server] = MappingProxyType({})
    imports: tuple[str, ...] = ()
    """Files with servers in the words of other programs."""
    on: tuple[str, ...] = ()
    """Those that are on from the start."""
    allowed: Mapping[str, Allowed] = MappingProxyType({})


NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9-])*", re.ASCII)
"""What a tool or a server may be called: with no two underlines, which part a server's name from its tool's."""

NAMING = "has to be letters, digits, - and single _, at most 32 of them, and begin with a letter"


def is_name(name: str) -> bool:
    """Whether a tool or a server may have that name."""
    return len(name) <= 32 and bool(NAME.fullmatch(name))


def faults(program_or_server: Program | Server) -> Iterator[str]:
    """What is wrong with it, beyond single values."""
    if not is_name(program_or_server.name):
        yield NAMING
    if isinstance(program_or_server, Program) and not program_or_server.command:
        yield "needs a command"
    if isinstance(program_or_server, Server):
        if bool(program_or_server.command) == bool(program_or_server.url):
            yield "needs a command or a url, and not both"
        if program_or_server.url and not re.match(r"https?://|\$\{", program_or_server.url):
            yield "needs a url that begins with http:// or https://"


def twins(names: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Names that differ in their case alone: nobody can tell them apart."""
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(name.lower(), name)
        if first != name:
            yield first, name


_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}", re.ASCII)


def expanded(text: str, env: Mapping[str, str], whose: str) -> str:
    """The text with ``${NAME}`` and ``${NAME:-default}`` replaced; a name that is not set is a ConfigError."""

    def value(match: re.Match[str]) -> str:
        found = env.get(match[1]) or match[2]
        if found is None:
            raise ConfigError(f"{whose} needs {match[1]}, which is not set", f"Set it: export {match[1]}=...")
        return found

    return _VARIABLE.sub(value, text)


def variables(text: str, env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables that a text names, and their values where they are set."""
    yield from ((match[1], env[match[1]]) for match in _VARIABLE.finditer(text) if env.get(match[1]))
