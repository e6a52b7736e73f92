"""The pictures of a reply that is arriving: what a picture is, and those that never paint over what they wrote."""

import math
from collections.abc import Callable, Iterable
from threading import Lock, Timer
from typing import TYPE_CHECKING, NamedTuple, Self, TextIO

from chatrepl.events import NOTICEABLE, Event, Search, Text, Thinking, Wait
from chatrepl.text import safe

if TYPE_CHECKING:
    from chatrepl.terminal.drawing import Line, Rendering


class Cited(NamedTuple):
    """A mark for a source that belongs in the text that came: ``behind`` is what of the text stands behind it. A
    picture that has drawn that place, and cannot draw it anew, calls ``missed``."""

    number: int
    url: str
    behind: str
    missed: Callable[[], object]

    @property
    def mark(self) -> str:
        """The mark as plain text."""
        return f"[{self.number}]"


class Picture:
    """A reply on the screen while it arrives: fed with events, over when its ``with`` ends. This one shows nothing."""

    def feed(self, event: Event | Cited) -> None:
        """Take the next event in."""

    def waiting(self, wait: Wait) -> bool:
        """Show what is waited for; whether that is shown while it lasts."""
        return False

    def begin(self) -> None:
        """The request goes out."""

    def end(self) -> None:
        """Nothing comes any more."""

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()


def told_of_search(event: Search) -> str:
    """The line that tells of a search that is over; "" for one of which there is nothing to tell."""
    query = safe.line(event.query, 200)
    if event.over and event.failure:
        return f"search failed: {safe.line(event.failure, 60)}" + (f" ({query})" if query else "")
    return f"searched: {query}" if event.over and query else ""


class PlainPicture(Picture):
    """The bare text of a reply as it comes: for pipes, files, simple terminals and screen readers.

    To a terminal the text goes through ``safe``; a file gets it as the server sent it. Where there is ``tell``, it is
    told once, on a line above the reply, that it takes its time, and once that the model thinks; ``label`` is who does.
    """

    def __init__(self, out: TextIO, label: Callable[[], str], tell: Callable[[str], object] | None = None) -> None:
        self._out = out
        self._label = label
        self._tell = tell
        self._safe = safe.Stream() if out.isatty() else None
        self._last = ""
        self._begun = self._late = False
        self._timer: Timer | None = None
        self._lock = Lock()  # no line is told in the middle of the reply

    def feed(self, event: Event | Cited) -> None:
        if isinstance(event, Text | Thinking) and event.text and not self._begun:
            self._begin()
            if isinstance(event, Thinking) and self._tell:
                self._tell(f"{self._who()} thinks; Ctrl-C stops.")
        if isinstance(event, Text):
            self._write(self._safe.feed(event.text) if self._safe else event.text)
        elif isinstance(event, Cited):
            self._cite(event)
        elif isinstance(event, Search) and self._tell and (told := told_of_search(event)):
            self._begin()
            self._write("\n" if self._last and not self._last.endswith("\n") else "")
            self._tell(told)

    def _cite(self, cited: Cited) -> None:
        if cited.behind or not self._safe:  # what is piped on is what the server sent
            cited.missed()
        else:
            self._write(self._safe.close() + cited.mark)

    def waiting(self, wait: Wait) -> bool:
        if self._timer:
            self._timer.cancel()
        if self._tell and not (self._begun or self._late or wait.exact):
            self._timer = Timer(NOTICEABLE, self._told, [self._tell, wait])
            self._timer.daemon = True
            self._timer.start()
        return False

    def _told(self, tell: Callable[[str], object], wait: Wait) -> None:
        with self._lock:
            if not self._begun:
                self._late = True
                limit = f", at most {wait.seconds:.0f} s" if math.isfinite(wait.seconds) else ""
                tell(f"{self._who()}: {safe.line(wait.what, 60)}{limit}; Ctrl-C stops.")

    def _who(self) -> str:
        return safe.line(self._label(), 40)

    def _begin(self) -> None:
        """No wait is told from now on."""
        with self._lock:
            self._begun = True
        if self._timer:
            self._timer.cancel()

    def end(self) -> None:
        self._begin()
        if self._safe:
            self._write(self._safe.close())
        if self._last and not self._last.endswith("\n"):
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._out.flush()
            self._last = text


class StillPicture(Picture):
    """A reply in colours that cannot be painted over: for a pager. Only what is final is written."""

    def __init__(self, out: TextIO, text: "Rendering", *, coloured: bool) -> None:
        self._out = out
        self._text = text
        self._coloured = coloured

    def feed(self, event: Event | Cited) -> None:
        if isinstance(event, Text):
            self._text.feed(event.text)
            self._write(self._text.take())
        elif isinstance(event, Cited) and not self._text.cite(event.number, event.url, event.behind):
            event.missed()

    def end(self) -> None:
        self._write(self._text.finish())

    def _write(self, lines: "Iterable[Line]") -> None:
        from chatrepl.terminal.drawing import ansi  # not before there is something to draw

        if drawn := "".join(f"{ansi(line, coloured=self._coloured)}\n" for line in lines):
            self._out.write(drawn)
            self._out.flush()
