"""Reads what a configuration file says of tools; ``reading`` has the rest and calls this only where there is some."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chatrepl.config.tools import Allowed, Program, Server, Tools, faults, twins

if TYPE_CHECKING:
    from chatrepl.config.reading import Reader


def read(reader: "Reader", data: Mapping[str, Any]) -> Tools:
    """What the tables say; mistakes are complained of to the reader."""
    named = data.get("tools", {})
    on: Any = named if isinstance(named, list) else named.pop("on", []) if isinstance(named, dict) else []
    reader.demand(("tools",), isinstance(named, dict | list), "has to be a table, or a list of names")
    programs = _each(reader, "tools", named if isinstance(named, dict) else {}, Program)
    servers = _each(reader, "mcp", data.get("mcp", {}), Server)
    for first, name in twins({**programs, **servers}):
        place = "mcp" if name in servers else "tools"
        reader.demand((place, name), False, f"differs from {first} in its case alone")
    for name in programs.keys() & servers.keys():
        reader.demand(("mcp", name), False, "is the name of a tool already")
    allowed = {
        name: reader.fill(("allowed", name), table, Allowed())
        for name, table in data.get("allowed", {}).items()
        if reader.demand(("allowed", name), isinstance(table, dict), "has to be a table")
    }
    imports = tuple(data.get("import_mcp", ()))
    at = ("tools",) if isinstance(named, list) else ("tools", "on")
    return Tools(programs, servers, _words(reader, ("import_mcp",), imports), _words(reader, at, on), allowed)


def _words(reader: "Reader", at: tuple[str, ...], value: Any) -> tuple[str, ...]:
    words = isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)
    return tuple(value) if reader.demand(at, words, "has to be a list of names") else ()


def _each(reader: "Reader", table: str, entries: Mapping[str, Any], kind: Callable[[str], Any]) -> dict[str, Any]:
    found = {}
    for name, entry in entries.items():
        at = (table, name)
        if not reader.demand(at, isinstance(entry, dict), "has to be a table"):
            continue
        before = len(reader.mistakes)
        made = reader.fill(at, entry, kind(name))
        if len(reader.mistakes) == before:  # else its command may be what is misspelt
            _complain(reader, at, faults(made))
            found[name] = made
    return found


def _complain(reader: "Reader", at: tuple[str, ...], complaints: Iterable[str]) -> None:
    for complaint in complaints:
        reader.demand(at, False, complaint)
