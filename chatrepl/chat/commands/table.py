"""The table of the slash commands: what makes a function one, and what is done with them all."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path

from chatrepl import chat, dataclass
from chatrepl.chat import prompt_files
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.session import Session
from chatrepl.chat.user import User
from chatrepl.config import prompts
from chatrepl.errors import CommandError, Hint
from chatrepl.files import completion
from chatrepl.terminal.choices import Choices, Row
from chatrepl.terminal.screen.screen import Screen
from chatrepl.text import safe, slashes
from chatrepl.text.amounts import counted
from chatrepl.text.fuzzy import Named, is_slip, matching, nearest

Run = Callable[[Session, str], Outcome | None]
"""What a command does. One that asks, or leaves something to be typed, returns what became of it."""
Suggestion = tuple[str, str, int]
"""What could stand at the end of what is typed, what that means, and how many characters it replaces."""
Complete = Callable[[Session, str], Iterable[Suggestion]]
"""For the words behind a command."""


GROUPS = TALK, WHO, SESSIONS, FILES, SETTINGS, PROGRAM = (
    "The conversation",
    "Who answers",
    "Sessions",
    "Files and the clipboard",
    "Settings",
    "The program",
)
"""What commands are about, in the order of /help."""


@dataclass(frozen=True)
class Command:
    """A slash command: ``run`` gets the session and the words behind the name, ``complete`` the same while they are
    typed."""

    name: str
    arguments: str
    """What may stand behind the name, "" for nothing."""
    usage: str
    """Its names, and what may stand behind them."""
    group: str
    about: str
    help: str
    run: Run
    complete: Complete


NUMBERED = 20
"""So many rows has a list that one chooses from by number."""

COMMANDS: dict[str, Command] = {}
"""Every command by its name, and by its other names."""


def command(
    names: str, group: str, arguments: str = "", complete: Complete = lambda session, words: ()
) -> Callable[[Run], Run]:
    """Enter a function into the table, under each of the names between blanks; without ``arguments`` it takes none. Its
    docstring is its help, the first sentence of it the short form."""
    first, *others = names.split()
    usage = f"{', '.join((first, *others))} {arguments}".rstrip()

    def enter(run: Run) -> Run:
        doc = " ".join((run.__doc__ or "").split())
        about, _, _ = doc.partition(". ")
        for name in (first, *others):
            COMMANDS[name] = Command(first, arguments, usage, group, about.rstrip("."), doc, run, complete)
        return run

    return enter


ELSEWHERE = {
    **dict.fromkeys(("/bye", "/q"), "/quit"),
    **dict.fromkeys(("/h", "/?", "/commands"), "/help"),
    **dict.fromkeys(("/regenerate", "/regen"), "/retry"),
    **dict.fromkeys(("/add", "/attach"), "/file"),
    **dict.fromkeys(("/rename", "/name"), "/title"),
    **dict.fromkeys(("/cost", "/tokens", "/stats"), "/usage"),
    **dict.fromkeys(("/list", "/chats"), "/sessions"),
    "/m": "/model",
    "/provider": "/profile",
    "/export": "/save",
    "/import": "/load",
    "/branch": "/fork",
    "/back": "/undo",
    "/config": "/set",
}
"""What commands are called in other programs, and the one here that is meant."""


def distinct() -> list[Command]:
    """The commands, each once, by name."""
    return [each for name, each in sorted(COMMANDS.items()) if name == each.name]


def named(name: str, others: Iterable[str] = ()) -> Command:
    """The command of that name, in small letters or large. ``others`` are names that could be meant besides."""
    if name.lower() not in COMMANDS:
        hint = Hint(at_prompt="/help lists the commands. With a second slash before it the line is sent.")
        meant = ELSEWHERE.get(name.lower())
        near = f": did you mean {meant!r}?" if meant else nearest(name.lower(), [*COMMANDS, *others])
        raise CommandError(f"There is no command {name!r}{near}", hint)
    return COMMANDS[name.lower()]


def is_command(line: str, folder: Path | None = None) -> bool:
    """Whether a line that was typed is a command: one of that name or a slip of it, or a word of that form alone; or a
    prompt file of the folder."""
    typed = slashes.command_name(line)
    name, word = typed.lower(), typed.removeprefix("/")
    if not name:
        return line.strip() == "/"
    if name in COMMANDS or name in ELSEWHERE or line.strip().lower() == name or _is_meant(word.lower(), _known()):
        return True
    return folder is not None and (prompts.is_there(folder, word) or _is_meant(word.lower(), prompts.names(folder)))


def is_served(session: Session, line: str) -> bool:
    """Whether a line that was typed names a prompt of a server: ``/server:prompt``."""
    name = slashes.command_name(line)
    return ":" in name and chat.served.parted(session, name.removeprefix("/")) is not None


def _known() -> list[str]:
    return [each.removeprefix("/") for each in (*COMMANDS, *ELSEWHERE)]


def _is_meant(word: str, names: Iterable[str]) -> bool:
    names = list(names)
    return is_slip(word, names) or (len(word) > 3 and any(each.startswith(word) for each in names))


def run(session: Session, line: str) -> Outcome | None:
    """Run the command on that line, or the prompt file."""
    name, *words = line.split(maxsplit=1)
    file, folder = name.removeprefix("/"), session.paths.prompts
    is_file = prompts.is_there(folder, file)
    if is_file and name.lower() not in COMMANDS:
        return prompt_files.run(session, file, "".join(words))
    if is_served(session, name):
        return chat.served.run(session, file, "".join(words))
    if is_file:
        session.screen.say(f"{name} is a command; the prompt file of that name is run by -t {file}.", "warning")
    meant = named(name, [] if name.lower() in COMMANDS else [f"/{each}" for each in prompts.names(folder)])
    if words and not meant.arguments:
        raise CommandError(
            f"{meant.name} takes no arguments, not {safe.line(words[0], 40)!r}", Hint(at_prompt=meant.usage)
        )
    return meant.run(session, "".join(words).rstrip())


def offered(typed: str, names: Iterable[Named]) -> Iterable[Suggestion]:
    """Those of the names that what was typed may become."""
    return ((name, meaning, len(typed)) for name, meaning in matching(typed, names))


AFTER_AT = re.compile(r'(?<!\S)@("[^"\n]*|[^\s"]*)$')
_WORD = re.compile(r"""\s*("[^"]*"?|'[^']*'?|(?:\\.?|[^\s\\"'])+)""")


