"""Commands about the sessions on disk: list, search, go on with one, name it, delete it."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from time import time

from chatrepl import files, sessions
from chatrepl.chat.commands.history import show_again
from chatrepl.chat.commands.table import SESSIONS, Suggestion, command, number, offered, pick
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.recall import whom
from chatrepl.chat.session import Session
from chatrepl.chat.user import User
from chatrepl.errors import ChatError, CommandError, Hint
from chatrepl.sessions.entries import Mark
from chatrepl.sessions.store import Listed
from chatrepl.terminal.choices import Choices, Row
from chatrepl.terminal.screen.screen import Screen
from chatrepl.text import safe, width
from chatrepl.text.amounts import ago, counted

SHOWN = 20
"""How many sessions a list shows."""


def session_ids(session: Session, words: str) -> Iterable[Suggestion]:
    """The sessions, for completion."""
    return offered(words, ((each.id, each.title) for each in islice(sessions.listed(session.paths.sessions), SHOWN)))


@command("/sessions", SESSIONS, "[n]")
def sessions_(session: Session, words: str) -> Outcome | None:
    """List the sessions, the newest first, and go on with the one you choose. With a number the last n are printed."""
    if session.transcript.kept and session.conversation.turns:
        session.screen.say(f"This session is in {files.short(session.transcript.kept)}", "dim")
    if session.user.choose and not words:
        return resume(session, "")
    shown = number(words, default=SHOWN)
    found = list(islice(sessions.listed(session.paths.sessions), shown + 1))
    if not found:
        session.screen.say("There are no sessions yet.")
        return None
    session.screen.table([_row(each, session) for each in found[:shown]])
    if len(found) > shown:
        session.screen.say(f"There are more: /sessions {10 * shown}, or /find WORDS.", "dim")
    return None


@command("/new /clear", SESSIONS, "[title]")
def new(session: Session, words: str) -> None:
    """Begin a new session. The old one stays in the list; the system prompt, the model and the settings stay too."""
    left = session.transcript.kept if session.conversation.turns else None
    session.start_over(words)
    back = f"; /resume {left.stem.rpartition('-')[2]} goes back to the old one" if left else ""
    session.screen.say(f"A new session{back}.", "dim")


@command("/resume", SESSIONS, "[id]", complete=session_ids)
def resume(session: Session, words: str) -> Outcome | None:
    """Go on with another session. It is named by its id, or the beginning or end of it, or by words of its title or
    said in it."""
    chosen = choose(session.paths.sessions, words, session.screen, session.user)
    if not chosen or chosen.path == session.transcript.path:
        session.screen.say("You stay in this session.", "dim")
        return None
    line = session.resume(chosen.path)
    show_again(session)
    title = safe.line(chosen.title, 60) or chosen.id
    session.screen.say(f'"{title}" goes on, with {whom(session.profile, session.env)}.', "dim")
    return Outcome(question_back=line)


@command("/find", SESSIONS, "words")
def find(session: Session, words: str) -> None:
    """Search all sessions for messages that contain all the words. It also finds what /reset, /edit, /undo or /retry
    set aside, and marks it."""
    if not words:
        raise CommandError("Find what?", Hint(at_prompt="/find WORDS"))
    matches = list(islice(session.interrupts.over(sessions.found(session.paths.sessions, words)), SHOWN + 1))
    if not matches:
        session.screen.say("No session contains that.")
        return
    for match in matches[:SHOWN]:
        session.screen.say(f"{match.session.id}  {match.session.when}  {safe.line(match.session.title)}", "bold")
        room = max(session.screen.columns - 5, 10)
        aside = "(set aside) " if match.aside else ""
        line = _around(safe.line(match.line, 2 * len(match.line)), words, room - len(aside))
        session.screen.say(f"    {aside}{line}")
    more = "There are more. " if len(matches) > SHOWN else ""
    session.screen.say(f"{more}/resume ID goes on with one.", "dim")


@command("/title", SESSIONS, "[text]")
def title(session: Session, words: str) -> None:
    """Show the title of the session, or give it another."""
    if words:
        session.transcript.add(Mark("rename", words))
    session.screen.say(safe.line(session.transcript.state.title) or "The session has no title yet.", "dim")


@command("/delete", SESSIONS, "[id]", complete=session_ids)
def delete(session: Session, words: str) -> None:
    """Delete a session for good, this one if none is named. It asks first."""
    own = session.transcript.path
    named = words and choose(session.paths.sessions, words, session.screen, session.user, "delete")
    chosen = named or (sessions.at(own) if own and not words else None)
    if not chosen:
        session.screen.say("Nothing was deleted." if words else _nothing_to_delete(session), "dim")
        return
    if not session.user.confirm(f"Delete {_described(chosen)} for good?"):
        session.screen.say("It was not deleted.", "dim")
        return
    if chosen.path == own:
        system = session.conversation.system
        session.begin()
        session.transcript.add(Mark("system", system))
    sessions.delete(chosen.path)
    session.screen.say("Deleted.", "dim")


def _nothing_to_delete(session: Session) -> str:
    if not session.conversation.turns:
        return "There is nothing to delete."
    return f"This conversation is not saved{' yet' if session.transcript.path else ''}; /delete ID deletes another."


def choose(folder: Path, words: str, screen: Screen, user: User, name: str = "resume") -> Listed | None:
    """The session that the words mean; the user is asked where they mean several, or there are none."""
    found = sessions.named(folder, words) if words else sessions.listed(folder)
    if isinstance(found, list) and len(found) == 1:
        return found[0]
    rows = _rows(found)
    if not (first := next(rows, None)):
        raise CommandError(f"No session matches {words!r}" if words else "There are no sessions yet")
    chosen = pick(user, screen, _choices(name, chain([first], rows)))
    return chosen.what if chosen else None


def _rows(found: Iterable[Listed]) -> Iterator[Row]:
    """Those in which something was said."""
    for each in found:
        about = each.about
        if about.turns:
            yield Row(each.title or "untitled", each, about.once, f"{each.id} {about.model}")


def _choices(name: str, rows: Iterable[Row]) -> Choices:
    now = time()

    def facts(row: Row) -> str:
        listed: Listed = row.what
        about = listed.about
        told = (counted(about.turns, "turn"), ago(listed.used, now), safe.line(about.model, 30), listed.id[-4:])
        return " · ".join(filter(None, (*told, "one-shot" if about.once else "")))

    def preview(row: Row) -> list[str]:
        marks = {"user": "> ", "assistant": ""}
        return [f"{marks[role]}{safe.line(text, 300)}" for role, text in row.what.last_exchange()]

    def delete(row: Row) -> str:
        try:
            sessions.delete(row.what.path)
        except ChatError as error:
            return str(error)
        return ""

    return Choices(name, rows, facts, preview, "one-shots", delete)


def _described(each: Listed) -> str:
    """A session in words that tell it from every other."""
    return f'{safe.line(each.id)}, {each.when}, {counted(each.turns, "turn")}, "{safe.line(each.title) or "untitled"}"'


def _row(each: Listed, session: Session) -> tuple[str, ...]:
    mark = "*" if each.path == session.transcript.path else ""
    if session.screen.columns < 45:  # no room for both the id and the time on a line
        return mark, each.id, f"{each.when} {each.title or 'untitled'}"
    return mark, each.id, each.when, each.title or "untitled"


def _around(line: str, words: str, room: int) -> str:
    """The part of a line in which the first of the words stands, in so many columns."""
    start = place = max(0, line.casefold().find(words.casefold().split()[0]))
    while start and (width.width(line[start:place]) < room // 3 or width.width(line[start:][:room]) < room - 1):
        start -= 1
    shown = f"…{line[start:]}" if start else line
    return safe.line(shown, room)
