"""How long ago something was, for people where they are."""

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
