"""Commands that look behind the conversation: what goes to the server, and what the model thinks."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chatrepl import client, dialects, replace
from chatrepl.chat.commands.table import SETTINGS, WHO, Suggestion, command, number, offered
from chatrepl.chat.gauge import said, size_of, weight
from chatrepl.chat.session import Session
from chatrepl.config import settings
from chatrepl.config.config import Profile, model_of
from chatrepl.config.facts import EFFORTS
from chatrepl.config.place import Replay
from chatrepl.conversation import (
    Conversation,
    FilePart,
    ImagePart,
    MediaPart,
    Message,
    Part,
    SourcePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    question,
)
from chatrepl.dialects import Request, dialect
from chatrepl.dialects.unsent import unsent
from chatrepl.errors import ChatError, CommandError
from chatrepl.terminal.screen.screen import show_reasoning
from chatrepl.text import safe, urls
from chatrepl.text.amounts import counted

SHOWN = 20
"""How many messages have a line of their own; those before are told together."""


@command("/request", WHO, "[full]", complete=lambda session, words: offered(words, [("full", "the body as JSON")]))
def request(session: Session, words: str) -> None:
    """Show what the next request will contain. That is the address, the messages with their sizes and shares, the
    parameters, and what of the conversation is not sent; "full" shows the whole body as JSON. The key is never shown.
    Tokens are estimated; where the server counts for nothing (Anthropic, Gemini, llama.cpp) it is asked for the sum."""
    if words not in ("", "full"):
        raise CommandError(f"/request knows full, not {safe.line(words, 40)!r}")
    profile = session.connection.expected(session.profile)
    speaks, talk, say = (
        dialect(profile.dialect),
        client.spoken(profile, replace(session.conversation, schema=session.answer_schema)),
        session.screen.say,
    )

    def asking(conversation: Conversation, text: str) -> Request:
        whole = conversation.asking(question(text))
        return dialects.request(profile, whole, "", stream=session.ui.stream)

    coming, raw = asking(talk, "?"), asking(Conversation(), "?")
    alone = coming == raw  # nothing that was said goes along
    left = [] if alone else unsent(speaks, profile, talk)
    if words:
        body = json.dumps(coming.body, ensure_ascii=False, indent=2)
        session.screen.verbatim(session.connection.keys.secrets.hide(body))
        return
    place = urls.shown(coming.url) if profile.place.remote else profile.place.shown
    say(f"{coming.method} {place}")
    say(f"{profile.name} · {model_of(profile)} · {profile.dialect}")
    session.screen.table(
        [*_rows(Conversation() if alone else talk, left, session.gauge.estimate), ("user", "what you type next")]
    )
    if (tokens := _counted(session, profile, talk)) is not None:
        say(f"The server counts {counted(tokens, 'token')}.")
    for name, value in _parameters(coming, asking(Conversation("!"), "!")):
        say(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    if alone and (talk.turns or talk.system):
        say("The conversation so far is kept but not sent: only what you type is.", "warning")
    for line in _stays(left, profile.dialect):
        say(line, "warning")


def _counted(session: Session, profile: Profile, talk: Conversation) -> int | None:
    """What its server counts the conversation as, where it does so for nothing."""
    place = session.answering.place
    if not talk.turns or isinstance(place, Replay) or not place.url:  # a model on this machine is not begun for it
        return None
    try:
        with session.interrupts.awaited():
            ready, key = session.connection.ready(profile)
            whole = dialects.request(ready, talk.asking(question("?")), key, stream=False)
            return client.counted(session.connection.client, ready, whole, key)
    except ChatError:
        return None


_THINKING = {"on": "shown", "line": "folded into a line", "off": "hidden"}


@command("/thinking", SETTINGS, "[on|line|off|n]", complete=lambda session, words: offered(words, _THINKING.items()))
def thinking(session: Session, words: str) -> None:
    """Show, fold or hide the model's reasoning, or show that of reply n, without words that of the last. "line" leaves
    a line of it when it is over; it is kept all the same."""
    if words.isdecimal():
        _show_thinking(session, number(words, default=0, most=len(session.conversation.turns)))
        return
    if words:
        session.ui, session.profile = settings.changed("thinking", words, session.ui, session.profile)
    elif any(message.thinking.strip() for message in (session.conversation.turns or [()])[-1]):
        _show_thinking(session, len(session.conversation.turns))
    session.screen.say(f"The model's reasoning is {_THINKING[session.ui.thinking]}.", "dim")


def _show_thinking(session: Session, place: int) -> None:
    turns = session.conversation.turns
    thought = "\n\n".join(filter(None, (message.thinking.strip() for message in turns[place - 1])))
    if not thought:
        raise CommandError(f"Reply {place} came without reasoning")
    show_reasoning(session.screen, thought)


def effort_words(session: Session, words: str) -> Iterable[Suggestion]:
    """The words that the model takes, for completion."""
    from chatrepl.dialects import effort  # when it is typed

    return offered(words, [*((each, "") for each in effort.levels(session.profile)), ("off", "leave it to the model")])


@command("/effort", SETTINGS, "[level]", complete=effort_words)
def effort(session: Session, words: str) -> None:
    """Show or set how much the model thinks. One word for every vendor: none, minimal, low, medium, high, xhigh or max;
    the nearest that the model takes is sent. off leaves it to the model."""
    from chatrepl.dialects import effort as words_of  # not before the first question

    if words:
        session.ui, session.profile = settings.changed("effort", words.lower(), session.ui, session.profile)
    takes, asked = words_of.levels(session.answering), str(session.profile.options.get("effort", "off"))
    if not takes:
        session.screen.say(f"{session.profile.dialect} has no word for how much a model thinks.", "warning")
        return
    told = "The effort is left to the model" if asked == "off" else f"The effort is {asked}"
    if asked != "off" and (sent := words_of.nearest(words_of.checked(asked), takes)) != asked:
        told += f", sent as {sent}"
    known = "" if takes == EFFORTS else f"; {safe.line(model_of(session.answering), 60)} takes {', '.join(takes)}"
    session.screen.say(f"{told}{known}.", "dim")


# The messages


def _rows(talk: Conversation, left: list[Part], estimate: Callable[[int], int]) -> Iterator[tuple[str, str]]:
    """What goes, and its size; ``estimate`` tells the tokens of what weighs so much."""
    stays = {id(part) for part in left}
    if talk.system:
        yield "system", _size([TextPart(talk.system)], estimate)
    messages = [(message, [part for part in message.parts if id(part) not in stays]) for message in talk.messages]
    before, shown = messages[:-SHOWN], messages[-SHOWN:]
    whole = sum(map(size_of, [TextPart(talk.system), *_flat(messages)])) if len(messages) > 1 else 0
    if before:
        yield counted(len(before), "message"), _size(_flat(before), estimate) + _share(_flat(before), whole)
    for message, parts in shown:
        yield message.role, _size(parts, estimate) + _share(parts, whole)
    if len(messages) > 1:
        yield "all that", _size([TextPart(talk.system), *_flat(messages)], estimate)


def _share(parts: Iterable[Part], whole: int) -> str:
    return f" · {100 * sum(map(size_of, parts)) / whole:.0f} %" if whole else ""


def _flat(messages: Iterable[tuple[Message, list[Part]]]) -> list[Part]:
    return [part for _, parts in messages for part in parts]


def _size(parts: Iterable[Part], estimate: Callable[[int], int]) -> str:
    """How much some parts are; of images nobody can tell."""
    parts = list(parts)
    words = "".join(map(said, parts))
    images = [part for part in parts if isinstance(part, ImagePart)]
    tokens = estimate(weight(words))
    told = f"{counted(len(words), 'character')}, about {counted(tokens, 'token')}"
    return ", ".join((told, *map(_image, images)))


def _image(image: ImagePart) -> str:
    return f"{safe.line(image.name) or 'an image'} ({len(image.data) * 3 // 4 / 1024:,.0f} kB)"


# What stays here

_NAMES: dict[type[Part], tuple[str, str]] = {
    ThinkingPart: ("thought", "takes none back but its own, beside a tool call"),
    ImagePart: ("image", "takes images in questions alone"),
    SourcePart: ("source", "takes none back"),
    MediaPart: ("file", "takes files in questions alone"),
    FilePart: ("file", "takes files in questions alone"),
    ToolCallPart: ("tool call", "takes none without its result"),
    ToolResultPart: ("tool result", "takes none without its call"),
}
"""What a part is called, and why one may stay though the dialect can carry it."""


def _stays(left: list[Part], name: str) -> Iterator[str]:
    carries = dialect(name).carries
    for kind, count in Counter(map(type, left)).items():
        called, why = _NAMES[kind]
        them, are = ("it", "is") if count == 1 else ("them", "are")
        reason = why if kind in carries else f"cannot carry {them}"
        yield f"{counted(count, called)} {are} kept but not sent: {name} {reason}."


# The parameters and the address


def _parameters(coming: Request, other: Request) -> Iterator[tuple[str, Any]]:
    """What of a request is the same whatever is said, but for the model, which is told already."""
    there = other.body or {}
    for name, value in (coming.body or {}).items():
        if name != "model" and name in there and there[name] == value:
            yield name, value