def file_after_at(before: str) -> Iterable[Suggestion]:
    """The files that an @ at the end of the text may mean."""
    if found := AFTER_AT.search(before):
        names = completion.completions(found[1].removeprefix('"'))
        yield from in_quotes(found[1], ((name, kind) for name, kind in names if '"' not in name))


def file_names(words: str, *endings: str) -> Iterable[Suggestion]:
    """Names of folders, and of files with these endings, for the words as they are."""
    return ((name, kind, len(words)) for name, kind in completion.completions(words, endings or ("",)))


def quoted_file_names(words: str, *endings: str) -> Iterable[Suggestion]:
    """The same for the last of several words, as a shell takes them: in quotes, or with backslashes."""
    *_, last = ["", *(found[1] for found in _WORD.finditer(words) if found.end() == len(words))]
    is_over = last[:1] in _QUOTES and last[1:].endswith(last[:1])
    typed = last[1:] if last[:1] in _QUOTES else re.sub(r"\\(.?)", r"\1", last)
    return () if is_over else in_quotes(last, completion.completions(typed, endings or ("",)))


_QUOTES = ('"', "'")


def in_quotes(typed: str, found: Iterable[tuple[str, str]]) -> Iterable[Suggestion]:
    """The names in quotes, those that need some or were begun so. Those of a folder stay open, for what is in it."""
    for name, kind in found:
        needed = "'" if '"' in name else '"' if re.search(r"[\s'\\]", name) else ""
        quote = typed[0] if typed[:1] in _QUOTES else needed
        yield f"{quote}{name}{quote * (not name.endswith('/'))}", kind, len(typed)


# What several commands need


def number(words: str, *, default: int, most: int | None = None) -> int:
    """The number above 0 that the words are, ``default`` where there are none. That of a turn is at ``most`` how many
    there are."""
    place = number_or_0(words) if words else default
    if words and not place:
        raise CommandError(
            f"{safe.line(words, 20)!r} is not a number above 0" + " and below a billion" * words.isdigit()
        )
    if most is not None and place > most:
        if not most:
            raise CommandError("The conversation is empty")
        hint = Hint(at_prompt="/history shows them with their numbers.")
        raise CommandError(f"The conversation has only {counted(most, 'turn')}", hint)
    return place


def number_or_0(words: str) -> int:
    """The number that the words are, 0 where they are none, or one of more digits than anybody means."""
    return int(words) if words.isascii() and words.isdigit() and len(words) < 10 else 0


def flagged(words: str, flag: str) -> tuple[bool, str]:
    """Whether the flag stands at either end of the words, and the others."""
    first, _, behind = words.partition(" ")
    if first == flag:
        return True, behind.strip()
    before, _, last = words.rpartition(" ")
    return (True, before.strip()) if last == flag else (False, words)


def pick(user: User, screen: Screen, choices: Choices) -> Row | None:
    """What the user chooses, None for nothing: from the list itself, or of what it begins with by number."""
    return (
        user.choose(choices) if user.choose else numbered(user, screen, list(islice(choices.rows, NUMBERED)), choices)
    )


def numbered(user: User, screen: Screen, rows: Sequence[Row], choices: Choices) -> Row | None:
    """Which of these rows the user wants, by its number; None for none."""
    screen.table([(str(place), row.text, choices.facts(row)) for place, row in enumerate(rows, 1)])
    place = number_or_0(user.answer(f"Which one? [1-{len(rows)}]"))
    return rows[place - 1] if 1 <= place <= len(rows) else None
