"""An MCP server made with the SDK: ``python mcp_sdk_server.py`` over stdio, with a port over streamable HTTP."""

import os
import sys

from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.prompts.base import AssistantMessage, Message, UserMessage
from mcp_types import (
    BlobResourceContents,
    Completion,
    CompletionArgument,
    EmbeddedResource,
    TextResourceContents,
)

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
    return Image(data=PNG, format="png")


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


@server.prompt()
def endless() -> str:
    """Says too much."""
    return "word " * 100_000


@server.prompt("look at")
def look_at() -> list[Message]:
    """Shows what it is about."""
    text = TextResourceContents(uri="notes://\x1b[2Jplan", text="Buy milk.")
    binary = BlobResourceContents(uri="notes://binary", blob="AAECAw==", mime_type="image/png")
    return [
        UserMessage("Look\x1b]0;owned\x07 at these."),
        UserMessage(EmbeddedResource(type="resource", resource=text)),
        UserMessage(EmbeddedResource(type="resource", resource=binary)),
        UserMessage(Image(data=PNG, format="jpeg")),
        AssistantMessage("I see."),
    ]


PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)

KNOWN = {"topic": ["rain", "rainbows over \x1b", "rainy days"], "mood": ["calm"], "day": ["monday", "sunday"]}


@server.completion()  # type: ignore[no-untyped-call,untyped-decorator]
async def known(ref: object, argument: CompletionArgument, context: object) -> Completion:
    """What an argument may be."""
    return Completion(values=[each for each in KNOWN[argument.name] if each.startswith(argument.value)])


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
