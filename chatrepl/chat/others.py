"""One question to several at once: each in a thread of its own, none of which touches the session or the screen.

Only values come back: a reply is read here when its thread has ended, or when the user has had enough; a thread that
is then still waiting for its server is left to itself, and ends within a moment.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, field

from chatrepl.chat.endings import Timing
from chatrepl.chat.reply import Reply
from chatrepl.chat.stream import HidingSecrets
from chatrepl.client.connection import Connection
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation
from chatrepl.errors import ChatError, RequestError
from chatrepl.events import Text, Thinking

TICK = 0.2
"""So often it is told how far they are, in seconds."""

PATIENCE = 0.35
"""So many seconds those that were stopped have to end."""


class Stopped(RequestError):
    """The user has had enough."""


@dataclass(eq=False)
class Other:
    """One of those that are asked, and what became of it."""

    name: str
    profile: Profile
    timing: Timing
    reply: Reply = field(default_factory=Reply)
    failure: ChatError | None = None
    told: list[str] = field(default_factory=list)
    """What it would have told the user meanwhile."""


def asked(
    others: Sequence[Other],
    asking: Conversation,
    connection: Connection,
    tick: Callable[[], object],
    awaited: Callable[[], AbstractContextManager[None]],
    *,
    stream: bool = True,
) -> Iterator[Other]:
    """Each of them as it ends; ``tick`` is called while they run. Ctrl-C, which is let through in ``awaited``, stops
    all; those are given out with what had come."""
    # No SimpleQueue: a signal that takes longer than its timeout, as Ctrl-Z does, lets it wait for ever (Python 3.11).
    done: queue.Queue[Other] = queue.Queue()
    stop = threading.Event()
    beside = [connection.beside(each.told.append, lambda seconds: rest(stop, seconds)) for each in others]
    stops = [its.client.stop for its in beside]  # made here, so that it can be stopped whatever its thread does
    threads = [
        threading.Thread(target=ask_one, args=(each, its, asking, stop, done, stream), name="asking", daemon=True)
        for each, its in zip(others, beside, strict=True)
    ]
    for thread in threads:
        thread.start()
    left = list(others)
    try:
        while left:
            with suppress(queue.Empty):
                with awaited():
                    each = done.get(timeout=TICK)
                left.remove(each)
                yield each
            tick()
    except KeyboardInterrupt:
        stop.set()
        for stopping in stops:
            stopping()
        end = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
    for each in left:
        if each.reply.ending == "failed":
            each.reply.ending, each.failure = "interrupted", None
        yield each


def ask_one(
    other: Other,
    connection: Connection,
    asking: Conversation,
    stop: threading.Event,
    done: "queue.Queue[Other]",
    stream: bool,
) -> None:
    """Ask, in a thread that has the connection for itself; it is put into ``done`` when it is over."""
    attempts = connection.attempts(other.profile)
    try:
        attempts.ready()
        with (
            closing(HidingSecrets(connection.keys.secrets, other.reply.feed)) as hiding,
            closing(attempts.events(asking, stream=stream, waiting=lambda _wait: None)) as events,
        ):
            for event in events:
                if stop.is_set():
                    raise Stopped("stopped")
                if other.timing.first is None and isinstance(event, Text | Thinking):
                    other.timing.first = time.monotonic()
                hiding.feed(event)
    except ChatError as error:
        other.failure = error
        other.reply.ending = "failed"
    finally:
        other.timing.over = time.monotonic()
        other.reply.model = other.reply.model or attempts.answering.model
        other.reply.profile = attempts.answering.name
        done.put(other)
        connection.close()


def rest(stop: threading.Event, seconds: float) -> None:
    """Sleep, unless the user has had enough."""
    if stop.wait(seconds):
        raise Stopped("stopped")
