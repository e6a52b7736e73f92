"""What is offered while a line is typed: commands, prompt files and prompts of servers, and what stands behind them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from chatrepl import chat
from chatrepl.chat import prompt_files
from chatrepl.chat.commands.table import (
    AFTER_AT,
    COMMANDS,
    Suggestion,
    file_after_at,
    in_quotes,
    is_served,
    named,
    offered,
)
from chatrepl.chat.session import Session
from chatrepl.config import prompts
from chatrepl.errors import CommandError
from chatrepl.text import slashes


def suggestions(session: Session, before: str) -> Iterable[Suggestion]:
    """What could stand at the end of that text: commands at its start, arguments behind a command, files behind @."""
    name, space, words = before.partition(" ")
    folder, file = session.paths.prompts, name.removeprefix("/")
    if space and name.lower() not in COMMANDS and "\n" not in before and prompts.is_there(folder, file):
        yield from _variables(folder, file, words)
    elif space and "\n" not in before and is_served(session, name):
        yield from chat.served.values_ahead(session, file, words)
        yield from after_at(session, words)
    elif "\n" in before or (space and name.lower() not in COMMANDS) or not (name == "/" or slashes.command_name(name)):
        yield from after_at(session, before)
    elif space:
        yield from named(name).complete(session, words)
    else:
        files = {f"/{each}": path for each, path in prompts.names(folder).items() if f"/{each}" not in COMMANDS}
        commands = [(each, COMMANDS[each].about) for each in sorted(COMMANDS)]
        served = chat.served.prompts_ahead(session, name) if session.config.tools else ()
        for found in offered(name, [*commands, *((each, "") for each in files), *served]):
            yield _with_arguments(found, name, files)


def _variables(folder: Path, name: str, words: str) -> Iterable[Suggestion]:
    """The variables of a prompt file that have no value yet, and files behind an @."""
    with suppress(CommandError):  # it is told of when the file is run
        *before, typed = words.split(" ")
        given = {each.partition("=")[0] for each in before}
        names = [each for each in prompts.load(folder, name).variables if each not in given]
        yield from offered(typed, [(f"{each}=", "") for each in names if typed])
    yield from file_after_at(words)


def _with_arguments(found: Suggestion, typed: str, files: Mapping[str, Path]) -> Suggestion:
    """A command that is there whole shows what may stand behind it, and a blank goes on to that."""
    name, about, length = found
    if name in files:
        listed = prompt_files.listed(name.removeprefix("/"), files[name])
        arguments, about = listed.hint, listed.wrong or listed.about
        found = name, about, length
    else:
        arguments = COMMANDS[name].arguments if name in COMMANDS else ""
    if name != typed.lower() or not arguments:
        return found
    return f"{name} ", f"{arguments} · {about}", length


def after_at(session: Session, before: str) -> Iterable[Suggestion]:
    """The same, and the resources of servers."""
    yield from file_after_at(before)
    if session.config.tools and (found := AFTER_AT.search(before)):
        typed = found[1].removeprefix('"')
        yield from in_quotes(found[1], chat.served.resources_ahead(session, typed))
