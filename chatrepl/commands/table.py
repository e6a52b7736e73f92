"""The table of the slash commands: what makes a function one, and what is done with them all."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chatrepl.config import nearest
from chatrepl.errors import CommandError
from chatrepl.screen import Screen
from chatrepl.session import Session

Run = Callable[[Session, str], None]
Complete = Callable[[Session], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: ``run`` gets the session and the words behind the name; ``complete`` what could stand there."""

    name: str
    usage: str
    about: str
    help: str
    run: Run
    complete: Complete


COMMANDS: dict[str, Command] = {}
"""Every command by its name, and by its other names."""


def command(usage: str, *other_names: str, complete: Complete = lambda session: ()) -> Callable[[Run], Run]:
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
    name, _, words = line.partition(" ")
    if name not in COMMANDS:
        hint = "/help lists the commands. A line that begins with // is sent, as a message that begins with /."
        raise CommandError(f"There is no command {name!r}{nearest(name, COMMANDS)}", hint)
    COMMANDS[name].run(session, words.strip())


def suggestions(session: Session, before: str) -> Iterable[tuple[str, str, int]]:
    """What could stand at the end of that text: commands at its start, arguments behind a command."""
    if not before.startswith("/") or "\n" in before:
        return
    name, space, words = before.partition(" ")
    if not space:
        for each in sorted(COMMANDS):
            if each.startswith(name):
                yield each, COMMANDS[each].about, len(name)
    elif name in COMMANDS:
        for text, meaning in COMMANDS[name].complete(session):
            if text.startswith(words):
                yield text, meaning, len(words)


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


def turns(count: int) -> str:
    """``1 turn`` or ``n turns``."""
    return f"{count} turn" if count == 1 else f"{count} turns"
