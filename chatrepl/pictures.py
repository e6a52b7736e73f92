"""The pictures of a reply that is arriving: what a picture is, and those that never paint over what they wrote."""

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TextIO

from chatrepl import safe
from chatrepl.events import Event, Text
from chatrepl.waiting import Wait

if TYPE_CHECKING:
    from chatrepl.drawing import Strand


class Picture(Protocol):
    """A reply on the screen while it arrives: fed with events, over when its ``with`` ends."""

    def feed(self, event: Event) -> None: ...

    def waiting(self, wait: Wait) -> None: ...

    def __enter__(self) -> "Picture": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Blank:
    """The picture that shows nothing."""

    def feed(self, event: Event) -> None:
        pass

    def waiting(self, wait: Wait) -> None:
        pass

    def __enter__(self) -> "Blank":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class PlainPicture:
    """The bare text of a reply as it comes: for pipes, files, simple terminals and screen readers.

    To a terminal the text goes through ``safe``; a file gets it as the server sent it.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._safe = safe.Stream() if out.isatty() else None
        self._last = ""

    def feed(self, event: Event) -> None:
        if isinstance(event, Text):
            self._write(self._safe.feed(event.text) if self._safe else event.text)

    def waiting(self, wait: Wait) -> None:
        pass

    def __enter__(self) -> "PlainPicture":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._safe:
            self._write(self._safe.close())
        if self._last and not self._last.endswith("\n"):
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._out.flush()
            self._last = text


class StillPicture:
    """A reply in colours that nobody can paint over: for a pager. Only what is final is written."""

    def __init__(self, out: TextIO, strand: "Strand", *, coloured: bool) -> None:
        self._out = out
        self._strand = strand
        self._coloured = coloured

    def feed(self, event: Event) -> None:
        """Take an event in."""
        if isinstance(event, Text):
            self._strand.feed(event.text)
            self._write(self._strand.take(coloured=self._coloured))

    def waiting(self, wait: Wait) -> None:
        """Nobody can be shown that."""

    def __enter__(self) -> "StillPicture":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write(self._strand.finish(coloured=self._coloured))

    def _write(self, lines: list[str]) -> None:
        if lines:
            self._out.write("".join(f"{line}\n" for line in lines))
            self._out.flush()
