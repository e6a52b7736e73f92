"""The calls of a reply: each is shown, allowed, run, and its result written down, whatever happens.

All of it is done in the thread that acts. Ctrl-C is let through only while servers start and while a call runs, so
that every other step is whole. What tools and servers say is untrusted: it reaches the screen through ``safe`` alone.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Thread
from typing import Any, NamedTuple

from chatrepl import tools
from chatrepl.chat import call_lines
from chatrepl.chat.allowing import Refusal, allowed, says_yes
from chatrepl.chat.call_lines import begins, line, named
from chatrepl.chat.session import Session, name_window
from chatrepl.chat.tooling import Called, Counting
from chatrepl.config.tools import Tools
from chatrepl.conversation import Message, Part, ToolCallPart, now
from chatrepl.dialects import dialect
from chatrepl.dialects.tools import blamed, too_many
from chatrepl.errors import ChatError, CommandError, Hint, Refused, RequestError
from chatrepl.sessions.entries import RUN, Mark, Step
from chatrepl.text import safe
from chatrepl.tools import Call, Progress, Result, Tool, Toolbox, results
from chatrepl.tools.approval import question
from chatrepl.tools.arguments import BadArguments, parse
from chatrepl.tools.tool import Watch, canonical

TWICE = 2
"""So many times the same call runs for a question; then the user is asked."""

TICK = 0.5
"""So often, in seconds, a call that runs tells how long it has."""


class Answered(NamedTuple):
    """The results of a reply's calls as a message, and whether the turn ends here."""

    results: Message
    stopped: bool


def toolbox(session: Session) -> Toolbox:
    """The toolbox of the session, made when it is first needed."""
    tooling = session.tooling
    if tooling.box is None:
        tooling.box = _toolbox(session)
        for name in tooling.names:
            try:
                tooling.box.turn(True, [name])
            except CommandError as error:
                session.screen.error(error)
    return tooling.box


def _toolbox(session: Session) -> Toolbox:
    secrets = session.connection.keys.secrets
    return Toolbox(session.config.tools or Tools(), session.paths.config, session.env, secrets, session.screen.error)


def demand(session: Session) -> None:
    """Complain where what is to be on is not there."""
    box = _toolbox(session)
    try:
        box.turn(True, session.tooling.names)
        box.demand(session.tooling.allowing)
    except CommandError:
        box.close()
        session.close()
        raise
    session.tooling.box = box


def prepare(session: Session) -> None:
    """See which tools the next question goes out with; servers are started for that. Ctrl-C is let through."""
    tooling, profile = session.tooling, session.profile
    tooling.offered = {}
    if not (tooling.is_on and toolbox(session).on):
        return
    who = (profile.name, profile.model)
    if not dialect(profile.dialect).tools and who not in tooling.without:
        tooling.without.add(who)
        session.screen.say(f"{profile.dialect} takes no tools; the question goes without.", "warning")
    if who not in tooling.without:
        found = offered(session)
        tooling.offered = {name: tool for name, tool in found.items() if name not in tooling.unsendable}


def offered(session: Session) -> dict[str, Tool]:
    """The tools that are on. What is waited for is told while that lasts."""

    def waiting(name: str) -> None:
        if session.screen.live:
            session.screen.passing(f"Starting {name} · Ctrl-C cancels")

    return toolbox(session).tools(waiting)


_TOOLS = re.compile(r"\btools?\b|\btool[ _-]|\bfunctions?\b", re.IGNORECASE)
_REFUSES = re.compile(
    r"\bnot (support|permit|allow|enabled|available)|n.t (support|permit|allow)|unsupported"
    r"|un(recognized|known|expected)|requires? --|no endpoints|extra (inputs|fields)",
    re.IGNORECASE,
)


def goes_without(session: Session, failure: ChatError | None) -> bool:
    """Whether the same can be asked once more, without the tool that the server refused, or without any."""
    tooling, profile = session.tooling, session.profile
    if not (tooling.offered and isinstance(failure, Refused) and failure.status in (400, 404, 422, 500, 501)):
        return False
    if too_many(failure.said):
        fewer = f"{tooling.most}. /tools off NAME takes some away; tools = [...] in [mcp.NAME] chooses."
        failure.hint = Hint(at_prompt=fewer)
        return False
    if definition := blamed(failure.said, tooling.definitions):
        tooling.unsendable.add(definition.name)
        tool = tooling.offered.pop(definition.name)
        session.screen.say(f"{profile.name} refuses the tool {safe.line(tool.shown)}; asking without it.", "warning")
        return True
    if _TOOLS.search(failure.said) and _REFUSES.search(failure.said):
        tooling.without.add((profile.name, profile.model))
        tooling.offered = {}
        told = f"{profile.model or profile.name} takes no tools; the question goes without."
        session.screen.say(safe.line(told), "warning")
        return True
    return False


def wanted(session: Session, reply: Message) -> bool:
    """Whether the reply calls tools that may run."""
    return bool(session.tooling.offered and tools.runnable(reply))


def answer(session: Session, reply: Message, counting: Counting) -> Answered:
    """Run the calls of the reply. Each gets one result, which is in the journal before the next begins."""
    found: list[Part] = []
    stopped, untold = counting.over, 0
    for part in tools.runnable(reply):
        if stopped or counting.over:
            result, word = results.failure(_LIMIT if counting.over else results.CANCELLED), "cancelled"
            untold += 1
        else:
            result, word = _answered(session, part, counting)
            stopped = word == "cancelled"
        parts = results.parts(part.id, result, word)
        session.transcript.add(Step(Message("tool", tuple(parts), at=now())))
        counting.called.append(_record(part, result, word))
        found += parts
    if untold:
        session.screen.say(f"○ {untold:,} more {'call is' if untold == 1 else 'calls are'} not run.", "dim")
    return Answered(Message("tool", tuple(found)), stopped)


