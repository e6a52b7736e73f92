"""Servers from the files of other programs: ``mcpServers`` as most write it, ``servers`` as VS Code does."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chatrepl.config.tools import Server, Tools, is_name
from chatrepl.errors import ChatError, CommandError, ConfigError
from chatrepl.files import reading
from chatrepl.files.writing import path_of
from chatrepl.text import safe
from chatrepl.text.shapes import items, table, text

LARGEST = 8 << 20
"""The bytes of a file with servers; ~/.claude.json holds a whole history beside them."""


def servers(said: Tools, tell: Callable[[ChatError], object]) -> Iterator[Server]:
    """All servers of a configuration: its own, and those of the files that it imports whose names are not taken yet.
    ``tell`` is given what is wrong with a file."""
    yield from said.servers.values()
    taken = {name.lower() for name in (*said.programs, *said.servers)}
    for file in said.imports:
        try:
            found, complaints = imported(path_of(file))
        except ChatError as error:
            tell(error)
            continue
        for line in complaints:
            tell(CommandError(line))
        for spec in found:
            if spec.name.lower() not in taken:
                taken.add(spec.name.lower())
                yield spec


def imported(path: Path) -> tuple[list[Server], list[str]]:
    """The servers in the file, and what is to be said of those that cannot be used. ConfigError if it has none."""
    try:
        data = reading.bounded(path, LARGEST)
    except OSError as error:
        raise ConfigError(f"{path}, which import_mcp names, cannot be read: {error.strerror}") from None
    try:
        found = json.loads(_plain(data.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        raise ConfigError(f"{path}, which import_mcp names, is not JSON") from None
    entries = table(table(found).get("mcpServers")) or table(table(found).get("servers"))
    if not entries:
        raise ConfigError(f"{path} names no servers", "It has to have mcpServers, or servers as VS Code writes them.")
    servers, complaints = [], []
    for name, entry in entries.items():
        server = _server(name, table(entry), path)
        if isinstance(server, Server):
            servers.append(server)
        elif server:
            complaints.append(f"{safe.line(name, 40)} of {path} is left out: {server}")
    return servers, complaints


def _server(name: str, entry: Mapping[str, Any], path: Path) -> Server | str:
    """The server, or why there is none; "" where it is switched off."""
    if entry.get("disabled") is True or entry.get("enabled") is False:
        return ""
    url = text(entry.get("httpUrl")) or text(entry.get("url")) or text(entry.get("serverUrl"))
    command = [text(entry.get("command")), *map(text, items(entry.get("args")))] if entry.get("command") else []
    if bool(url) == bool(command):
        return "it has neither a command nor an address" if not url else "it has a command and an address"
    if entry.get("type") == "sse":
        return "it speaks SSE, which is out of use; npx mcp-remote speaks it"
    if "${input:" in json.dumps(entry):
        return "it asks for an input of VS Code, ${input:…}; write it into [mcp.NAME]"
    if url and not re.match(r"https?://|\$\{", url):
        return "its address begins with neither http:// nor https://"
    return Server(
        _name(name),
        tuple(command),
        url,
        _texts(entry.get("env")),
        _texts(entry.get("headers")),
        tuple(map(text, items(entry.get("includeTools")))),
        path=str(path),
    )


def _name(name: str) -> str:
    """The name, in the characters that a server's name may have."""
    if is_name(name):
        return name
    fitting = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")
    return (fitting if fitting[:1].isalpha() else f"mcp-{fitting}".strip("-"))[:32].strip("-")


def _texts(value: object) -> dict[str, str]:
    """A table of texts; ``${env:NAME}``, as VS Code writes a variable, is ``${NAME}``."""
    return {name: re.sub(r"\$\{env:(\w+)\}", r"${\1}", str(each)) for name, each in table(value).items()}


_STRING = r'("(?:[^"\\\n]|\\.)*")'
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])")


def _plain(source: str) -> str:
    """JSON without the comments and last commas that VS Code allows."""
    for pattern in (_COMMENT, _LAST_COMMA):
        source = pattern.sub(lambda match: match[1] or "", source)
    return source
