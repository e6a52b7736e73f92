"""The live picture of a reply: what is final goes up once, a small panel below shows the rest while it grows.

The thread that reads the network only puts events into a queue. A second thread, the painter's, takes what has
gathered there and draws a frame, at its own pace; so a token costs nothing to show, and a signal never finds a frame
half written.
"""

import math
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from types import FrameType, TracebackType
from typing import Any, TextIO

from chatrepl import dataclass
from chatrepl.events import NOTICEABLE, Event, Text, Thinking, Wait
from chatrepl.terminal.drawing import Aside, Drawing, Line, Strand, ansi, panel
from chatrepl.terminal.screen.painter import Painter
from chatrepl.terminal.signals import handling
from chatrepl.text import charset, safe

FRAMES = 20
"""At most so many frames a second."""
REST, LONGEST_REST = 5, 0.5
"""The pause after a frame, as a multiple of what the frame took and in seconds: however slow the terminal, most of the
time is not ours; and however much has come, it does not gather for long."""
TAIL_ROWS = 10
"""The panel's height without its title: enough to see what is being written, too little to make a screen jump."""
MARGIN = 5
"""Columns the panel leaves free, so that its rows do not wrap when the terminal is made a little narrower."""
SETTLED = 0.5
"""The panel stays away for so many seconds after the window changed its size: changes come in swarms, terminals tell of
them when they have happened, tmux a quarter of a second later and on a busy machine more, and a panel drawn in between
is torn."""
GRACE = 0.5
"""A painter that is given up gets so many seconds to end by itself, for mostly it is about to."""
SOON = 0.1
"""A reply that begins within so many seconds needs no title before it."""
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


@dataclass(frozen=True, slots=True)
class Look:
    """How a reply is drawn."""

    theme: str = "dark"
    coloured: bool = True
    hyperlinks: bool = False
    thinking: str = "on"
    """The model's reasoning: "on" shows it, "line" counts it in the title, "off" does not."""


