"""How much, how many and how long ago, for people."""

from datetime import datetime

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def ago(then: float, now: float) -> str:
    """A time as one speaks of it: in seconds since the epoch, both."""
    past = now - then
    if past < _MINUTE:
        return "just now"
    if past < _HOUR:
        return f"{past // _MINUTE:.0f} min ago"
    day, today = datetime.fromtimestamp(then), datetime.fromtimestamp(now)
    days = (today.date() - day.date()).days
    if past < _DAY // 2 or not days:
        return f"{past // _HOUR:.0f} h ago"
    if days < 7:
        return "yesterday" if days == 1 else f"{days} days ago"
    return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")


def size(count: int) -> str:
    """A number of bytes for people."""
    if count < 1000:
        return "1 byte" if count == 1 else f"{count} bytes"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def seconds(took: float) -> str:
    """So many seconds; what took next to nothing did not take none."""
    return "<0.1 s" if took < 0.05 else f"{took:.1f} s"


def counted(count: int, thing: str) -> str:
    """``1 turn`` or ``1,000 turns``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
