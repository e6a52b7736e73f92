"""/help: one screen with what one needs, every command, the keys, one command, and the pages of the manual."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import zip_longest

from chatrepl.chat import prompt_files, served
from chatrepl.chat.commands.table import (
    COMMANDS,
    ELSEWHERE,
    GROUPS,
    PROGRAM,
    Suggestion,
    command,
    distinct,
    named,
    offered,
)
from chatrepl.chat.repl import MEANT
from chatrepl.chat.session import Session
from chatrepl.config import prompts
from chatrepl.errors import CommandError, Hint
from chatrepl.files.manual import flowing, page, topics
from chatrepl.text import width
from chatrepl.text.fuzzy import nearest

_LEFT = (
    ("/new", "start afresh; the old stays"),
    ("/resume", "go on with an old session"),
    ("/retry", "ask again"),
    ("/edit", "change your question"),
    ("/undo", "take back; /redo brings back"),
    ("/copy 2.1", "copy reply 2, its block 1"),
    ("/save", "write a transcript"),
    ("!ls", "run it; attach what it says"),
)
_RIGHT = (
    ("/model", "talk to another model"),
    ("/profile", "talk to another vendor"),
    ("/system", "set the system prompt"),
    ("/file @x", "attach files and folders"),
    ("/tools", "let it use tools"),
    ("/btw", "ask aside"),
    ("/usage", "tokens, and what it cost"),
)
_NAME, _ABOUT = 11, 30
"""So many columns take a name and what it means on the one screen."""


def help_words(session: Session, words: str) -> Iterable[Suggestion]:
    """What /help takes, for completion."""
    pages = [("all", "every command"), *((topic, "a page") for topic in topics())]
    return offered(words, [*((each.name, each.about) for each in distinct()), *pages])


@command("/help", PROGRAM, "[command|page]", complete=help_words)
def help_(session: Session, words: str) -> None:
    """Show the commands one needs, a page of the manual, or what a command does. /help all lists every command,
    /help tools is the page about tools, and /help /tools explains the command."""
    word = words.lower()
    if not words:
        _one_screen(session)
    elif word == "all":
        _every_command(session)
    elif word in topics():
        with session.screen.paged():
            session.screen.reply(flowing(page(word)), session.ui)
    else:
        usage, explained = _explained(session, words.removeprefix("/"))
        session.screen.say(usage, "bold")
        session.screen.say(explained)


def _explained(session: Session, name: str) -> tuple[str, str]:
    """How a command, a prompt file or a prompt of a server is typed, and what it does."""
    files = prompts.names(session.paths.prompts)
    if (typed := f"/{name.lower()}") in COMMANDS or typed in ELSEWHERE:
        return (found := named(typed)).usage, found.help
    if name in files:
        listed = prompt_files.listed(name, files[name])
        return f"/{name} {listed.hint}".rstrip(), listed.wrong or listed.about
    if served.parted(session, name):
        return served.explained(session, name)
    near = nearest(name.lower(), [*topics(), *files]) or nearest(typed, COMMANDS)
    hint = Hint(at_prompt="/help all lists every command and page.")
    raise CommandError(f"There is no command and no page {name!r}{near}", hint)


# The one screen


def _one_screen(session: Session) -> None:
    say = session.screen.say
    sends, adds = _enters(session)
    say(f"{sends} sends · {adds} new line · Ctrl-C stops · Ctrl-D leaves · Tab completes", "dim")
    say("")
    for row in _rows(session.screen.columns):
        say(row)
    say("")
    for line in _more():
        say(line, "dim")


def _rows(columns: int) -> Iterable[str]:
    """The commands in two columns, or in one where there is no room for both."""
    left, right = _known(_LEFT), _known(_RIGHT)
    if columns < 2 * (_NAME + _ABOUT) - 2:
        return map(partial(_cell, 0), [*left, *right])
    pairs = zip_longest(left, right, fillvalue=("", ""))
    return (f"{_cell(_NAME + _ABOUT, one)}{_cell(0, other)}".rstrip() for one, other in pairs)


def _known(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [row for row in rows if not row[0].startswith("/") or row[0].split()[0] in COMMANDS]


def _cell(columns: int, row: tuple[str, str]) -> str:
    return width.padded(f"{row[0]:<{_NAME}}{row[1]}", columns)


def _more() -> Iterable[str]:
    yield "/help all: everything · /help PAGE: files, tools, prompts, keys, network …"


# The rest


def _every_command(session: Session) -> None:
    with session.screen.paged():
        for group in GROUPS:
            session.screen.say(group, "bold")
            session.screen.table([(each.usage, each.about) for each in distinct() if each.group == group])
        session.screen.say("The prompt", "bold")
        session.screen.table(list(_keys(session)))
        session.screen.say("The manual", "bold")
        session.screen.say(f"/help PAGE shows one of {', '.join(topics())}.")


def _enters(session: Session) -> tuple[str, str]:
    """The key that sends, and the one that adds a line."""
    return ("Alt-Enter", "Enter") if session.ui.multiline else ("Enter", "Alt-Enter")


def _keys(session: Session) -> Iterable[tuple[str, str]]:
    """What is typed that is no command, and what it does."""
    sends, adds = _enters(session)
    yield sends, f"sends; {adds}, Shift-Enter or Ctrl-J adds a line"
    yield "Tab", "completes commands, arguments, and files behind an @"
    yield "Ctrl-R, Up", "search the input history, walk it"
    yield "Ctrl-X Ctrl-E", "opens the line in your editor"
    yield "Ctrl-C", "stops a reply, clears the line; Ctrl-D leaves"
    yield "Ctrl-Z", "suspends"
    yield "!ls", "runs ls in the shell; what it prints goes along with the next question"
    yield "//word", "sends /word; paths, comments and pastes are sent as they are"
    yield ", ".join(MEANT), "mean /quit or /help; behind a blank they are sent"
