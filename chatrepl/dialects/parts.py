"""The parts of a message, as servers send them: text, reasoning and media, by whatever names."""

import re
from collections.abc import Iterator
from typing import Any

from chatrepl.events import Event, Media, Text, Thinking
from chatrepl.text.shapes import as_text, dig, items, table, text


def content(value: object) -> Iterator[Event]:
    """The events of a content: a text, or a list of parts."""
    if said := as_text(value):
        yield Text(said)
    for part in items(value):
        yield from part_events(part)


def part_events(part: object) -> Iterator[Event]:
    """The events of a part, whose type and fields tell what it is."""
    kind = text(dig(part, "type"))
    if isinstance(part, str | int | float):
        yield from content(part)
    elif "thinking" in kind or "reasoning" in kind or dig(part, "thinking") is not None:
        if thought := reasoning(part):
            yield Thinking(thought)
    elif found := media(part):
        yield found
    elif said := as_text(dig(part, "text")) or text(dig(part, "refusal")):
        yield Text(said)


_THOUGHTS = ("thinking", "reasoning", "text", "summary", "content", "reasoning_text", "reasoning_content")


def reasoning(value: object, deep: int = 0) -> str:
    """The reasoning in a text, a part or a list of them. Where it stands twice, as a text and in pieces, it is told
    once; what is encrypted is none."""
    if isinstance(value, list) and deep < 4:
        return "".join(reasoning(item, deep + 1) for item in value)
    if isinstance(value, dict) and deep < 4:
        return next((said for name in _THOUGHTS if (said := reasoning(value.get(name), deep + 1))), "")
    return as_text(value)


def spoken(said: dict[str, Any], words: object) -> Iterator[Event]:
    """The reasoning in a message, and what it says in these words, where the same reasoning may stand once more."""
    if thought := _thought(said):
        yield Thinking(thought)
    for event in content(words):
        if not (thought and isinstance(event, Thinking)):
            yield event


_REASONING = ("reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks")
"""Where reasoning stands: DeepSeek's field, OpenRouter's and vLLM's, OpenRouter's other one, and LiteLLM's."""


def _thought(said: dict[str, Any]) -> str:
    """The reasoning in a message; it may stand there under several names."""
    return next((found for name in _REASONING if name in said and (found := reasoning(said[name]))), "")


_MIME = re.compile(r"data:([\w.+-]+/[\w.+-]+)?[^,]{0,100};base64,", re.IGNORECASE)
_PLACES = (
    "image_url image audio output_audio audio_url video_url video file source inlineData inline_data fileData "
    "file_data input_audio document"
).split()
"""The fields of a part that hold media."""
_KINDS = {"image": "image/png", "audio": "audio/wav", "video": "video/mp4"}


def media(part: object) -> Media | None:
    """The image, sound, video or file that a part is, None for anything else."""
    if isinstance(part, str):
        return _from_url(part, "image/png")
    kind = text(dig(part, "type"))
    place = next((name for name in _PLACES if dig(part, name)), "")
    told = next((mime for word, mime in _KINDS.items() if word in (kind or place)), "")
    if not place and not told:
        return None
    inner = dig(part, place) if place else part
    if isinstance(inner, str):
        return _from_url(inner, told or "image/png")
    mime = next((text(dig(inner, name)) for name in _MIMES if text(dig(inner, name))), "")
    if (ending := text(dig(inner, "format")) or text(dig(inner, "output_format"))) and not mime:
        mime = f"{(told or 'audio/').partition('/')[0]}/{ending}"
    mime = mime or told or "application/octet-stream"
    data = next((said for name in _DATA if (said := text(dig(inner, name)))), "")
    return _from_url(data, mime) if data else None


_MIMES = ("mimeType", "mime_type", "media_type", "mimetype")
_DATA = ("data", "url", "b64_json", "fileUri", "file_uri", "uri", "result", "file_id", "id")


def _from_url(said: str, mime: str) -> Media:
    """Media of which the address came, or the bytes themselves as base64, in an address or not."""
    if inside := _MIME.match(said):
        return Media(inside[1] or mime, said[inside.end() :])
    if re.match(r"[a-z][a-z0-9+.-]{1,20}:", said[:24], re.IGNORECASE):
        return Media(mime, url=said)
    return Media(mime, said)


def made(said: dict[str, Any]) -> Iterator[Event]:
    """The images and the sound beside the text of a message: OpenRouter's and OpenAI's. What is heard is a text too."""
    for image in items(said.get("images")):
        if found := media(image):
            yield found
    audio = table(said.get("audio"))
    if heard := as_text(audio.get("transcript")):
        yield Text(heard)
    if data := text(audio.get("data")):
        yield Media(f"audio/{text(audio.get('format')) or 'wav'}", data)


def item_events(item: object) -> list[Event]:
    """The events of an item of OpenAI's responses, its text in one piece."""
    match dig(item, "type"):
        case "reasoning":
            return [Thinking("\n\n".join(thoughts))] if (thoughts := _thoughts(item)) else []
        case "image_generation_call":
            data, ending = text(dig(item, "result")), text(dig(item, "output_format")) or "png"
            return [Media(f"image/{ending}", data)] if data else []
        case "message":
            events = list(content(dig(item, "content")))
            said = "".join(event.text for event in events if isinstance(event, Text))
            return [event for event in events if not isinstance(event, Text)] + [Text(said)] * bool(said)
    return []


def _thoughts(item: object) -> list[str]:
    """The reasoning in an item: its summary, or as models with open weights have it, itself."""
    told = dig(item, "summary") or dig(item, "content") or dig(item, "text")
    return [said for part in (told if isinstance(told, list) else [told]) if (said := reasoning(part))]
