"""Turns out of the messages of other programs, which keep them in any order."""

from collections.abc import Iterable, Iterator

from chatrepl import replace
from chatrepl.conversation import Message, Part, TextPart, ToolCallPart, ToolResultPart, Turn, with_own_ids


def turns(messages: Iterable[Message]) -> list[Turn]:
    """The messages as turns: a question, the calls of tools and their results, and the answer; what follows on its like
    is joined to it. Where calls and results lack one another, or the answer is missing, the turn ends as one that was
    broken off; ids of calls are their own.

    Answers before the first question are left out. A last question that nobody answered is an open turn at the end.
    """
    found: list[list[Message]] = []
    for message in messages:
        last = found[-1] if found else []
        if last and last[-1].role == message.role:
            last[-1] = _join(last[-1], message)
        elif message.role == "user":
            found.append([message])
        elif last:
            last.append(message)
    taken: list[Message] = []
    return [_whole(turn, taken) for turn in found]


def _whole(turn: list[Message], taken: list[Message]) -> Turn:
    """The turn with ids of its own, ``taken`` being what came before, and without results of no call."""
    whole: list[Message] = []
    for message in turn:
        if message.role == "assistant":
            whole.append(with_own_ids(message, [*taken, *whole]))
        elif message.role == "user":
            whole.append(message)
        elif len(whole) > 1 and (parts := tuple(_answers(message, whole[-1]))):
            whole.append(replace(message, parts=parts))
    if whole[-1].role == "tool":
        whole.append(Message("assistant", (), ending="interrupted"))
    taken += whole
    return tuple(_joined(whole))


def _joined(messages: list[Message]) -> Iterator[Message]:
    """The messages, answers between which nothing stands any more as one."""
    last: Message | None = None
    for message in messages:
        if last and last.role == message.role:
            last = _join(last, message)
            continue
        if last:
            yield last
        last = message
    if last:
        yield last


def _answers(results: Message, reply: Message) -> Iterator[Part]:
    """The results of the reply's calls: by the id that each names, or in their order where it names none."""
    waiting = [part for part in reply.parts if isinstance(part, ToolCallPart)]
    mine = False
    for part in results.parts:
        if not isinstance(part, ToolResultPart):
            if mine:  # a picture belongs to the result before it
                yield part
            continue
        named = (each for each in waiting if not part.id or part.id in (each.id, each.server_id))
        call = next(named, None)
        if mine := call is not None:
            waiting.remove(call)
            yield replace(part, id=call.id)


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
