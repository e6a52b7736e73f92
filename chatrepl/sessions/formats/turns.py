"""Turns out of the messages of other programs, which keep them in any order."""

from collections.abc import Iterable
from dataclasses import replace

from chatrepl.conversation import Message, Part, TextPart, Turn


def turns(messages: Iterable[Message]) -> list[Turn]:
    """The messages as question and answer: what follows on its like is joined to it.

    Answers before the first question are left out. A last question that nobody answered is an open turn at the end.
    """
    joined: list[Message] = []
    for message in messages:
        if joined and joined[-1].role == message.role:
            joined[-1] = _join(joined[-1], message)
        elif joined or message.role == "user":
            joined.append(message)
    return [tuple(joined[place : place + 2]) for place in range(0, len(joined), 2)]


def _join(first: Message, second: Message) -> Message:
    gap: tuple[Part, ...] = (TextPart("\n\n"),) if first.text and second.text else ()
    parts = _merged((*first.parts, *gap, *second.parts))
    return replace(second, parts=parts, model=second.model or first.model, at=first.at or second.at)


def _merged(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts, neighbouring texts as one."""
    merged: list[Part] = []
    for part in parts:
        if merged and isinstance(part, TextPart) and isinstance(last := merged[-1], TextPart):
            merged[-1] = TextPart(last.text + part.text)
        else:
            merged.append(part)
    return tuple(merged)
