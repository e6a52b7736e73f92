"""Who allows a call: what was said before, or the user, who is shown all that matters.

A yes holds for exactly the call that was shown: what runs is bound to its digest.
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

from chatrepl import terminal
from chatrepl.chat.session import Session
from chatrepl.chat.user import NO
from chatrepl.config import editing
from chatrepl.errors import ChatError
from chatrepl.text import width
from chatrepl.tools import Call, Tool, approval, arguments
from chatrepl.tools.approval import Grants

ASIDE = "allow?"

WIDEST = 79
"""The columns at whose end that stands in a wider window: further off it would not be seen beside the call."""


class Permission(NamedTuple):
    """A call that may run, as it was shown."""

    call: Call
    digest: str
    note: str = ""
    """What the model is told first: that its arguments were changed."""


class Refusal(NamedTuple):
    """A call that may not run, and what the model is told."""

    text: str


def grants(session: Session) -> Grants:
    """All that was allowed so far."""
    tooling = session.tooling
    if tooling.grants is None:
        kept = session.config.tools.allowed if session.config.tools else {}
        tooling.grants = Grants(tooling.allowed, kept)
    return tooling.grants


def says_yes(session: Session, fact: str, question: str) -> bool:
    """Whether the user at the prompt says yes; no flag does. Where there is no prompt, the fact alone is told."""
    asks = session.user.has_prompt
    session.screen.say(f"{fact} {question}" if asks else fact, "warning")
    return asks and session.user.approve({"y": "yes", NO: "no"}).letter == "y"


def allowed(session: Session, call: Call) -> Permission | Refusal:
    """Whether the call may run: unasked, or by the answer of the user."""
    said = approval.verdict(call.tool, grants(session))
    if said.allowed:
        return Permission(call, call.digest(os.getcwd()))
    if not session.user.has_prompt:
        session.screen.say(f"{approval.refused_unasked(call, changed=bool(said.changes))}.", "warning")
        return Refusal("Refused: there is no prompt to ask at.")
    if said.changes:
        shown = approval.exact(call.tool.shown)
        session.screen.say(f"{shown} has changed since you allowed it:", "warning")
        for line in said.changes:
            session.screen.say(f"  {line}")
    return _asked(session, call)


def _asked(session: Session, call: Call) -> Permission | Refusal:
    """Ask until the answer is one; the arguments may be looked at and changed before."""
    note = ""
    while True:
        digest = call.digest(os.getcwd())
        _show(session, call)
        answer = session.user.approve(_choices(call))
        match answer.letter:
            case "v":
                for line in approval.whole(call):
                    session.screen.say(f"  {line}")
            case "e":
                call, note = _edited(session, call, note)
            case "y":
                return Permission(call, digest, note)
            case "t" | "s" | "a" as letter:
                _grant(session, call, letter)
                return Permission(call, digest, note)
            case _:
                return Refusal(f"Refused by the user: {answer.words}" if answer.words else "Refused by the user.")


def _show(session: Session, call: Call) -> None:
    """Print the call as it will run. It is no part of the prompt, of which a terminal may show less than all."""
    line = f"● {approval.question(call)}"
    columns = min(session.screen.columns - 1, WIDEST) if session.screen.live else 0
    gap = columns - width.width(line) - len(ASIDE)
    session.screen.say(f"{line}{' ' * max(gap, 2)}{ASIDE}", "warning")


def _choices(call: Call) -> dict[str, str]:
    server = {"s": f"all of {call.tool.server}"} if call.tool.server else {}
    return {"y": "yes", NO: "no", "t": "this tool", **server, "a": "always", "e": "edit", "v": "view"}


def _grant(session: Session, call: Call, letter: str) -> None:
    tool, tooling = call.tool, session.tooling
    tooling.grants = approval.with_tools(grants(session), _meant(session, tool) if letter == "s" else [tool])
    if letter != "a":
        return
    tooling.grants = approval.with_kept(grants(session), tool)
    try:
        editing.allow(session.paths.config, tool.shown, approval.kept(tool))
    except ChatError as error:
        session.screen.error(error)
    else:
        session.screen.say(f"{tool.shown} is allowed for good: [allowed] in {session.paths.config}", "dim")


def _meant(session: Session, tool: Tool) -> Iterator[Tool]:
    return (each for each in session.tooling.offered.values() if each.server == tool.server)


def _edited(session: Session, call: Call, note: str) -> tuple[Call, str]:
    """The call with the arguments as the user's editor leaves them; the same where they are no object."""
    text = json.dumps(dict(call.arguments), ensure_ascii=False, indent=2)
    try:
        changed = arguments.parse(terminal.editor.edit(text, session.env, sys.stdin, "arguments.json"))
    except ChatError as error:
        session.screen.error(error)
        return call, note
    except arguments.BadArguments as error:
        session.screen.say(f"✗ {error} They stay as they were.", "error")
        return call, note
    if changed == call.arguments:
        return call, note
    told = json.dumps(changed, ensure_ascii=False)
    return call._replace(arguments=changed), f"[The user changed the arguments to {told}]\n"
