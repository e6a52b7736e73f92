"""When a request that failed may be sent again, and how long to wait before: OpenAI's and Anthropic's manners."""

import math
import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from chatrepl.dialects.hints import is_lasting
from chatrepl.errors import ChatError, Refused, Unreachable

FIRST, LONGEST = 0.5, 8.0
"""Where no server says how long to wait: so many seconds, twice as long each time, and never longer."""

JITTER = 0.25
"""So much of that is left to chance, or all clients would come back in the same moment."""

PATIENCE = 120.0
"""A server that wants a longer wait is not waited for, in seconds."""

_YEAR = 365 * 86_400.0
_UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))
_STATUSES = {408, 409, 429, 498}  # 498 is Groq's for a lack of capacity
_SPENT = re.compile(r"quota|billing|credit|spend|balance(?!r)|budget|insufficient", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_AMOUNT = r"\d+(?:\.\d+)?"
_UNIT_NAMES = "ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d"
_PIECE = re.compile(rf"({_AMOUNT})\s?({_UNIT_NAMES})(?![a-z])", re.IGNORECASE)
_SPAN = rf"(?:{_AMOUNT}\s?(?:{_UNIT_NAMES})(?![a-z]),?\s?(?:and\s)?)+"
_TOLD = re.compile(
    rf"(?:again|retry(?:ing)?|wait|resets?|available)\D{{0,40}}?({_SPAN})|({_SPAN})(?:before|until)\b", re.IGNORECASE
)
_RESET = re.compile(r"(?:\w+-)?x?-?rate-?limit-(?:.*-)?reset(?:-.*)?")
_EPOCH = 1e9
"""A greater number of seconds is a time by the clock, not a wait."""


def retry_delay(error: ChatError, attempt: int, random: Callable[[], float], now: float) -> float | None:
    """The seconds to wait before the request goes out again, None where that is no use.

    ``attempt`` counts from 0; ``random`` gives numbers in [0, 1); ``now`` is the time since the epoch.
    """
    if isinstance(error, Unreachable):
        return backoff(attempt, random) if error.again else None
    if not isinstance(error, Refused) or not _worth_it(error):
        return None
    told = told_delay(error, now)
    if told is not None:
        return told if told <= PATIENCE else None
    return None if _spent(error) else backoff(attempt, random)


def backoff(attempt: int, random: Callable[[], float]) -> float:
    """The wait before try number ``attempt``, from 0, where no server says how long it should be."""
    longest: float = min(FIRST * 2**attempt, LONGEST)
    return longest * (1 - JITTER * random())


def told_delay(error: Refused, now: float) -> float | None:
    """The wait that the server asks for, in a header, in a field or in words; None if it does not."""
    milliseconds = _number(error.headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    header = error.headers.get("retry-after", "")
    for seconds in (_number(header), _span(header), _until(header, now), error.wait):
        if seconds is not None:
            return seconds
    if said := _TOLD.search(error.said):
        return _span(said[1] or said[2])
    return _reset(error, now) if error.status == 429 else None


def _span(said: str) -> float | None:
    """The seconds of a time in words: "1.5 sec", "1m2s", "2 minutes and 3 seconds"; None if it is none."""
    if not re.fullmatch(rf"\s*{_SPAN}\s*", said, re.IGNORECASE):
        return None
    return sum(float(amount) * _SECONDS[_short(unit.lower())] for amount, unit in _PIECE.findall(said))


def _short(unit: str) -> str:
    return "ms" if unit.startswith(("ms", "mil")) else unit[0]


def _reset(error: Refused, now: float) -> float | None:
    """The seconds until a limit is lifted, of those that are used up, or of all if nothing tells which are."""
    waits = {name: _moment(value, now) for name, value in error.headers.items() if _RESET.fullmatch(name)}
    known = {name: wait for name, wait in waits.items() if wait is not None}
    used_up = [wait for name, wait in known.items() if error.headers.get(name.replace("reset", "remaining")) == "0"]
    return max(used_up) if used_up else min(known.values(), default=None)


def _moment(value: str, now: float) -> float | None:
    """The seconds until a moment that is told in seconds, in words, by the clock or as a date."""
    number = _number(value)
    if number is None:
        return _span(value) if _span(value) is not None else _until(value, now)
    if number > _EPOCH * 1000:
        number /= 1000
    return max(0.0, number - now) if number > _EPOCH else number


def long_wish(error: ChatError, now: float) -> str:
    """What to say where the server asks for a longer wait than there is patience for; else ""."""
    told = told_delay(error, now) if isinstance(error, Refused) else None
    if told is None or told <= PATIENCE:
        return ""
    if told > _YEAR:
        return "The server asks to wait for more than a year."
    size, unit = next((size, unit) for size, unit in _UNITS if told >= 2 * size)
    then, today = time.localtime(now + told), time.localtime(now)
    until = time.strftime("%H:%M" if then[:3] == today[:3] else "%Y-%m-%d %H:%M", then)
    return f"The server asks to wait {math.ceil(told / size)} {unit}, until {until}."


def _worth_it(error: Refused) -> bool:
    wish = error.headers.get("x-should-retry", "")
    if wish in ("true", "false"):
        return wish == "true"
    if error.status == 429 and _SPENT.search(error.code):
        return False
    if error.status >= 500 and is_lasting(error.status, error.said):  # llama.cpp's status for what it cannot take
        return False
    return error.status in _STATUSES or error.status >= 500


def _spent(error: Refused) -> bool:
    """Whether the server speaks of money, which waiting does not bring back. One that says when to come back does not:
    Gemini calls its requests a minute a quota."""
    return error.status == 429 and bool(_SPENT.search(error.said))


def _number(header: str) -> float | None:
    return float(header) if re.fullmatch(r"\s*\d+(\.\d+)?\s*", header) else None


def _until(header: str, now: float) -> float | None:
    """The seconds until a date as HTTP writes it, or as RFC 3339 does."""
    from email.utils import parsedate_to_datetime  # a whole package, for a header that is rare

    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        with suppress(ValueError, OverflowError, TypeError):
            date = parse(header.strip())
            return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
    return None
