"""When a request that failed may be sent again, and how long to wait before: OpenAI's and Anthropic's manners."""

import math
import re
import time
from collections.abc import Callable
from datetime import UTC

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
_TOLD = re.compile(r"(?:again|retry|wait)\D{0,20}?(?:(\d+)m(?!s))?\s?(\d+(?:\.\d+)?)\s?(ms|s)\b", re.IGNORECASE)


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
    """The wait that the server asks for, in the one or the other header or in words; None if it does not."""
    milliseconds = _number(error.headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    header = error.headers.get("retry-after", "")
    seconds = _number(header) if _number(header) is not None else _until(header, now)
    if seconds is not None:
        return seconds
    said = _TOLD.search(error.said)
    if not said:
        return None
    return float(said[1] or 0) * 60 + float(said[2]) / (1000 if said[3].lower() == "ms" else 1)


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
    return error.status in _STATUSES or error.status >= 500


def _spent(error: Refused) -> bool:
    """Whether the server speaks of money, which waiting does not bring back. One that says when to come back does not:
    Gemini calls its requests a minute a quota."""
    return error.status == 429 and bool(_SPENT.search(error.said))


def _number(header: str) -> float | None:
    return float(header) if re.fullmatch(r"\s*\d+(\.\d+)?\s*", header) else None


def _until(header: str, now: float) -> float | None:
    """The seconds until a date as HTTP writes it."""
    from email.utils import parsedate_to_datetime  # a whole package, for a header that is rare

    try:
        date = parsedate_to_datetime(header)
        return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
    except (ValueError, OverflowError):
        return None
