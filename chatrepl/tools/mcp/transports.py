"""The two ways to an MCP server: the lines of a child, and streamable HTTP. Both with bounds on all that comes.

Everything here runs in the loop's thread, but for what reads a child's output.
"""

import queue
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import anyio
import httpx2
from anyio.from_thread import BlockingPortal
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from chatrepl.text import urls
from chatrepl.tools.children import Child

LINE = 32 << 20
"""The bytes of a message of a server; a longer one ends the connection."""

Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]


class Told(NamedTuple):
    """Who is told what a server does unasked, from the loop's thread or another one."""

    changed: Callable[[], None]
    """Its tools, prompts or resources are others now."""
    noise: Callable[[str], None]
    """It wrote a line that is no message."""
    ended: Callable[[], None]
    """It ended by itself."""


Start = Callable[[Callable[[bytes], None], Callable[[], None]], Child]
"""Starts the child; it is given who takes its output, and who is told of its end."""


@asynccontextmanager
async def over_stdio(start: Start, portal: BlockingPortal, told: Told) -> AsyncIterator[Streams]:
    """The streams of a server that is a child of ours, one message a line."""
    into, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, out_of = anyio.create_memory_object_stream[SessionMessage](0)

    def message(line: bytes) -> None:
        with suppress(RuntimeError, anyio.BrokenResourceError, anyio.ClosedResourceError):  # nobody listens any more
            try:
                portal.call(into.send, SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False)))
            except ValueError:
                told.noise(line[:1000].decode("utf-8", "replace"))

    def gone() -> None:
        if not leaving.is_set():
            told.ended()
        with suppress(RuntimeError):
            portal.call(into.close)

    leaving = threading.Event()
    lines = Lines(message, lambda: None)
    try:
        child = await anyio.to_thread.run_sync(start, lines.feed, gone)
    except BaseException:
        for stream in (into, incoming, outgoing, out_of):
            stream.close()
        raise
    lines.too_long = child.kill  # what comes behind such a line cannot be told apart
    waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    threading.Thread(target=_write, args=(child, waiting), daemon=True).start()

    async def pass_on() -> None:
        async for each in out_of:
            waiting.put(each.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")

    async with into, outgoing, out_of, anyio.create_task_group() as tasks:
        tasks.start_soon(pass_on)
        try:
            yield incoming, outgoing
        finally:
            leaving.set()
            incoming.close()
            with anyio.CancelScope(shield=True):
                waiting.put(None)
                await anyio.to_thread.run_sync(child.leave)
            tasks.cancel_scope.cancel()


def _write(child: Child, waiting: "queue.SimpleQueue[bytes | None]") -> None:
    with suppress(OSError, ValueError):
        while data := waiting.get():
            child.write(data)


class Lines:
    """Bytes into lines, each of them bounded."""

    def __init__(self, each: Callable[[bytes], None], too_long: Callable[[], object]) -> None:
        self._each, self.too_long = each, too_long
        self._held: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        *whole, rest = data.split(b"\n")
        for line in whole:
            line = b"".join((*self._held, line)).strip()
            self._held, self._size = [], 0
            if line:
                self._each(line)
        self._size += len(rest)
        if self._size > LINE:
            self._held, self._size = [], 0
            self.too_long()
        elif rest:
            self._held.append(rest)


@asynccontextmanager
async def over_http(url: str, headers: Mapping[str, str], notes: list[str]) -> AsyncIterator[Any]:
    """The streams of a server at an address. What it answers with an error status is noted."""

    async def look(response: httpx2.Response) -> None:
        if response.status_code >= 400:
            notes[:] = [f"{response.status_code} {response.reason_phrase}".strip()]
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise httpx2.DecodingError("it compresses what it was asked not to", request=response.request)
        if "text/event-stream" not in response.headers.get("content-type", ""):
            response.stream = _Bounded(response.stream)

    timeout = httpx2.Timeout(30, read=None)  # how long a call may take is decided by who waits for it
    sent, proxied = {**headers, "accept-encoding": "identity"}, not urls.is_loopback(url)
    hooks = {"response": [look]}
    async with (
        httpx2.AsyncClient(headers=sent, timeout=timeout, event_hooks=hooks, trust_env=proxied) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=LINE) as streams,
    ):
        yield streams


class _Bounded(httpx2.AsyncByteStream):
    """A body that fails when it gets too long."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._inner:
            size += len(piece)
            if size > LINE:
                raise httpx2.ReadError(f"an answer of more than {LINE >> 20} MiB")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()
