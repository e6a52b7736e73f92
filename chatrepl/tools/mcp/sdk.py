"""The one module that knows the SDK: a connection to a server, over stdio or HTTP, with bounds on all that comes.

Everything here runs in the loop's thread, but for what reads a child's output. What goes out of here is plain data.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import anyio
import httpx2
from anyio.from_thread import BlockingPortal
from mcp import Client, MCPError
from mcp_types import (
    CONNECTION_CLOSED,
    REQUEST_TIMEOUT,
    Implementation,
    PromptListChangedNotification,
    PromptReference,
    ResourceListChangedNotification,
    ResourceTemplateReference,
    ToolListChangedNotification,
)
from pydantic import ValidationError

import chatrepl
from chatrepl.tools.mcp.transports import Told
from chatrepl.tools.tool import Progress

PAGES = 100
ITEMS = 1_000
"""More of anything that a server lists is not looked at."""


class Broken(Exception):
    """The connection is over, or never came to be; str() says why."""


class Declined(Exception):
    """The server answered with an error; str() is what it said."""


def silence() -> None:
    """The SDK's own log is nothing for the screen."""
    for name in ("mcp", "mcp_types", "httpx2", "httpcore2"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False


Transport = Callable[[], AbstractAsyncContextManager[Any]]


class Session:
    """A connection that stands. Its methods are coroutines for the loop; they raise Broken or Declined."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def about(self) -> dict[str, Any]:
        """What the server says of itself, and which protocol is spoken."""
        found = self._client.server_info
        name = f"{found.name} {found.version}".strip() if found else ""
        return {"name": name, "protocol": self._client.protocol_version}

    async def tools(self) -> list[dict[str, Any]]:
        """All its tools."""
        return await self._all(self._client.list_tools, "tools")

    async def prompts(self) -> list[dict[str, Any]]:
        """All its prompts; a server without them has none."""
        return await self._all(self._client.list_prompts, "prompts") if self._has("prompts") else []

    async def resources(self) -> list[dict[str, Any]]:
        """All its resources, and the templates of more of them."""
        if not self._has("resources"):
            return []
        templates: list[dict[str, Any]] = []
        with suppress(Declined):  # many have none and say so by an error
            templates = await self._all(self._client.list_resource_templates, "resource_templates")
        return await self._all(self._client.list_resources, "resources") + templates

    async def call(
        self, name: str, arguments: dict[str, Any], seconds: float, watch: Callable[[Progress], None]
    ) -> dict[str, Any]:
        """Call a tool."""

        async def tell(progress: float, total: float | None, message: str | None) -> None:
            watch(Progress(progress, total, message or ""))

        return await _asked(
            lambda: self._client.call_tool(name, arguments, read_timeout_seconds=seconds, progress_callback=tell)
        )

    async def prompt(self, name: str, arguments: dict[str, str]) -> dict[str, Any]:
        """The text of a prompt."""
        return await _asked(lambda: self._client.get_prompt(name, arguments))

    async def complete(self, of: str, argument: str, begun: str, others: dict[str, str]) -> list[str]:
        """What an argument of a prompt may be, or a place of a template, which has a {."""
        if not self._has("completions"):
            return []
        ref: PromptReference | ResourceTemplateReference = PromptReference(type="ref/prompt", name=of)
        if "{" in of:
            ref = ResourceTemplateReference(type="ref/resource", uri=of)
        found = await _asked(lambda: self._client.complete(ref, {"name": argument, "value": begun}, others))
        values: list[str] = found.get("completion", {}).get("values", [])
        return values[:ITEMS]

    async def read(self, uri: str) -> dict[str, Any]:
        """A resource."""
        return await _asked(lambda: self._client.read_resource(uri))

    async def listen(self) -> None:
        """Be told of changes where the newer protocol wants to be asked for that; ends when the server ends it."""
        if self._client.protocol_version < "2026":
            return
        changes = {kind: self._changes(kind) for kind in ("tools", "prompts", "resources")}
        if not any(changes.values()):
            return
        with suppress(Exception):  # a courtesy: what it tells comes to the message handler too
            async with self._client.listen(
                tools_list_changed=changes["tools"],
                prompts_list_changed=changes["prompts"],
                resources_list_changed=changes["resources"],
            ) as told:
                async for _ in told:
                    pass

    def _changes(self, kind: str) -> bool:
        return bool(getattr(getattr(self._client.server_capabilities, kind), "list_changed", None))

    def _has(self, kind: str) -> bool:
        return getattr(self._client.server_capabilities, kind) is not None

    async def _all(self, listing: Callable[..., Awaitable[Any]], kind: str) -> list[dict[str, Any]]:
        """Every page of a list, as far as there is an end to it."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(PAGES):
            page = await _answer(lambda at=cursor: listing(cursor=at))  # type: ignore[misc]
            found += [_plain(item) for item in getattr(page, kind)[: ITEMS - len(found)]]
            cursor, before = page.next_cursor, cursor
            if not cursor or cursor == before or len(found) >= ITEMS:
                break
        return found


class Connection:
    """A connection in the making, and its end. Made and used by the thread that acts."""

    def __init__(self, portal: BlockingPortal, transport: Transport, seconds: float, told: Told) -> None:
        self._portal = portal
        self.ready: Future[Session] = Future()
        """The session, once it stands; Broken if it never does."""
        self._stop = portal.call(anyio.Event)
        self._task = portal.start_task_soon(serve, transport, seconds, told, self._stands, self._stop)
        self._task.add_done_callback(self._over)

    def _stands(self, session: Session) -> None:
        if not self.ready.done():
            self.ready.set_result(session)

    def _over(self, task: "Future[None]") -> None:
        if not self.ready.done():
            failed = None if task.cancelled() else task.exception()
            self.ready.set_exception(failed or Broken("it was stopped"))

    def close(self) -> None:
        """End it, without waiting for that; one that does not stand yet is broken off."""
        if not self.ready.done() or self.ready.cancelled() or self.ready.exception():
            self._task.cancel()
        with suppress(RuntimeError):
            self._portal.start_task_soon(self._stop.set)


async def serve(
    transport: Transport, seconds: float, told: Told, ready: Callable[[Session], None], stop: anyio.Event
) -> None:
    """Hold a connection until it is told to stop; ``ready`` is called once it stands. Raises Broken."""
    try:
        try:
            await _hold(transport, "legacy", seconds, told, ready, stop)
        except (MCPError, RuntimeError) as error:
            # The handshake that nearly all servers know was refused: perhaps this one is of those that know it no more.
            if isinstance(error, MCPError) and error.code in (CONNECTION_CLOSED, REQUEST_TIMEOUT):
                raise
            await _hold(transport, "auto", seconds, told, ready, stop)
    except Exception as error:
        if isinstance(error, MCPError) and error.code == REQUEST_TIMEOUT:
            raise TimeoutError from None
        raise Broken(_reason(error)) from None


async def _hold(
    transport: Transport,
    mode: str,
    seconds: float,
    told: Told,
    ready: Callable[[Session], None],
    stop: anyio.Event,
) -> None:
    async def heard(message: object) -> None:
        changes = ToolListChangedNotification | PromptListChangedNotification | ResourceListChangedNotification
        if isinstance(message, changes):
            told.changed()

    ours = Implementation(name="chatrepl", version=chatrepl.__version__)
    client = Client(
        transport(), mode=mode, client_info=ours, message_handler=heard, cache=None, read_timeout_seconds=seconds
    )
    stands = False
    try:
        async with client, anyio.create_task_group() as tasks:
            session = Session(client)
            stands = True
            ready(session)
            tasks.start_soon(session.listen)
            await stop.wait()
            tasks.cancel_scope.cancel()
    except Exception as error:
        if stands:  # how it ends is nobody's concern any more
            raise Broken(_reason(error)) from None
        raise _first(error) from None


async def _asked(ask: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    """What the server answers, as plain data."""
    return _plain(await _answer(ask))


async def _answer(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What the server answers."""
    try:
        return await ask()
    except MCPError as error:
        if error.code == CONNECTION_CLOSED or error.error.message == "Session terminated":
            raise Broken("it ended the connection") from None
        if error.code == REQUEST_TIMEOUT:
            raise TimeoutError from None
        raise Declined(error.error.message) from None
    except ValidationError as error:
        first = error.errors()[0]
        raise Declined(f"what the protocol does not know: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (RuntimeError, ValueError) as error:  # what it answers is not what it said it would answer
        raise Declined(str(error)) from None
    except (OSError, httpx2.HTTPError, anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
        raise Broken(_reason(error)) from None


def _plain(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(model.model_dump_json(by_alias=True, exclude_none=True))
    return found


def _first(error: BaseException) -> Exception:
    """The failure within groups of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, Exception) else Broken("it was cancelled")


def _reason(error: BaseException) -> str:
    found = _first(error)
    if isinstance(found, MCPError):
        said = re.sub(r": \d+ validation errors? for .*", "", found.error.message, flags=re.DOTALL)
        return "it ended the connection" if found.code == CONNECTION_CLOSED else said
    if isinstance(found, TimeoutError):
        return "it did not answer"
    return str(found) or type(found).__name__