class LivePicture:
    """A reply on a terminal while it arrives. ``label`` tells for the panel's title who answers."""

    def __init__(
        self,
        out: TextIO,
        look: Look,
        label: Callable[[], str],
        *,
        wraps_anew: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._look = look
        self._label = label
        self._clock = clock
        self._begun = clock()
        self._queue: queue.SimpleQueue[Event | str | None] = queue.SimpleQueue()
        self._alarm: queue.SimpleQueue[None] = queue.SimpleQueue()  # ends a pause
        self._over = False
        self._given_up = False
        self._signals = ExitStack()
        self._stopping: Mapping[int, Any] = {}
        self._painting = threading.RLock()
        self._thread = threading.Thread(target=self._run, name="painter", daemon=True)
        self._bug: BaseException | None = None
        self._painter = Painter(self._write, wraps_anew=wraps_anew)
        self._columns, self._rows = self._size()
        self._settled = self._begun  # when the size may be relied on
        self._strand: Strand | None = None
        self._hidden = 0  # characters of reasoning that are not shown
        self._notes: list[str] = []
        self._noted = False  # whether there were any
        self._wait: tuple[Wait, float] | None = None  # and since when

    def feed(self, event: Event) -> None:
        """Take an event in. Costs next to nothing."""
        if isinstance(event, Text | Thinking):  # nothing else is shown, or worth a frame
            self._queue.put(event)

    def waiting(self, wait: Wait) -> None:
        """Tell in the title what is waited for, once there is a frame to draw."""
        self._wait = wait, self._clock()

    def say(self, text: str) -> None:
        """Print a line that has nothing to do with the reply, above the panel."""
        self._queue.put(text)

    @property
    def alive(self) -> bool:
        """Whether it is on the screen now."""
        return self._thread.is_alive()

    def __enter__(self) -> "LivePicture":
        if threading.current_thread() is threading.main_thread():
            self._signals.enter_context(handling(self._resize, "SIGWINCH"))
            self._stopping = self._signals.enter_context(handling(self._suspend, "SIGTSTP"))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
            self._out.write("\r\n")  # below what stands there of it

    def _wake(self) -> None:
        self._queue.put(None)  # a SimpleQueue may be put into from a signal handler
        self._alarm.put(None)

    def _resize(self, _number: int, _frame: FrameType | None) -> None:
        self._wake()

    def _suspend(self, number: int, _frame: FrameType | None) -> None:
        """Stop, as Ctrl-Z asks for. The panel is away meanwhile, for others write where it stood."""
        with self._painting:
            self._follow_the_size()
            self._painter.clear()
            handler = signal.signal(number, self._stopping.get(number, signal.SIG_DFL))
            signal.raise_signal(number)
            signal.signal(number, handler)

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
                    self._frame()
                if came:  # where only the title was drawn, what comes now need not wait
                    self._pause(max(1 / FRAMES, min(REST * (self._clock() - began), LONGEST_REST)))
                patience = 0.25 if self._strand is None else 1.0
            self._collect(0)  # what wakes it at the end may have been taken already
            self._follow_the_size()
            with self._painting:
                self._finish()
        except BaseException as bug:  # told in the main thread, where it can end the program
            self._bug = bug

    def _collect(self, patience: float) -> bool:
        """Wait for something to show, no longer than the title stays true, and take all that has gathered; whether
        anything had."""
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

    def _take(self, item: Event | str | None) -> None:
        match item:
            case Text(text) if text:
                self._into(Drawing).feed(text)
            case Thinking(text) if text and self._look.thinking == "on":
                self._into(Aside).feed(text)
            case Thinking(text):
                self._hidden += len(text)
            case str():
                self._noted = True
                self._notes += item.split("\n")

    def _into(self, kind: type[Drawing] | type[Aside]) -> Strand:
        """The strand of text of that kind; another one before it ends here."""
        if self._strand is None or not isinstance(self._strand.drawing, kind):
            if self._strand:
                self._notes += [*self._strand.finish(coloured=self._look.coloured), ""]
            elif self._noted:
                self._notes.append("")
            new = Aside(self._columns) if kind is Aside else self._new_drawing()
            self._strand = Strand(new)
        return self._strand

    def _new_drawing(self) -> Drawing:
        look = self._look
        return Drawing(self._columns, theme=look.theme, hyperlinks=look.hyperlinks, encoding=self._out.encoding)

    def _frame(self) -> None:
        strand, width = self._strand, max(self._columns - MARGIN, 10)
        finished, tail = self._notes, list[Line]()
        self._notes = []
        if strand:
            finished += strand.take(coloured=self._look.coloured)
            tail = strand.drawing.tail(max(min(TAIL_ROWS, self._rows - 3), 1), width - 2)
        # a small character set makes rows longer: the panel is cut, and then measured, as it will stand there
        tail = [tuple(segment._replace(text=self._fitting(segment.text)) for segment in line) for line in tail]
        panelled = panel(tail, self._fitting(self._title()), width, theme=self._look.theme)
        rows = [self._fitting(ansi(row, coloured=self._look.coloured)) for row in panelled]
        self._painter.paint(finished, rows, self._columns, self._rows - 1)

    def _fitting(self, text: str) -> str:
        return charset.fitting(text, self._out.encoding)

    def _finish(self) -> None:
        finished = self._notes + (self._strand.finish(coloured=self._look.coloured) if self._strand else [])
        self._painter.paint(finished, (), self._columns, 0)

    def _follow_the_size(self) -> float:
        """Draw for the size that the window has; for how many seconds it may go on changing."""
        with self._painting:
            size = self._size()
            if size != (self._columns, self._rows):
                self._painter.resized(size[0])
                if self._strand:
                    self._strand.drawing.resize(size[0])
                self._columns, self._rows = size
                self._settled = self._clock() + SETTLED
        return self._settled - self._clock()

    def _title(self) -> str:
        seconds, label = self._clock() - self._begun, safe.line(self._label(), 40)
        if self._strand is None:
            spin = SPINNER[int(seconds * 4) % len(SPINNER)]
            count = f", {self._hidden} characters so far" if self._look.thinking == "line" else ""
            doing = f" thinks{count} · {seconds:.0f} s" if self._hidden else self._waits()
            return f"{spin} {label}{doing or f' is asked · {seconds:.0f} s'} · Ctrl-C stops"
        return f"{label} · {seconds:.0f} s{self._waits()} · Ctrl-C stops"

    def _waits(self) -> str:
        """What is waited for and for how long, once it takes so long that one may wonder."""
        wait, since = self._wait or (Wait("", 0), self._begun)
        seconds = self._clock() - since
        if wait.exact:
            return f" · {wait.what} in {math.ceil(max(wait.seconds - seconds, 0))} s"
        if not wait.what or seconds < NOTICEABLE:
            return ""
        limit = f" of {wait.seconds:.0f}" if math.isfinite(wait.seconds) else ""
        return f" · {safe.line(wait.what, 60)} · {seconds:.0f}{limit} s"

    def _size(self) -> tuple[int, int]:
        try:
            columns, rows = os.get_terminal_size(self._out.fileno())
        except (OSError, ValueError):
            return 80, 24
        return columns or 80, rows or 24

    def _write(self, frame: str) -> None:
        if not self._given_up:  # others write there now
            self._out.write(frame)
            self._out.flush()
