"""What the command line does besides chatting: lists, sessions written and taken in, the check-up."""

import sys
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

from chatrepl import config, sessions
from chatrepl.client import keys
from chatrepl.config import reading
from chatrepl.config.config import Config, Profile
from chatrepl.config.paths import Paths
from chatrepl.errors import ChatError, CommandError, ConfigError
from chatrepl.sessions.transcript import read
from chatrepl.terminal.screen.screen import Screen
from chatrepl.text import safe


def list_profiles(configuration: Config, env: Mapping[str, str]) -> None:
    """Print the profiles, and which of them have their key."""
    for profile in configuration.profiles.values():
        key = "no key needed"
        if profile.key_env:
            key = f"{profile.key_env} is {'set' if keys.has_key(profile, env) else 'not set'}"
        elif profile.needs_key:
            key = "key from a file or a command"
        mark = "*" if profile.name == configuration.default else " "
        print(f"{mark} {profile.name:<20} {profile.dialect:<20} {profile.model or '-':<28} {key}")


def list_sessions(folder: Path) -> None:
    """Print the sessions, the newest first."""
    for each in sessions.listed(folder):
        print(f"{each.id}  {each.when}  {safe.line(each.title) or 'untitled'}")


def write_session(words: str, file: Path, folder: Path, screen: Screen) -> None:
    """Write the session that the words mean to a file."""
    from chatrepl.sessions import formats

    state = read(chosen_session(words, folder, screen).path)
    state.settle()
    formats.save(file, state.conversation, state.title)


def take_in(file: Path, folder: Path) -> None:
    """Make sessions of the conversations in a file, and print their ids."""
    from chatrepl.sessions import formats

    for conversation, title in reversed(formats.load_all(file)):
        path = sessions.keep(conversation, title, folder)
        print(f"{path.stem}  {safe.line(title) or 'untitled'}")


def chosen_session(words: str, folder: Path, screen: Screen) -> sessions.Listed:
    """The session that the words mean, or the user."""
    from chatrepl.chat.commands.sessions import choose

    def answer(question: str) -> str:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return ""
        from chatrepl.terminal.prompt import Prompt

        with closing(Prompt(None)) as prompt, suppress(EOFError):
            return prompt.asked(question)
        return ""

    found = choose(folder, words, screen, answer)
    if not found:
        raise CommandError("No session was chosen", "Name one by its id, or the end of it.")
    return found


def check_up(
    places: Paths, screen: Screen, env: Mapping[str, str], choose: Callable[[Config], Profile], *, must_exist: bool
) -> bool:
    """Tell what works and what does not; whether the configuration is right and the chosen profile can be talked to."""
    from chatrepl.cli.doctor import Doctor
    from chatrepl.client.connection import Connection

    screen.all_to_out()
    mistake: ConfigError | None = None
    chosen: Profile | ChatError
    try:
        configuration = reading.load(places.config, must_exist=must_exist)
    except ConfigError as error:
        configuration, mistake = config.built_in(places.config), error
    try:
        chosen = choose(configuration)
    except ChatError as error:
        chosen = error
    connection = Connection(env, places.models, lambda _line: None, configuration.profiles)
    try:
        return Doctor(configuration, places, connection, screen, mistake).examine(chosen)
    finally:
        connection.close()
