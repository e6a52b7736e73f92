"""What the command line does besides chatting: lists, sessions written and taken in, the check-up."""

import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from chatrepl import chat, cli, client, config, files, sessions
from chatrepl.chat.user import User
from chatrepl.cli.opening import profile
from chatrepl.cli.options import Options
from chatrepl.client import keys
from chatrepl.config.config import Config, Profile, Ui
from chatrepl.config.paths import Paths
from chatrepl.errors import FINE, ChatError, CommandError, ConfigError
from chatrepl.files import manual
from chatrepl.sessions import formats
from chatrepl.sessions.transcript import read
from chatrepl.terminal import prompt as terminal
from chatrepl.terminal.choices import Choices, Row
from chatrepl.terminal.screen.screen import Screen
from chatrepl.text import safe


def show_page(topic: str, screen: Screen) -> int:
    """Print a page of the manual: drawn on a terminal, as it is into a pipe."""
    text = manual.page(topic)
    if sys.stdout.isatty():
        screen.reply(manual.flowing(text), Ui())
    else:
        print(text, end="")
    return FINE


def act(options: Options, configuration: Config, paths: Paths, screen: Screen, env: Mapping[str, str]) -> None:
    """Do what needs no profile: the first of these that was asked for."""
    if options.list_profiles:
        list_profiles(configuration, env)
    elif options.list_sessions:
        list_sessions(paths.sessions)
    elif options.update_models:
        update_models(env, paths.table)
    elif options.export:
        write_session(options.export[0], files.path_of(options.export[1]), paths.sessions, screen)
    else:
        take_in(files.path_of(options.take_in), paths.sessions)


def list_profiles(configuration: Config, env: Mapping[str, str]) -> None:
    """Print the profiles, and which of them have their key."""
    for each in configuration.profiles.values():
        key = "no key needed"
        if each.key_env:
            key = f"{each.key_env} is {'set' if keys.has_key(each, env) else 'not set'}"
        elif each.needs_key:
            key = "key from a file or a command"
        mark = "*" if each.name == configuration.default else " "
        print(f"{mark} {each.name:<20} {each.dialect:<20} {each.model or '-':<28} {key}")


def list_sessions(folder: Path) -> None:
    """Print the sessions, the newest first."""
    for each in sessions.listed(folder):
        print(f"{safe.line(each.id)}  {each.when}  {safe.line(each.title) or 'untitled'}")


def update_models(env: Mapping[str, str], path: Path) -> None:
    """Fetch the table of models, and print how many it holds."""
    table = client.models_table.update(env, path)
    print(
        f"{sum(map(len, table.vendors.values())):,} models of {len(table.vendors)} vendors, as of {table.as_of}: {path}"
    )


def write_session(words: str, file: Path, folder: Path, screen: Screen) -> None:
    """Write the session that the words mean to a file."""
    state = read(chosen_session(words, folder, screen).path)
    state.settle()
    formats.save(file, state.conversation, state.title)


def take_in(file: Path, folder: Path) -> None:
    """Make sessions of the conversations in a file, and print their ids."""
    for conversation, title in reversed(formats.load_all(file)):
        path = sessions.keep(conversation, title, folder)
        print(f"{safe.line(path.stem)}  {safe.line(title) or 'untitled'}")


def chosen_session(words: str, folder: Path, screen: Screen) -> sessions.Listed:
    """The session that the words mean, or the user."""

    def answer(question: str) -> str:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return ""
        with closing(terminal.Prompt(None)) as prompt, suppress(EOFError):
            return prompt.asked(question)
        return ""

    def choose(choices: Choices) -> Row | None:
        around = terminal.Surroundings(coloured=screen.coloured)
        with closing(terminal.Prompt(None, around)) as prompt:
            return prompt.chosen(choices)

    user = User(answer, choose=choose if screen.live and sys.stdin.isatty() else None)
    found = chat.commands.sessions.choose(folder, words, screen, user)
    if not found:
        raise CommandError("No session was chosen", "Name one by its id, or the end of it.")
    return found


def check_up(options: Options, paths: Paths, screen: Screen, env: Mapping[str, str]) -> bool:
    """Tell what works and what does not; whether the configuration is right and the chosen profile can be talked to."""
    screen.all_to_out()
    mistake: ConfigError | None = None
    chosen: Profile | ChatError
    try:
        configuration = options.configured(paths).settled(env)
    except ConfigError as error:
        configuration, mistake = config.built_in(paths.config), error
    try:
        chosen = profile(options, configuration, env, screen, {})
    except ChatError as error:
        chosen = error
    connection = client.Connection(env, paths.models, lambda _line: None, configuration.profiles)
    try:
        return cli.Doctor(configuration, paths, connection, screen, mistake).examine(chosen)
    finally:
        connection.close()
