"""Reasoning that stands inside the answer, as ``<think>...</think>`` at its start, told apart from it.

Many servers pass on what such models write as it is; DeepSeek's R1, Qwen and their kin do it on llama.cpp, vLLM,
LM Studio, Groq ("raw") and every older gateway.
"""

import re
from collections.abc import Iterable, Iterator

from chatrepl.errors import ChatError
from chatrepl.events import Choice, Event, Text, Thinking

OPENING, CLOSING = "<think>", "</think>"


def apart(events: Iterable[Event]) -> Iterator[Event]:
    """The same events, with the text between the marks as ``Thinking``, wherever the pieces are cut."""
    splitter, events = Splitter(), iter(events)
    try:
        for event in events:
            yield from splitter.take(event)
            if splitter.answers:  # there is no mark any more
                yield from events
    except ChatError:  # what came before it is not lost
        yield from splitter.rest()
        raise
    yield from splitter.rest()


class Splitter:
    """The same for events that come one by one."""

    def __init__(self) -> None:
        self._step = self._start
        self._held = ""  # what may be the beginning of a mark

    @property
    def answers(self) -> bool:
        """Whether the answer has begun."""
        return self._step == self._answer

    def take(self, event: Event) -> Iterator[Event]:
        """What can be told of the next event, and of what was held."""
        if isinstance(event, Text):
            self._held += event.text
            yield from self._step()
            return
        if not isinstance(event, Choice):  # which says nothing of this reply
            yield from self.rest()
        yield event

    def rest(self) -> Iterator[Event]:
        """What is still held: no mark comes out of it any more."""
        held, self._held = self._held, ""
        if held:
            yield Thinking(held) if self._step == self._thinking else Text(held)

    def _start(self) -> Iterator[Event]:
        begun = self._held.lstrip()
        blank, self._held = self._held[: len(self._held) - len(begun)], begun
        if blank:  # it may go out: the mark may still come after it
            yield Text(blank)
        if begun.startswith(OPENING):
            self._held = begun.removeprefix(OPENING)
            self._step = self._thinking
            yield from self._thinking()
        elif not OPENING.startswith(begun):
            self._step = self._answer
            yield from self._answer()

    def _thinking(self) -> Iterator[Event]:
        thought, mark, after = self._held.partition(CLOSING)
        if mark:
            self._held, self._step = after, self._break
        else:
            thought = thought[: len(thought) - _overlap(thought, CLOSING)]
            self._held = self._held[len(thought) :]
        if thought:
            yield Thinking(thought)
        if mark:
            yield from self._break()

    def _break(self) -> Iterator[Event]:
        """Blank lines between the reasoning and the answer belong to neither."""
        self._held = self._held.lstrip("\n")
        if self._held:
            self._step = self._answer
            yield from self._answer()

    def _answer(self) -> Iterator[Event]:
        held, self._held = self._held, ""
        yield Text(held)


def _overlap(text: str, mark: str) -> int:
    """How many characters at the end of the text are the beginning of the mark."""
    return next((size for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), 0)


_CLOSING = re.compile(r"^ {0,3}</think>[ \t]*(?:\n+|\Z)", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)


def parted(text: str) -> tuple[str, str]:
    """The reasoning and the answer of a whole reply; the reasoning is "" where no end of one is marked.

    The templates of R1 and its kin put ``<think>`` into the prompt, so that only its end is marked. Nobody can tell
    while a reply streams. To be on the safe side the mark has to stand on a line of its own and outside of code: a
    reply may well speak of it.
    """
    mark = _CLOSING.search(text)
    if not mark or "<think>" in text[: mark.start()] or len(_FENCE.findall(text, 0, mark.start())) % 2:
        return "", text
    return text[: mark.start()], text[mark.end() :]
