"""The live picture of a reply: what is final goes up once, what may still change stands below while it grows.

The thread that reads the network only puts events into a queue. A second thread, the painter's, takes what has
gathered there and draws a frame, at its own pace; so a token costs nothing to show, and a signal never finds a frame
half written.
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from types import FrameType
from typing import Any, TextIO

from chatrepl.events import Event, Search, Text, Thinking, Wait
from chatrepl.terminal.escapes import ERASE_BELOW
from chatrepl.terminal.screen.frame import TURNS, Frame, Look
from chatrepl.terminal.screen.painter import SHOW, Painter, size_of
from chatrepl.terminal.screen.pictures import Cited, Picture
from chatrepl.terminal.signals import handling, stop
from chatrepl.terminal.typeahead import KeyBuffer, Typed

__all__ = ["LivePicture", "Look"]

FRAMES = 20
"""At most so many frames a second."""
REST, LONGEST_REST = 5, 0.5
"""The pause after a frame, as a multiple of what the frame took and in seconds: however slow the terminal, most of the
time is not ours; and however much has come, it does not gather for long."""
SETTLED = 0.5
"""The rows that may change stay away for so many seconds after the window changed its size: changes come in swarms,
terminals tell of them when they have happened, tmux a quarter of a second later and on a busy machine more, and what is
drawn in between is torn."""
GRACE = 0.5
"""A painter that is given up gets so many seconds to end by itself, for mostly it is about to."""
SOON = 0.1
"""A reply that begins within so many seconds needs no status line before it."""


class LivePicture(Picture):
    """A reply on a terminal while it arrives. ``label`` tells who answers, ``keys`` hold what is typed meanwhile."""

    def __init__(
        self,
        out: TextIO,
        look: Look,
        label: Callable[[], str],
        *,
        keys: KeyBuffer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._label = label
        self._keys = keys
        self._clock = clock
        self._queue: queue.SimpleQueue[Event | Cited | str | None] = queue.SimpleQueue()
        self._alarm: queue.SimpleQueue[None] = queue.SimpleQueue()  # ends a pause
        self._over = False
        self._given_up = False
        self._signals = ExitStack()
        self._stopping: Mapping[int, Any] = {}
        self._painting = threading.RLock()
        self._thread = threading.Thread(target=self._run, name="painter", daemon=True)
        self._bug: BaseException | None = None
        self._painter = Painter(self._write)
        self._columns, self._rows = size_of(self._out)
        self._settled = clock()  # when the size may be relied on
        self._frame = Frame(look, self._columns, clock())

    def feed(self, event: Event | Cited) -> None:
        if self._bug:  # the terminal is gone, say: nobody reads the rest
            raise self._bug
        if isinstance(event, Text | Thinking | Search | Cited):  # nothing else is shown, or worth a frame
            self._queue.put(event)

    def waiting(self, wait: Wait) -> bool:
        self._frame.wait(wait, self._clock())
        return True

    def say(self, text: str) -> None:
        """Print a line that has nothing to do with the reply, above what may change."""
        self._queue.put(text)

    @property
    def alive(self) -> bool:
        """Whether it is on the screen now."""
        return self._thread.is_alive()

    def begin(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._signals.enter_context(handling(self._resize, "SIGWINCH"))
            self._stopping = self._signals.enter_context(handling(self._suspend, "SIGTSTP"))
        if self._keys:
            self._signals.enter_context(self._keys.noticed(lambda: self._queue.put(None)))
        self._thread.start()

    def end(self) -> None:
        self._over = True
        self._wake()
        self._join()
        self._signals.close()
        if self._bug:
            raise self._bug

    def _join(self) -> None:
        """Wait until all is painted; at Ctrl-C no longer, and then the rest of the picture is given up."""
        pressed: list[int] = []  # no Event: a second Ctrl-C, in the middle of its set(), would wait for the first
        with ExitStack() as signals:
            if threading.current_thread() is threading.main_thread():
                signals.enter_context(handling(lambda number, _frame: pressed.append(number), "SIGINT"))
            while self._thread.is_alive() and not pressed:
                self._thread.join(0.1)
            self._thread.join(GRACE)
        if self._thread.is_alive():
            self._given_up = True
            self._out.write(f"{ERASE_BELOW}{SHOW}")  # what stands there of it

    def _wake(self) -> None:
        self._queue.put(None)  # a SimpleQueue may be put into from a signal handler
        self._alarm.put(None)

    def _resize(self, _number: int, _frame: FrameType | None) -> None:
        self._wake()

    def _suspend(self, number: int, _frame: FrameType | None) -> None:
        """Stop, as Ctrl-Z asks for. What may change is away meanwhile, for others write where it stood."""
        with self._painting:
            self._follow_the_size()
            self._painter.clear()
            stop(number, self._stopping)

    # the painter's thread

    def _run(self) -> None:
        try:
            patience = SOON
            while not self._over:
                came = self._collect(patience)
                began = self._clock()
                unsettled = self._follow_the_size()
                if unsettled > 0:
                    self._pause(unsettled)
                    patience = 0.0
                    continue
                with self._painting:
                    self._paint()
                if came:  # where only the status line was drawn, what comes now need not wait
                    self._pause(max(1 / FRAMES, min(REST * (self._clock() - began), LONGEST_REST)))
                patience = 1 / TURNS
            self._collect(0)  # what wakes it at the end may have been taken already
            self._follow_the_size()
            with self._painting:
                self._painter.paint(self._frame.finish(self._clock()), (), self._columns, 0)
        except BaseException as bug:  # told in the main thread, where it can end the program
            self._bug = bug

    def _collect(self, patience: float) -> bool:
        """Wait for something to show, no longer than the status line stays true, and take all that has gathered;
        whether anything had."""
        came = False
        with suppress(queue.Empty):
            self._take(self._queue.get(timeout=patience))
            came = True
            while True:
                self._take(self._queue.get_nowait())
        return came

    def _pause(self, seconds: float) -> None:
        """Let what comes gather for so many seconds, or until the size changes or all is over."""
        with suppress(queue.Empty):
            self._alarm.get(timeout=seconds)

    def _take(self, item: Event | Cited | str | None) -> None:
        if isinstance(item, str):
            self._frame.say(item)
        elif item:
            self._frame.feed(item, self._clock())

    def _paint(self) -> None:
        typed = self._keys.typed() if self._keys else Typed()
        finished, tail = self._frame.take(self._label(), typed, self._rows - 2, self._clock())
        self._painter.paint(finished, tail, self._columns, self._rows - 1)

    def _follow_the_size(self) -> float:
        """Draw for the size that the window has; for how many seconds it may go on changing."""
        with self._painting:
            size = size_of(self._out)
            if size != (self._columns, self._rows):
                self._painter.resized(size[0])
                self._frame.resize(size[0])
                self._columns, self._rows = size
                self._settled = self._clock() + SETTLED
        return self._settled - self._clock()

    def _write(self, frame: str) -> None:
        if not self._given_up:  # others write there now
            self._out.write(frame)
            self._out.flush()
