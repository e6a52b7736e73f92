"""A server of the Model Context Protocol, as the thread that acts sees it: started when needed, and again when it died.

No method leaves anything running when it is broken off by Ctrl-C, and none waits longer than the server's time limit.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from chatrepl.config.tools import Server, expanded
from chatrepl.errors import ChatError, CommandError, Hint
from chatrepl.text import safe, urls
from chatrepl.tools import results
from chatrepl.tools.children import Child, environment
from chatrepl.tools.mcp import content, listing, offers
from chatrepl.tools.mcp.ahead import Ahead
from chatrepl.tools.mcp.loop import Loop, wait
from chatrepl.tools.programs import Surroundings, command
from chatrepl.tools.tool import Result, Tool, Watch, canonical

if TYPE_CHECKING:
    from chatrepl.files.attachments import Attachment
    from chatrepl.tools.mcp.sdk import Connection, Session

LOG = 64_000
"""The bytes of a server's standard error that are kept."""


class McpServer:
    """One server. ``tell`` is given what the user should know; ``refused`` is why its command is not run, or ""."""

    def __init__(
        self, spec: Server, around: Surroundings, loop: Loop, tell: Callable[[ChatError], None], refused: str = ""
    ) -> None:
        self.spec, self._around, self._loop, self._tell, self._refused = spec, around, loop, tell, refused
        self._connection: Connection | None = None
        self._tools: list[Tool] | None = None
        self.ahead = Ahead(self._begin_to_ask)
        """What it answers to somebody who types."""
        self._changed = False
        self._ended = False
        self._errors = results.Tail(LOG)
        self._child: Child | None = None
        self._notes: list[str] = []
        self.failure = ""
        """Why it could not be used when that was last tried, "" if it could."""
        self.late = False
        """Whether it never answered when it was started; it is not waited for again by itself."""
        self._told: set[str] = set()

    @property
    def name(self) -> str:
        """What the configuration calls it."""
        return self.spec.name

    @property
    def state(self) -> str:
        """off, starting, running, ended or failed."""
        if self._connection is None:
            return "failed" if self.failure else "off"
        if self._ended:
            return "ended"
        return "running" if self._connection.ready.done() else "starting"

    @property
    def origin(self) -> str:
        """What runs, or where it is, without what only the environment knows."""
        return urls.shown(self.spec.url) if self.spec.url else canonical(list(self.spec.command))

    @property
    def log(self) -> str:
        """What it wrote to its standard error, safe to show."""
        return safe.text(self._around.hide(self._errors.text))

    def begin(self) -> None:
        """Start it, and wait for nothing. CommandError where that cannot be done at all."""
        if self._connection and not self._ended:
            return
        self.stop()
        if self._refused:
            raise CommandError(f"{self.name} is not started: {self._refused}", "Take that right away: chmod go-w FILE")
        portal = self._loop.portal
        from chatrepl.tools.mcp import sdk, transports  # the library is there, the loop has seen to that

        self._ended = self._changed = self.late = False
        self.failure = ""
        told = transports.Told(self._has_changed, self._noise, partial(setattr, self, "_ended", True))
        if self.spec.url:
            url = expanded(self.spec.url, self._around.env, self.name)
            headers = {name: expanded(value, self._around.env, self.name) for name, value in self.spec.headers.items()}
            transport = partial(transports.over_http, url, headers, self._notes)
        else:
            given = {name: expanded(value, self._around.env, self.name) for name, value in self.spec.env.items()}
            words = command(self.spec.command, self._around, self.name)
            transport = partial(transports.over_stdio, partial(self._start, words, given), portal, told)
        self._connection = sdk.Connection(portal, transport, self.spec.timeout, told)

    def stop(self) -> None:
        """End it; its next call starts it again."""
        connection, self._connection = self._connection, None
        self._tools = None
        self.ahead.forget()
        if connection:
            connection.close()

    def _has_changed(self) -> None:
        self._changed = True
        self.ahead.forget()

    def tools(self) -> list[Tool]:
        """Its tools, as they are now. ChatError where they cannot be had."""
        if self._tools is None or self._changed or self._ended:
            listed = self._ask(lambda session: session.tools())
            self._changed = False
            self._tools, complaints = listing.offered(self.spec, self.origin, listed, self._call)
            for line in complaints:
                self._warn(line)
        return self._tools

    def prompts(self) -> list[offers.Prompt]:
        """Its prompts."""
        return offers.prompts(self._ask(lambda session: session.prompts()))

    def prompt(self, name: str, arguments: Mapping[str, str]) -> offers.Asked:
        """What a prompt says, with these arguments."""
        answer = self._ask(lambda session: session.prompt(name, dict(arguments)))
        return offers.prompt(answer, self.name, self._around.hide)

    def resources(self) -> list[offers.Resource]:
        """Its resources, and the templates for more."""
        return offers.resources(self._ask(lambda session: session.resources()))

    def read(self, uri: str) -> "list[Attachment]":
        """A resource. CommandError where it is nothing to attach."""
        return offers.resource(self._ask(lambda session: session.read(uri)), self.name, self._around.hide)

    def begin_ahead(self) -> None:
        """Start it for somebody who types and waits for nothing, if it was never tried."""
        if self.state == "off" and self._loop.stands:
            with suppress(ChatError):  # told when it is needed
                self.begin()

    def _begin_to_ask(self, ask: Callable[["Session"], Any]) -> "Future[Any] | None":
        connection = self._connection
        if not connection or self._ended or not _stands(connection):
            return None
        return self._loop.start(ask, connection.ready.result())

    def _call(self, own: str, digest: str, arguments: Mapping[str, Any], watch: Watch) -> Result:
        started = time.monotonic()
        try:
            now = next((tool for tool in self.tools() if tool.own == own), None)
            if now is None or now.digest != digest:
                gone = "is not offered any more" if now is None else "has changed since it was offered"
                return results.failure(f"Not run: the tool {gone}.")
            seconds = self.spec.timeout
            answer = self._ask(lambda session: session.call(own, dict(arguments), seconds, watch))
        except ChatError as error:
            return results.failure(str(error))._replace(seconds=time.monotonic() - started)
        return content.result(answer, self._around.hide)._replace(seconds=time.monotonic() - started)

    def _ask(self, ask: Callable[["Session"], Any]) -> Any:
        """What the server answers. Whatever goes wrong is a ChatError of one line."""
        self.begin()
        from chatrepl.tools.mcp.sdk import Broken, Declined

        connection = self._connection
        assert connection
        try:
            session = wait(connection.ready, self.spec.timeout + 1)
            return wait(self._loop.start(ask, session), self.spec.timeout + 1)
        except Declined as error:
            raise CommandError(f"{self.name} says: {safe.line(str(error), 500)}") from None
        except TimeoutError:
            late = f"{self.name} did not answer within {self.spec.timeout:g} s"
            if not _stands(connection):
                self._fail(late)
                self.late = True
            raise CommandError(late, self._hint()) from None
        except Broken as error:
            self._fail(f"{self.name} cannot be used: {self._because(str(error))}")
            raise CommandError(self.failure, self._hint()) from None
        except BaseException:
            if not _stands(connection):
                self.stop()  # Ctrl-C while it started
            raise

    def _fail(self, line: str) -> None:
        self.stop()
        self.failure = line

    def _because(self, reason: str) -> str:
        """The reason, or what says more than it."""
        if self._notes:
            return f"{safe.line(self._notes[-1])} from {urls.shown(self.spec.url)}"
        last = self.log.strip().rpartition("\n")[2]
        if self._ended and self._child:
            reason = f"it ended (exit {self._child.status})"
        return safe.line(f"{reason}: {last}" if last else reason)

    def _hint(self) -> Hint:
        again = f"/mcp {self.name} start tries it again. " if self.late else ""
        log = f"/mcp {self.name} log shows what it wrote." if self._errors.text else ""
        return Hint("", f"{again}{log}".strip())

    def _start(
        self, words: list[str], given: dict[str, str], out: Callable[[bytes], None], gone: Callable[[], None]
    ) -> Child:
        """Start the child; in another thread than all else."""
        env = environment(self._around.env, given)
        self._child = Child(words, env, None, self._around.keeper, out, self._errors.feed, gone)
        return self._child

    def _noise(self, line: str) -> None:
        """Keep what is no message with what it writes to its standard error."""
        self._errors.feed(f"(on standard output) {line}\n".encode("utf-8", "replace"))

    def _warn(self, line: str) -> None:
        """Tell that, once."""
        if line not in self._told:
            self._told.add(line)
            self._tell(CommandError(line))


def _stands(connection: "Connection") -> bool:
    ready = connection.ready
    return ready.done() and not ready.cancelled() and not ready.exception()
