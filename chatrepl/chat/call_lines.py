"""The line that tells of a call: while it runs, of what came of it, and when the session is shown again.

What models, tools and servers say is untrusted: it comes through ``safe`` and ``approval`` alone.
"""

from collections.abc import Iterable
from contextlib import suppress

from chatrepl.chat.session import Session
from chatrepl.conversation import ToolCallPart, ToolResultPart
from chatrepl.text import safe, width
from chatrepl.text.amounts import seconds, size
from chatrepl.tools import Call, Result, approval
from chatrepl.tools.arguments import BadArguments, parse

SHORT_VALUE = 60
"""The columns of an argument."""

SHORT_RESULT = 40
"""The columns of a result that stands in the line of its call."""


def begins(session: Session, call: Call) -> str:
    """The call in a line that tells of it; long arguments are cut in their middle, and say so."""
    return approval.question(call, _room(session))


def named(session: Session, part: ToolCallPart) -> str:
    """The same of a call that cannot run or whose tool may be gone; arguments that cannot be read as they came."""
    name = part.name.replace("__", ".", 1)
    with suppress(BadArguments):
        return approval.phrase(name, parse(part.arguments), _room(session))
    return f"{safe.line(name, 80)}  {safe.line(part.arguments, 200)}".rstrip()


def tell(session: Session, head: str, result: Result) -> None:
    """Tell in a line what came of a call."""
    if result.error:
        _say_failed(session, head, result.whole or result.text)
        return
    came = _came(result.whole, [each.mime for each in result.media[:3]], result.text)
    session.screen.say(line(session, f"● {head}", f"✓ {seconds(result.seconds)} · {came}"), "dim")


def tell_again(session: Session, part: ToolCallPart, result: ToolResultPart | None) -> None:
    """The same of a call in the conversation, whose tool may be gone; how long it took is not kept there."""
    head = named(session, part)
    if result and result.failure == "failed":
        _say_failed(session, head, result.text)
        return
    done = result and not result.failure
    end = f"✓ {_came(result.text)}" if result and done else result.failure if result else "not run"
    session.screen.say(line(session, f"{'●' if done else '○'} {head}", end), "dim")


def line(session: Session, head: str, end: str) -> str:
    """Both on a line; where that is too short the arguments are cut, and then the end goes below."""
    room = session.screen.columns - 3 - width.width(end)
    if width.width(head) <= room:
        return f"{head}  {end}"
    if room >= 20:
        return f"{width.cut(head, room - 1)}…  {end}"
    return f"{width.cut(head, session.screen.columns - 2)}\n  {end}"


def _say_failed(session: Session, head: str, text: str) -> None:
    end = f"✗ {safe.line(_first(text), session.screen.columns - 5)}"
    session.screen.say(line(session, f"● {head}", end), "error")


def _came(whole: str, mimes: Iterable[str] = (), text: str = "") -> str:
    """A short result itself, of a long one how long it is, and of media their kinds."""
    if kinds := ", ".join(safe.line(each, 40) for each in mimes):
        return kinds
    first = _first(whole) or text.strip()
    short = first and len(first) <= SHORT_RESULT and first == whole.strip()
    return safe.line(first) if short else size(len(whole.encode("utf-8", "replace")))


def _first(text: str) -> str:
    return next(filter(None, map(str.strip, text.splitlines())), "")


def _room(session: Session) -> int:
    return max(approval.SHORTEST, min(SHORT_VALUE, session.screen.columns - approval.SHORTEST))
