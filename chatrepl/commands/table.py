"""The table of the slash commands: what makes a function one, and what is done with them all."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chatrepl import filenames, safe
from chatrepl.config import nearest
from chatrepl.errors import CommandError
from chatrepl.fuzzy import Named, matching
from chatrepl.screen import Screen
from chatrepl.session import Session

Run = Callable[[Session, str], None]
Suggestion = tuple[str, str, int]
"""What could stand at the end of what is typed, what that means, and how many characters it replaces."""
Complete = Callable[[Session, str], Iterable[Suggestion]]
"""For the words behind a command."""


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: ``run`` gets the session and the words behind the name, ``complete`` the same while they are
    typed."""

    name: str
    usage: str
    about: str
    help: str
    run: Run
    complete: Complete


COMMANDS: dict[str, Command] = {}
"""Every command by its name, and by its other names."""


def command(usage: str, *other_names: str, complete: Complete = lambda session, words: ()) -> Callable[[Run], Run]:
    """Enter a function into the table. Its docstring is its help, the first line of it the short form."""

    def enter(run: Run) -> Run:
        doc = " ".join((run.__doc__ or "").split())
        about, _, _ = doc.partition(". ")
        name = usage.split()[0]
        for each in (name, *other_names):
            COMMANDS[each] = Command(name, usage, about.rstrip("."), doc, run, complete)
        return run

    return enter


def distinct() -> list[Command]:
    """The commands, each once, by name."""
    return [each for name, each in sorted(COMMANDS.items()) if name == each.name]


def run(session: Session, line: str) -> None:
    """Run the command on that line."""
    name, *words = line.split(maxsplit=1)
    if name not in COMMANDS:
        hint = "/help lists the commands. A line that begins with // is sent, as a message that begins with /."
        raise CommandError(f"There is no command {name!r}{nearest(name, COMMANDS)}", hint)
    COMMANDS[name].run(session, "".join(words).rstrip())


def suggestions(session: Session, before: str) -> Iterable[Suggestion]:
    """What could stand at the end of that text: commands at its start, arguments behind a command, files behind @."""
    if not before.startswith("/") or before.startswith("//") or "\n" in before:
        yield from file_after_at(before)
        return
    name, space, words = before.partition(" ")
    if not space:
        yield from offered(name, [(each, COMMANDS[each].about) for each in sorted(COMMANDS)])
    elif name in COMMANDS:
        yield from COMMANDS[name].complete(session, words)


def offered(typed: str, names: Iterable[Named]) -> Iterable[Suggestion]:
    """Those of the names that what was typed may become."""
    return ((name, meaning, len(typed)) for name, meaning in matching(typed, names))


def file_after_at(before: str) -> Iterable[Suggestion]:
    """The files that an @ at the end of the text may mean."""
    word = re.split(r"\s", before)[-1]
    if word.startswith("@"):
        for name, kind in filenames.completions(word[1:]):
            yield f'@"{name}"' if " " in name else f"@{name}", kind, len(word)


def file_names(session: Session, words: str) -> Iterable[Suggestion]:
    """File names, for the last of several words."""
    word = words.rpartition(" ")[2]
    for name, kind in filenames.completions(word):
        yield name, kind, len(word)


def quoted_file_names(session: Session, words: str) -> Iterable[Suggestion]:
    """The same, in quotes where a name holds a space."""
    for name, kind, length in file_names(session, words):
        yield f'"{name}"' if " " in name else name, kind, length


# What several commands need


def number(words: str, *, default: int) -> int:
    """The number above 0 that the words are, ``default`` where there are none."""
    if not words:
        return default
    found = whole(words)
    if not found:
        raise CommandError(f"{safe.line(words, 20)!r} is no number above 0" + " and below a billion" * words.isdigit())
    return found


def whole(words: str) -> int:
    """The number that the words are, 0 where they are none, or one of more digits than anybody means."""
    return int(words) if words.isascii() and words.isdigit() and len(words) < 10 else 0


def flagged(words: str, flag: str) -> tuple[bool, str]:
    """Whether the flag stands at either end of the words, and the others."""
    first, _, behind = words.partition(" ")
    if first == flag:
        return True, behind.strip()
    before, _, last = words.rpartition(" ")
    return (True, before.strip()) if last == flag else (False, words)


def pick(screen: Screen, answer: Callable[[str], str], rows: Sequence[Sequence[str]]) -> int | None:
    """Which of the rows the user wants, from 0; None where that is none of them."""
    screen.table([(str(place), *row) for place, row in enumerate(rows, 1)])
    place = whole(answer(f"Which one? [1-{len(rows)}]"))
    return place - 1 if 1 <= place <= len(rows) else None


def counted(count: int, thing: str) -> str:
    """``1 turn`` or ``1,000 turns``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
