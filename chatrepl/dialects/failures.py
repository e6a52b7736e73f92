"""What a server complains of: an error body or event into the failure that says so, in the server's own words."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from chatrepl.dialects.framing import STRAY, Frame
from chatrepl.errors import ASK_AGAIN, BrokenReply, Refused
from chatrepl.text.shapes import count, dig, items, text

DEEPEST = 5
"""So many values deep an error is looked for."""


def parse(source: str | bytes) -> object:
    """The JSON value in a text or a body."""
    try:
        return json.loads(source)
    except (ValueError, RecursionError):
        start = (source if isinstance(source, str) else source.decode("utf-8", "replace")).strip()[:60]
        raise BrokenReply(
            f"The server's reply is not JSON: {start!r}" if start else "The server's reply is empty",
            "Check the base URL: something else than the model's server may have answered.",
        ) from None


class Objects:
    """The JSON objects of a stream up to its end mark, with each of the ways to tell an error raised as ``Refused``."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = frames
        self.marked = False
        """Whether the mark came."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        begun = False
        for frame in self._frames:
            if frame.data.strip() == "[DONE]":
                self.marked = True
                return
            try:
                value = parse(frame.data)
            except BrokenReply:
                if frame.event == "error":
                    raise refusal(frame.data) from None
                if begun:
                    raise cut_short() from None
                raise
            if value is not None:  # a few servers send a null to keep the line alive
                yield checked(value, frame.event)
                begun = True


def checked(value: object, event: str = "") -> dict[str, Any]:
    """An object of a stream, raised as ``Refused`` if it tells an error."""
    if isinstance(value, list) and len(value) == 1:  # Gemini's errors come in an array
        value = value[0]
    if event == "error" or dig(value, "error") or ((event == STRAY or _complains(value)) and message_of(value)):
        raise refusal(value)
    if not isinstance(value, dict):
        raise BrokenReply(f"The server sent {value!r:.60} where an object was due", ASK_AGAIN)
    return value


def _complains(value: object) -> bool:
    """Whether an object tells an error without calling it one: FastAPI's ``detail``, older vLLM's ``object``."""
    if not isinstance(value, dict) or "choices" in value:
        return False
    named = value.get("type", "error") != "error"  # it is an event of a protocol that has them
    told = bool(value.get("detail")) or isinstance(value.get("message"), str)
    return value.get("object") == "error" or (told and not named)


def refusal(value: object) -> Refused:
    """The error that a JSON value tells, inside a good answer."""
    error = dig(value, "error")
    told = dig(error if isinstance(error, dict) else value, "code")
    code = int(told) if isinstance(told, str) and re.fullmatch("[45][0-9][0-9]", told) else count(told) or 0
    words = error_words(value)
    if not 400 <= code < 600:  # else it is a number of the server's own
        code = next((_STATUSES[word] for word in words if word in _STATUSES), 200)
    return Refused(message_of(value) or "it does not say which", ASK_AGAIN, status=code, code=" ".join(words))


def error_words(value: object) -> list[str]:
    """A server's own words for what is wrong."""
    error = value if not isinstance(dig(value, "error"), dict) else dig(value, "error")
    return [word for path in (("type",), ("code",), ("details", "error_code")) if (word := text(dig(error, *path)))]


_STATUSES = {
    **dict.fromkeys(("rate_limit_error", "rate_limit_exceeded", "insufficient_quota"), 429),
    **dict.fromkeys(("api_error", "server_error", "internal_server_error"), 500),
    "server_is_overloaded": 503,
    "overloaded_error": 529,
}
"""What errors would be called that come inside a good answer, where they can be gone soon: Anthropic's and OpenAI's."""


def cut_short() -> BrokenReply:
    """The error for a stream that is over before its end mark."""
    return BrokenReply("The reply broke off before its end", ASK_AGAIN)


def message_of(value: object) -> str:
    """What an error object says, in one line, whichever of the field's envelopes it came in; "" if it is none.

    OpenRouter says "Provider returned error", and beside it what the provider said.
    """
    said, metadata = _said(value), dig(value, "error", "metadata")
    inner = dig(metadata, "raw")
    if isinstance(inner, str):
        with suppress(ValueError, RecursionError):
            inner = json.loads(inner)
    told, who = _said(inner), _said(dig(metadata, "provider_name"))
    return f"{said}{f' ({who})' if who else ''}: {told}" if said and told and told not in said else said


def _said(value: object, deep: int = 0) -> str:
    if isinstance(value, str):
        return " ".join(value[:500].split())
    for path in (
        ("error", "message"),
        ("error",),
        ("detail",),
        ("detail", "detail"),
        ("message",),
        ("errors",),
        ("error", "code"),
    ):
        found = dig(value, *path)
        if isinstance(found, list):
            found = "; ".join(filter(None, (_complaint(item, deep + 1) for item in found)))
        if isinstance(found, str) and found.strip():
            return _said(found)
    return _said(value[0], deep + 1) if isinstance(value, list) and value and deep < DEEPEST else ""


def _complaint(item: object, deep: int) -> str:
    where = ".".join(str(step) for step in items(dig(item, "loc")))
    said = text(dig(item, "msg")) or (_said(item, deep) if deep < DEEPEST else "")
    return f"{where}: {said}" if where else said


def error_text(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What the body of an HTTP error says, in a line; of a page of HTML its title."""
    del status, headers  # some dialects look at them
    page = body.decode("utf-8", "replace").strip()
    try:
        return message_of(json.loads(page))
    except (ValueError, RecursionError):
        pass
    if page.startswith("<"):
        title = re.search(r"<(title|h1)[^>]*>(.*?)</", page, re.DOTALL | re.IGNORECASE)
        page = title[2] if title else ""
    return message_of(page)
