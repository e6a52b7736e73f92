"""Neighbouring pieces of text as one event: what one read of the network brought is passed on in one go.

A server at full speed sends dozens of tokens in a packet. The assembler, the journal and the picture then do their
work once a packet instead of once a token, and nobody waits for it: the text is passed on before the network is
waited for again.
"""

from collections.abc import Callable
from types import TracebackType

from chatrepl.events import Event, Text, Thinking

Sink = Callable[[Event], None]


class Gathering:
    """Events on their way to sinks. Text waits until ``flush``, or until something else comes."""

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = sinks
        self._kind: type[Text] | type[Thinking] = Text
        self._texts: list[str] = []

    def feed(self, event: Event) -> None:
        """Take the next event in."""
        match event:
            case Text(text) | Thinking(text, ""):
                if type(event) is not self._kind:
                    self.flush()
                    self._kind = type(event)
                self._texts.append(text)
            case _:
                self.flush()
                self._pass_on(event)

    def flush(self) -> None:
        """Pass on the text that waits."""
        texts, self._texts = self._texts, []
        if texts:
            self._pass_on(self._kind("".join(texts)))

    def __enter__(self) -> "Gathering":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()

    def _pass_on(self, event: Event) -> None:
        for sink in self._sinks:
            sink(event)
