"""The tools that a server lists, as they are offered to a model: those that are wanted, and that can be."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from chatrepl.config.tools import Server
from chatrepl.text import safe
from chatrepl.text.shapes import table, text
from chatrepl.tools import names, schemas
from chatrepl.tools.tool import Result, Tool, Watch

DESCRIPTION = 8_000
"""The characters of a tool's description that a model gets."""

MANY = 100
"""So many tools are worth a line, for a model reads them all with each question."""

Call = Callable[[str, str, Mapping[str, Any], Watch], Result]
"""Calls a tool by its own name, if it is still the one of that digest."""


def offered(spec: Server, origin: str, listed: list[dict[str, Any]], call: Call) -> tuple[list[Tool], list[str]]:
    """The tools, and what the user should know of those that are left out, or of how many there are."""
    wanted = {name: raw for raw in listed if _wanted(spec, name := text(raw.get("name")))}
    called = names.names(spec.name, wanted)
    made, complaints = [], []
    for own, raw in wanted.items():
        try:
            made.append(_tool(spec, called[own], own, origin, raw, call))
        except schemas.NoSchema as error:
            why = safe.line(str(error))
            complaints.append(f"{spec.name}: the tool {safe.line(own, 60)} is left out: {why}")
    if len(made) > MANY:
        wish = f"tools = [...] in [mcp.{spec.name}] names those you want"
        complaints.append(f"{spec.name} offers {len(made)} tools; {wish}")
    return made, complaints


def _wanted(spec: Server, own: str) -> bool:
    return not spec.tools or any(fnmatchcase(own, pattern) for pattern in spec.tools)


def _tool(spec: Server, name: str, own: str, origin: str, raw: Mapping[str, Any], call: Call) -> Tool:
    said = text(raw.get("description")) or text(raw.get("title"))
    description = said if len(said) <= DESCRIPTION else said[: DESCRIPTION - 1] + "…"
    schema = schemas.checked(raw.get("inputSchema"))

    def run(arguments: Mapping[str, Any], watch: Watch) -> Result:
        return call(own, made.digest, arguments, watch)

    annotations = table(raw.get("annotations"))
    made = Tool(name, spec.name, own, description, schema, origin, run, spec.approve, annotations)
    return made
