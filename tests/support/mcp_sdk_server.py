"""An MCP server made with the SDK: ``python mcp_sdk_server.py`` over stdio, with a port over streamable HTTP."""

import os
import sys

from mcp.server.mcpserver import Context, Image, MCPServer

server = MCPServer("sdk")


@server.tool()
def add(a: int, b: int = 1) -> int:
    """Adds."""
    return a + b


@server.tool()
async def count(to: int, context: Context) -> str:
    """Counts, and tells how far it is."""
    for number in range(to):
        await context.report_progress(number + 1, to, f"at {number + 1}")
    return "done"


@server.tool()
def picture() -> Image:
    """A picture."""
    return Image(data=b"\x89PNG\r\n\x1a\n" + bytes(8), format="png")


@server.tool()
def fail() -> str:
    """Fails."""
    raise ValueError("no such luck")


@server.tool()
def die() -> str:
    """Ends the server."""
    os._exit(1)


@server.tool()
def long(size: int) -> str:
    """A long text."""
    return "x" * size


@server.prompt()
def haiku(topic: str, mood: str = "calm") -> str:
    """Asks for a haiku."""
    return f"A {mood} haiku about {topic}, please."


@server.resource("notes://today")
def today() -> str:
    """What is to be done."""
    return "Buy milk."


@server.resource("notes://{day}")
def other(day: str) -> str:
    """What is to be done on another day."""
    return f"Nothing on {day}."


if len(sys.argv) > 1:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]), json_response="json" in sys.argv)
else:
    server.run()
