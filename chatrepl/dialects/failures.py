"""What a server complains of: an error body or event into the failure that says so, in the server's own words."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chatrepl.dialects import complaints
from chatrepl.dialects.framing import STRAY, Frame
from chatrepl.errors import ASK_AGAIN, BrokenReply, ChatError, Refused
from chatrepl.text.shapes import all_decoded, decoded, dig, text


def parse(source: str | bytes) -> object:
    """The JSON value in a text or a body."""
    try:
        return decoded(source)
    except ValueError:
        raise _no_json(source if isinstance(source, str) else source.decode("utf-8", "replace")) from None


def _no_json(source: str) -> BrokenReply:
    start = source.strip()[:60]
    return BrokenReply(
        f"The server's reply is not JSON: {start!r}" if start else "The server's reply is empty",
        "Check the base URL: something else than the model's server may have answered.",
    )


class Objects:
    """The JSON objects of a stream up to its end mark, with each of the ways to tell an error raised as ``Refused``.

    What is no object is passed over: signs of life, as "ping", null or a number.
    """

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = frames
        self._begun = False
        self.marked = False
        """Whether the mark came."""
        self.noise = ""
        """The first text that came in the place of JSON."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for frame in self._frames:
            if frame.data[:1] != "{" and frame.data.strip(' "\n') == "[DONE]":
                self.marked = True
                return
            for value in self._values(frame):
                if isinstance(value, list) and len(value) == 1:  # Gemini's errors come in an array
                    value = value[0]
                if frame.event == "error" or (value and isinstance(value, dict | list)):
                    yield checked(value, frame.event)
                    self._begun = True
        if self.noise and not self._begun:
            raise _no_json(self.noise)

    def _values(self, frame: Frame) -> list[Any]:
        """The values in a frame. What is none, and no sign of life either, is a text that was cut, or an error."""
        try:
            return all_decoded(frame.data)
        except ValueError:
            if frame.event == "error":
                raise refusal(frame.data) from None
            if frame.data.lstrip()[:1] in ("{", "[", "<"):
                raise cut_short() if self._begun else _no_json(frame.data) from None
            if not (_ALIVE.fullmatch(frame.data) or _ALIVE.fullmatch(frame.event)):
                raise _broken_off(frame.data) if self._begun else _no_json(frame.data) from None
        self.noise = self.noise or frame.data
        return []


_ALIVE = re.compile(
    r"[\w.:=+-]{1,40}|.{0,20}\b(ping|keep.?alive|heart.?beat|processing|waiting)\b.{0,40}", re.IGNORECASE
)
"""A sign of life that is no JSON: a bare word, or one of these words and perhaps the time."""


def _broken_off(said: str) -> BrokenReply:
    return BrokenReply(f"The reply broke off: {' '.join(said[:200].split())}", ASK_AGAIN)


def checked(value: object, event: str = "") -> dict[str, Any]:
    """An object of a stream, raised as ``Refused`` if it tells an error."""
    told = value.get("error") if isinstance(value, dict) else None
    if event == "error" or told or ((event == STRAY or _complains(value)) and message_of(value)):
        raise refusal(value)
    if not isinstance(value, dict):
        raise BrokenReply(f"The server sent {value!r:.60} where an object was due", ASK_AGAIN)
    return value


_REPLYING = {"choices", "candidates", "output", "content", "delta", "response", "completion", "chat_completion"}
_GOOD = {"ok", "success", "queued", "pending", "processing", "running", "in_progress", "loading"}


def _complains(value: object) -> bool:
    """Whether an object may tell an error without calling it one: it is no part of a reply by its fields."""
    if not isinstance(value, dict) or any(map(value.get, _REPLYING)):
        return False
    if dig(value, "message", "role") or isinstance(dig(value, "message", "content"), str):
        return False
    named = isinstance(value.get("type"), str) and value["type"] != "error"  # an event of a protocol that has them
    return value.get("object") == "error" or not (named or text(value.get("status")).lower() in _GOOD)


def refusal(value: object) -> Refused:
    """The error that a JSON value tells, inside a good answer."""
    blamed = dig(value, "error") if isinstance(dig(value, "error"), dict) else value
    words = complaints.words(blamed)
    # else it is a number of the server's own
    code = complaints.status(blamed) or next((_STATUSES[word] for word in words if word in _STATUSES), 200)
    return Refused(
        message_of(value) or "it does not say which",
        ASK_AGAIN,
        status=code,
        parameter=complaints.parameter(blamed),
        code=" ".join(words),
    )


_STATUSES = {
    **dict.fromkeys(("rate_limit_error", "rate_limit_exceeded", "insufficient_quota"), 429),
    **dict.fromkeys(("api_error", "server_error", "internal_server_error"), 500),
    "server_is_overloaded": 503,
    "overloaded_error": 529,
}
"""What errors would be called that come inside a good answer, where they can be gone soon: Anthropic's and OpenAI's."""


def no_reply(body: object, missing: str, hint: str = "Check the base URL.") -> ChatError:
    """The error for an answer that is no reply, for want of that: the one it tells, if it does."""
    return refusal(body) if message_of(body) else BrokenReply(f"The reply holds no {missing}", hint)


def cut_short() -> BrokenReply:
    """The error for a stream that is over before its end mark."""
    return BrokenReply("The reply broke off before its end", ASK_AGAIN)


def message_of(value: object) -> str:
    """What an error object says, in one line, whatever envelope it came in; "" if it is none.

    OpenRouter says "Provider returned error", and beside it what the provider said.
    """
    said, metadata = complaints.sentence(value), dig(value, "error", "metadata")
    told, who = complaints.sentence(dig(metadata, "raw")), complaints.sentence(dig(metadata, "provider_name"))
    said = said.partition(": " + told)[0] if told else said
    return f"{said}{f' ({who})' if who else ''}: {told}" if said and told and told not in said else said


def error_text(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What the body of an HTTP error says, in a line; of a page of HTML its title."""
    del status, headers  # some dialects look at them
    value = complaints.value_of(body)
    return message_of(value) or complaints.sentence(value, anywhere=True)
