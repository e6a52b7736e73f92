"""The table of the slash commands: what makes a function one, and what is done with them all."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chatrepl import filenames
from chatrepl.config import nearest
from chatrepl.errors import CommandError
from chatrepl.fuzzy import matching
from chatrepl.screen import Screen
from chatrepl.session import Session

Run = Callable[[Session, str], None]
Complete = Callable[[Session], Iterable[tuple[str, str]]]
CompleteWords = Callable[[Session, str], Iterable[tuple[str, str, int]]]


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: ``run`` gets the session and the words behind the name; ``complete`` what could stand there.

    ``complete_words`` is for arguments that depend on what is typed already: it gives what could stand at the end of
    it, what that means, and how many characters it replaces.
    """

    name: str
    usage: str
    about: str
    help: str
    run: Run
    complete: Complete
    complete_words: CompleteWords | None = None


COMMANDS: dict[str, Command] = {}
"""Every command by its name, and by its other names."""


def command(
    usage: str,
    *other_names: str,
    complete: Complete = lambda session: (),
    complete_words: CompleteWords | None = None,
) -> Callable[[Run], Run]:
    """Enter a function into the table. Its docstring is its help, the first line of it the short form."""

    def enter(run: Run) -> Run:
        doc = " ".join((run.__doc__ or "").split())
        about, _, _ = doc.partition(". ")
        name = usage.split()[0]
        for each in (name, *other_names):
            COMMANDS[each] = Command(name, usage, about.rstrip("."), doc, run, complete, complete_words)
        return run

    return enter


def distinct() -> list[Command]:
    """The commands, each once, by name."""
    return [each for name, each in sorted(COMMANDS.items()) if name == each.name]


def run(session: Session, line: str) -> None:
    """Run the command on that line."""
    name, _, words = line.partition(" ")
    if name not in COMMANDS:
        hint = "/help lists the commands. A line that begins with // is sent, as a message that begins with /."
        raise CommandError(f"There is no command {name!r}{nearest(name, COMMANDS)}", hint)
    COMMANDS[name].run(session, words.strip())


def suggestions(session: Session, before: str) -> Iterable[tuple[str, str, int]]:
    """What could stand at the end of that text: commands at its start, arguments behind a command, files behind @."""
    if not before.startswith("/") or before.startswith("//") or "\n" in before:
        yield from file_after_at(before)
        return
    name, space, words = before.partition(" ")
    if not space:
        for each, about in matching(name, [(each, COMMANDS[each].about) for each in sorted(COMMANDS)]):
            yield each, about, len(name)
    elif name in COMMANDS and (complete_words := COMMANDS[name].complete_words):
        yield from complete_words(session, words)
    elif name in COMMANDS:
        for text, meaning in matching(words, COMMANDS[name].complete(session)):
            yield text, meaning, len(words)


def file_after_at(before: str) -> Iterable[tuple[str, str, int]]:
    """The files that an @ at the end of the text may mean."""
    word = re.split(r"\s", before)[-1]
    if word.startswith("@"):
        for name, kind in filenames.completions(word[1:]):
            yield f'@"{name}"' if " " in name else f"@{name}", kind, len(word)


def file_names(session: Session, words: str) -> Iterable[tuple[str, str, int]]:
    """File names, for the last of several words."""
    word = words.rpartition(" ")[2]
    for name, kind in filenames.completions(word):
        yield name, kind, len(word)


def quoted_file_names(session: Session, words: str) -> Iterable[tuple[str, str, int]]:
    """The same, in quotes where a name holds a space."""
    for name, kind, length in file_names(session, words):
        yield f'"{name}"' if " " in name else name, kind, length


# What several commands need


def number(words: str, *, default: int) -> int:
    """The number above 0 that the words are, ``default`` where there are none."""
    if not words:
        return default
    if not words.isascii() or not words.isdigit() or int(words) < 1:
        raise CommandError(f"{words!r} is no number above 0")
    return int(words)


def pick(screen: Screen, answer: Callable[[str], str], rows: Sequence[tuple[str, str]]) -> int | None:
    """Which of the rows the user wants, from 0; None where that is none of them."""
    screen.table([(f"{place:>2}  {name}", meaning) for place, (name, meaning) in enumerate(rows, 1)])
    said = answer(f"Which one? [1-{len(rows)}]")
    return int(said) - 1 if said.isascii() and said.isdigit() and 1 <= int(said) <= len(rows) else None


def counted(count: int, thing: str) -> str:
    """``1 turn`` or ``1,000 turns``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
