"""What the dialects write and read alike: messages and options of a request, the usage of a reply.

None of these functions raises anything, whatever a server sends.
"""

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from chatrepl.config.config import Profile
from chatrepl.conversation import (
    FilePart,
    ImagePart,
    MediaPart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.events import ToolCallPiece, Usage
from chatrepl.text.excerpt import capped
from chatrepl.text.shapes import count, dig, parsed, text


def placed(options: Mapping[str, Any], names: Mapping[str, str], inner: str = "") -> dict[str, Any]:
    """The options by this protocol's names and, if it wants those in ``names`` there, in its object ``inner``.

    A name that is "" is of an option the protocol has not got: it is left out.
    """
    rest = {name: value for name, value in options.items() if name not in names}
    known = {names[name]: _listed(name, value) for name, value in options.items() if names.get(name)}
    if not inner:
        return known | rest
    given = rest.get(inner, {})
    return rest | {inner: known | given} if known and isinstance(given, dict) else rest


def _listed(name: str, value: object) -> object:
    return [value] if name == "stop" and isinstance(value, str) else value


def written(part: Part) -> str:
    """What a part says as text: a file is quoted under its name, and so is the text of one whose words were read; ""
    for what is no text."""
    match part:
        case TextPart(words):
            return words
        case FilePart(name, inside) | MediaPart(name=name, text=inside) if inside or isinstance(part, FilePart):
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", inside)), default=0))
            return f"{name}:\n{fence}\n{inside}\n{fence}\n"
    return ""


def said(message: Message) -> str:
    """What a message says as text."""
    return "".join(map(written, message.parts))


def headers(profile: Profile, key: str) -> dict[str, str]:
    """The key, where there is one, and the headers of the profile."""
    return ({"Authorization": f"Bearer {key}"} if key else {}) | dict(profile.headers)


def flat(pieces: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """A content: a plain text wherever there is only text, for several servers refuse, or drop, a list of parts."""
    return pieces if any("text" not in piece for piece in pieces) else "".join(piece["text"] for piece in pieces)


def data_url(part: ImagePart | MediaPart) -> str:
    """An image or a file as an address that holds it."""
    return f"data:{part.mime};base64,{part.data}"


def merged(messages: Iterable[tuple[str, list[dict[str, Any]]]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Roles and contents without the empty ones, and neighbours of the same role in one: roles have to alternate."""
    found: list[tuple[str, list[dict[str, Any]]]] = []
    for role, content in messages:
        if content and found and found[-1][0] == role:
            found[-1][1].extend(content)
        elif content:
            found.append((role, list(content)))
    return found


def alternating(messages: Iterable[dict[str, Any]], text_part: str = "text") -> list[dict[str, Any]]:
    """The messages of which something can be sent, and neighbours of the same role in one: of a reply that was stopped
    while the model was thinking nothing is left, and strict servers take neither an empty message nor two questions.

    ``text_part`` is the type of a text where a content is a list of parts.
    """
    found: list[dict[str, Any]] = []
    for message in messages:
        last = found[-1] if found else {}
        if not _holds(message):
            continue
        if _is_plain(message) and _is_plain(last) and message.get("role") == last.get("role"):
            found[-1] = last | _both(last, message, text_part)
        else:
            found.append(message)
    return found


def _holds(message: Mapping[str, Any]) -> bool:
    """Whether something stands in a message. What has no content is an item of another kind."""
    content = message.get("content")
    return not _is_plain(message) or bool(content.strip() if isinstance(content, str) else content)


def _is_plain(message: Mapping[str, Any]) -> bool:
    others = message.get("tool_calls") or message.get("tool_request") or message.get("images")
    return message.get("role") in ("user", "assistant", "agent") and not others


def _both(one: Mapping[str, Any], other: Mapping[str, Any], text_part: str) -> dict[str, Any]:
    contents = one["content"], other["content"]
    if all(isinstance(content, str) for content in contents):
        return {"content": "\n\n".join(contents)}
    lists = ([{"type": text_part, "text": each}] if isinstance(each, str) else each for each in contents)
    return {"content": [part for each in lists for part in each]}


def answered(turn: Iterable[Message]) -> dict[str, str]:
    """The tool calls of a turn that have their result, name by id: no protocol takes the one without the other."""
    parts = [part for message in turn for part in message.parts]
    results = {part.id for part in parts if isinstance(part, ToolResultPart)}
    return {part.id: called(part) for part in parts if isinstance(part, ToolCallPart) and part.id in results}


def called(call: ToolCallPart) -> str:
    """The name of the tool that is called, in the characters that every protocol takes: a model, or who wrote a session
    that was imported, may have called one that there is not."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", call.name)[:64]
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"[:64]


def told(turn: Iterable[Message]) -> list[str]:
    """The calls of a turn and what they gave, as texts for protocols that have none. They stand with what the user
    says: models imitate what they seem to have said themselves."""
    parts = [part for message in turn for part in message.parts]
    calls = {part.id: part for part in parts if isinstance(part, ToolCallPart)}
    found = [(calls[part.id], part) for part in parts if isinstance(part, ToolResultPart) and part.id in calls]
    return [f"[{call.name} {arguments_text(arguments(call))} gave: {result_text(result)}]" for call, result in found]


def arguments(call: ToolCallPart) -> dict[str, Any]:
    """The arguments of a call as an object: servers refuse a history in which they are none. What the model wrote
    instead of one stands in it."""
    if call.arguments.strip() in ("", "null"):
        return {}
    value = parsed(call.arguments)
    return value if isinstance(value, dict) else {"INVALID_JSON": call.arguments}


def result_text(result: ToolResultPart) -> str:
    """A result where a text is all that tells of its failure; a few servers refuse one that is empty."""
    told = capped(result.text) or "(no output)"
    return f"Error: {told}" if result.failure and not told.startswith("Error") else told


def results(message: Message, calls: Container[str]) -> Iterator[tuple[ToolResultPart, list[ImagePart]]]:
    """The results in a message that belong to these calls, each with the pictures that stand behind it."""
    found: list[tuple[ToolResultPart, list[ImagePart]]] = []
    for part in message.parts:
        if isinstance(part, ToolResultPart):
            found.append((part, []))
        elif isinstance(part, ImagePart) and found:
            found[-1][1].append(part)
    return (each for each in found if each[0].id in calls)


def arguments_text(value: object) -> str:
    """The arguments of a call as JSON text, from a text or from an object."""
    try:
        return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else text(value)
    except RecursionError:
        return ""


def whole_call(number: int, name: str, arguments: object, call_id: str = "") -> ToolCallPiece:
    """A call that comes in one piece, perhaps without an id, which a result needs to name its call."""
    return ToolCallPiece(number, call_id or f"call_{number}_{name}", name, arguments_text(arguments))


def openai_usage(
    value: object, tier: str = "", names: tuple[str, str] = ("prompt_tokens", "completion_tokens")
) -> Usage:
    """A ``usage`` object in the words of OpenAI, and of DeepSeek's cache. The ``names`` are those of what was taken in
    and what was given out."""
    taken, given = (count(dig(value, name)) for name in names)
    return Usage(
        input=taken,
        cached=first(value, *CACHED),
        output=given,
        reasoning=count(dig(value, f"{names[1]}_details", "reasoning_tokens")),
        total=total(count(dig(value, "total_tokens")), taken, given),
        written=first(value, *WRITTEN),
        written_long=first(value, *WRITTEN_LONG) or None,
        tier=tier,
    )


_INPUT = ("prompt_tokens_details", "input_tokens_details")
CACHED = (
    *((place, name) for place in _INPUT for name in ("cached_tokens", "cache_read_input_tokens")),
    ("prompt_cache_hit_tokens",),
    ("cached_tokens",),
)
"""Where a usage tells what was read from a cache: OpenAI, Perplexity, DeepSeek and Moonshot."""

WRITTEN = tuple((place, name) for place in _INPUT for name in ("cache_write_tokens", "cache_creation_input_tokens"))
"""Where it tells what was written to one: OpenAI and OpenRouter, Perplexity."""


WRITTEN_LONG = tuple((place, "cache_write_tokens_details", "ttl_12h_tokens") for place in _INPUT)


def tier(holder: object, name: str = "service_tier") -> str:
    """The service tier that an answer, or its usage, tells; "" for the usual one, and where it tells none."""
    word = text(dig(holder, name)).lower()[:40]
    return "" if word in _USUAL else word


_USUAL = ("auto", "default", "standard", "on_demand", "unspecified")


def first(value: object, *paths: tuple[str, ...]) -> int | None:
    """The first number in these places of a usage."""
    return next((number for path in paths if (number := count(dig(value, *path))) is not None), None)


def usages(*holders: object) -> Iterator[Usage]:
    """The usage in the first of the places that has one: of the chunk, or as Moonshot tells it, of the choice."""
    for holder in holders:
        if isinstance(holder, dict) and isinstance(usage := holder.get("usage"), dict):
            yield openai_usage(usage, tier(holders[0]))
            return


def total(told: int | None, taken: int | None, given: int | None) -> int | None:
    """The total the server told, else the sum of both sides, else unknown."""
    if told is not None or taken is None or given is None:
        return told
    return taken + given