def unanswered(session: Session, counting: Counting) -> RequestError | None:
    """Why a turn that the limit of calls ended has no answer; None where the user said that it is enough."""
    if not counting.over or session.user.has_prompt:
        return None
    hint = f"calls = N under [ui] in {session.paths.config} allows more than {session.ui.calls}."
    return RequestError("The model went on calling tools and gave no answer", hint)


_LIMIT = "Not run: no more calls are allowed for this question. Answer in words."
_SAME = "Not run: the same call was made before, and its result stands above."


def _answered(session: Session, part: ToolCallPart, counting: Counting) -> tuple[Result, str]:
    """What comes of a call: its result, and in a word how it failed. Ctrl-C at a question about it cancels it."""
    try:
        return _decided(session, part, counting)
    except KeyboardInterrupt:
        return _cancelled(session, named(session, part))


def _decided(session: Session, part: ToolCallPart, counting: Counting) -> tuple[Result, str]:
    if _too_many(session, counting):
        session.screen.say(line(session, f"○ {named(session, part)}", "refused"), "dim")
        return results.failure(_LIMIT), "refused"
    call = tools.call(part.id, part.name, part.arguments, session.tooling.offered)
    if isinstance(call, Result):
        return _told(session, named(session, part), call), "failed"
    if _repeats(session, call, counting):
        return _refused(session, call, _SAME)
    if session.config.replay:
        return _refused(session, call, "Not run: the replies come from a recording.")
    permission = allowed(session, call)
    if isinstance(permission, Refusal):
        if not session.user.has_prompt:  # it was told why
            return results.failure(permission.text), "refused"
        return _refused(session, call, permission.text)
    return _run(session, permission.call, permission.digest, permission.note)


def _too_many(session: Session, counting: Counting) -> bool:
    """Whether there were more calls for this question than the user wants, those that cannot run among them."""
    counting.made += 1
    if counting.made > counting.limit:
        counting.over = not says_yes(session, f"{counting.limit} calls were made for this question.", "Go on?")
        counting.limit += max(1, session.ui.calls)
    return counting.over


def _repeats(session: Session, call: Call, counting: Counting) -> bool:
    """Whether the same call was made too often, and the user does not want it again."""
    key = f"{call.tool.name} {canonical(call.arguments)}"
    counting.same[key] += 1
    if counting.same[key] <= TWICE:
        return False
    if not says_yes(session, f"● {question(call)}\n  The same call for the third time.", "Run it?"):
        return True
    counting.same[key] = 0
    return False


def _refused(session: Session, call: Call, why: str) -> tuple[Result, str]:
    session.screen.say(line(session, f"○ {begins(session, call)}", "refused"), "dim")
    return results.failure(why), "refused"


def _cancelled(session: Session, head: str, note: str = "") -> tuple[Result, str]:
    session.screen.say(line(session, f"○ {head}", "cancelled"), "dim")
    return results.failure(f"{note}{results.CANCELLED}"), "cancelled"


def _run(session: Session, call: Call, digest: str, note: str) -> tuple[Result, str]:
    """Run a call that was allowed. That it begins is in the journal before it does."""
    session.transcript.add(Mark(RUN, call.id))
    interrupts, head = session.interrupts, partial(begins, session, call)
    interrupts.forget()
    try:
        with session.user.listening(), _watching(session, call) as watch, interrupts.awaited():
            result = tools.run(call, digest, watch)
    except KeyboardInterrupt:
        return _cancelled(session, head(), note)
    except ChatError as error:
        result = results.failure(str(error))
    return _told(session, head(), result, note), "failed" if result.error else ""


def _told(session: Session, head: str, result: Result, note: str = "") -> Result:
    """Tell what came of a call; ``note`` is what the model is told before it."""
    call_lines.tell(session, head, result)
    return result._replace(text=note + result.text, whole=note + result.whole) if note else result


@contextmanager
def _watching(session: Session, call: Call) -> Iterator[Watch]:
    """While it lasts, a line says how long the call has run, and how far its server says it is, as the title does."""
    over, progress, began = Event(), [Progress(0)], session.clock()

    def tick() -> None:
        for turn in _SPINNER:
            if over.wait(TICK):
                return
            far = _far(progress[-1])
            name_window(session, f"{call.tool.shown}{far}" if far else "")
            seconds = f"{turn} {session.clock() - began:.0f} s{far} · Ctrl-C cancels"
            session.screen.passing(line(session, f"● {begins(session, call)}", seconds).partition("\n")[0])

    thread = Thread(target=tick, name="watching", daemon=True)
    if session.screen.live:
        thread.start()
    try:
        yield lambda told: progress.__setitem__(0, told)
    finally:
        over.set()
        if session.screen.live:
            thread.join()
            name_window(session)


def _turning() -> Iterator[str]:
    while True:
        yield from "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


_SPINNER = _turning()


def _far(progress: Progress) -> str:
    share = f" · {progress.done / progress.total:.0%}" if progress.total else ""
    return share + (f" · {safe.line(progress.text, 30)}" if progress.text else "")


def _record(part: ToolCallPart, result: Result, word: str) -> Called:
    arguments: Any = part.arguments
    with suppress(BadArguments):
        arguments = parse(part.arguments)
    first = next(iter((result.whole or result.text).splitlines()), "")
    error = (safe.line(first, 600) or word) if word else ""
    return Called(part.name, arguments, result.whole or result.text, round(result.seconds, 3), error)
