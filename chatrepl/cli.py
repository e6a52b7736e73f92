"""The command line: reads the flags, puts the parts together, and gives the exit status."""

import argparse
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from chatrepl import __version__, attachments, config, narrow, settings, shell_completion
from chatrepl.choice import choose
from chatrepl.config import Config, Profile
from chatrepl.conversation import Message
from chatrepl.dialects import DIALECTS
from chatrepl.errors import ChatError, CommandError, RequestError
from chatrepl.events import Usage
from chatrepl.repl import Reads
from chatrepl.screen import Screen
from chatrepl.session import Session
from chatrepl.terminal import quiet

FINE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""The exit statuses: fine; the request or the stream failed; wrong usage or configuration; interrupted."""


def main(words: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """The program with these arguments; returns its exit status."""
    flags = parser().parse_args(words)
    _widen(env)
    screen = Screen(sys.stdout, sys.stderr, env, plain=flags.plain, silent=flags.json)
    try:
        return _run(flags, screen, env)
    except ChatError as error:
        screen.error(error)
        return _status(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. What is still buffered goes nowhere instead of into a complaint.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE


def _widen(env: Mapping[str, str]) -> None:
    """A narrow locale or half a surrogate pair must not end a chat."""
    narrow.register()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = narrow.encoding(env, stream.encoding) if stream.isatty() else stream.encoding
            stream.reconfigure(encoding=encoding, errors=narrow.HANDLER)


def _status(error: ChatError) -> int:
    return FAILED if isinstance(error, RequestError) else USAGE


def parser() -> argparse.ArgumentParser:
    """The arguments, as --help shows them."""
    flags = argparse.ArgumentParser(
        prog="chatrepl",
        description="Chat with a language model in the terminal. Without PROMPT and piped text: the REPL.",
        epilog="Exit status: 0 fine, 1 the request failed, 2 wrong usage or configuration, 130 interrupted.",
    )
    add = flags.add_argument
    add("prompt", nargs="*", metavar="PROMPT", help="ask this, print the reply and leave")
    add("-p", "--profile", metavar="NAME", default="", help="who to talk to: a profile of the config or a built-in one")
    add("-m", "--model", default="", help="the model; for the profile local, the path of a GGUF file")
    add("-s", "--system", metavar="TEXT", help="the system prompt, or @FILE")
    add("-o", "--option", metavar="KEY=VALUE", action="append", default=[], help="an option of the request; repeatable")
    add("--dialect", metavar="NAME", default="", help="the protocol, instead of the profile's")
    add("--base-url", metavar="URL", default="", help="the address, instead of the profile's")
    add("-f", "--file", metavar="PATH", action="append", default=[], help="attach a text or an image; repeatable")
    add("-i", "--interactive", action="store_true", help="answer PROMPT or the piped text first, then stay in the REPL")
    add("--raw", action="store_true", help="openai-completions: send the typed text as it is, no template, no history")
    add("--no-stream", action="store_true", help="ask for the reply in one piece")
    add("--plain", action="store_true", help="no markdown rendering, no colours, no repainting")
    add("--json", action="store_true", help="one-shot: print one JSON object")
    add("--ephemeral", action="store_true", help="write no session")
    add("--config", metavar="FILE", help="the configuration file")
    add("--list-models", action="store_true", help="list what the server offers")
    add("--list-profiles", action="store_true", help="list the profiles, and which have their key")
    add("--doctor", action="store_true", help="check configuration, keys, servers, the embedded model and the terminal")
    add("--completion", metavar="SHELL", choices=shell_completion.SHELLS, help="print completion for bash, zsh or fish")
    add("--version", action="version", version=f"chatrepl {__version__}")
    return flags


def _run(flags: argparse.Namespace, screen: Screen, env: Mapping[str, str]) -> int:
    if flags.completion:
        print(shell_completion.script(flags.completion, parser(), {"dialect": sorted(DIALECTS)}))
        return FINE
    places = config.paths(env)
    if flags.config:
        places = replace(places, config=Path(flags.config).expanduser())
    configuration = config.load(places.config, must_exist=bool(flags.config))
    if flags.list_profiles:
        return _list_profiles(configuration, env)
    if flags.doctor:
        return _doctor(flags, configuration, places, screen, env)
    session = Session(
        configuration,
        places,
        env,
        _profile(flags, configuration, env),
        screen,
        ui=replace(configuration.ui, stream=configuration.ui.stream and not flags.no_stream),
        ephemeral=flags.ephemeral,
    )
    with ExitStack() as stack:
        stack.callback(session.close)
        stack.enter_context(session.interrupts.caught())
        if flags.list_models:
            return _list_models(session)
        session.attachments = [attachments.read(Path(name).expanduser()) for name in flags.file]
        return _chat(flags, session)


def _profile(flags: argparse.Namespace, configuration: Config, env: Mapping[str, str]) -> Profile:
    """The profile to begin with, changed by the flags."""
    profile = choose(configuration, env, flags.profile, flags.dialect, flags.base_url)
    options = dict(profile.options)
    for pair in flags.option:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise CommandError(f"-o takes KEY=VALUE, not {pair!r}", "For example: -o temperature=0.2")
        options[key.strip()] = settings.parse(value)
    if flags.raw:
        options["raw"] = True
    system = profile.system if flags.system is None else settings.text_or_file(flags.system)
    return replace(profile, model=flags.model or profile.model, system=system, options=options)


def _chat(flags: argparse.Namespace, session: Session) -> int:
    """One-shot, the REPL, or the one and then the other."""
    text = "\n\n".join(filter(None, (" ".join(flags.prompt), _piped())))
    stay = flags.interactive or not text
    if flags.interactive and not sys.stdin.isatty():
        _keys_from_the_terminal()
    if stay and flags.json:
        raise CommandError("--json answers one PROMPT", 'For example: chatrepl --json "question"')
    if stay and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("There is nothing to ask: no PROMPT, no piped text, and no terminal to type at")
    return _repl(session, flags.profile, text) if stay else _one_shot(session, text, as_json=flags.json)


def _piped() -> str:
    """The text that another program pipes in."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "replace").strip("\r\n")


def _keys_from_the_terminal() -> None:
    """Standard input was a pipe, which has ended; from now on it is the terminal, where there is one."""
    try:
        terminal = os.open("CONIN$" if sys.platform == "win32" else "/dev/tty", os.O_RDWR)
    except OSError:
        return
    os.dup2(terminal, 0)
    os.close(terminal)
    sys.stdin = open(0, encoding=sys.stdin.encoding, errors=sys.stdin.errors, closefd=False)  # noqa: SIM115


def _one_shot(session: Session, text: str, *, as_json: bool) -> int:
    session.ui = replace(session.ui, statistics=False)
    message = session.ask(session.question(text))
    if as_json and message:
        print(json.dumps(_as_json(session, message), ensure_ascii=False))
    if session.failure:
        return _status(session.failure)
    return INTERRUPTED if session.last_ending == "interrupted" else FINE


def _as_json(session: Session, message: Message) -> dict[str, object]:
    return {
        "text": message.text,
        "thinking": message.thinking,
        "model": message.model,
        "profile": session.profile.name,
        "dialect": session.profile.dialect,
        "finish_reason": message.ending,
        "usage": asdict(message.usage or Usage()),
        "session": str(session.transcript.path) if session.transcript.path else None,
    }


def _repl(session: Session, asked_for: str, text: str) -> int:
    from chatrepl import repl

    prompt = _prompt(session)
    session.confirm = prompt.confirm
    session.connection.consent = prompt.confirm if asked_for != session.profile.name else lambda _question: True
    session.screen.notes = session.screen.out
    session.screen.say(_first_line(session), "dim")
    with quiet(sys.stdin, lines=not session.screen.live):
        if text:
            repl.obey(session, text)
        try:
            repl.run(session, prompt)
        finally:
            prompt.close()
            session.screen.title("")
    if session.transcript.path and session.conversation.turns:
        session.screen.say(f"The session is in {session.transcript.path}", "dim")
    return FINE


def _prompt(session: Session) -> Reads:
    screen = session.screen
    if not screen.live:
        from chatrepl.plain_prompt import PlainPrompt

        return PlainPrompt(sys.stdin, screen.out, session.interrupts)
    from chatrepl import commands, editor, toolbar
    from chatrepl.prompt import Prompt, Surroundings

    def edit(text: str) -> str:
        try:
            return editor.edit(text, session.env, sys.stdin)
        except ChatError as error:
            screen.error(error)
            return text

    return Prompt(
        session.paths.history,
        Surroundings(
            ui=lambda: session.ui,
            theme=lambda: screen.theme(session.ui),
            coloured=screen.coloured,
            env=session.env,
            suggest=lambda before: commands.suggestions(session, before),
            status=lambda: partial(toolbar.text, toolbar.facts(session)),
            edit=edit,
            trouble=lambda line: screen.say(line, "warning"),
        ),
    )


def _first_line(session: Session) -> str:
    place = session.transcript.path or "kept in memory alone"
    model = session.profile.model or (
        "SmolLM2-135M, a toy" if session.profile.base_url == "local:" else "its first model"
    )
    return f"chatrepl {__version__} · {session.profile.name} · {model} · {place}\n/help lists the commands."


def _doctor(
    flags: argparse.Namespace, configuration: Config, places: config.Paths, screen: Screen, env: Mapping[str, str]
) -> int:
    from chatrepl.connection import Connection
    from chatrepl.doctor import Doctor

    screen.notes = screen.out
    chosen: Profile | ChatError
    try:
        chosen = _profile(flags, configuration, env)
    except ChatError as error:
        chosen = error
    connection = Connection(env, places.models, say=lambda _line: None)
    try:
        return FINE if Doctor(configuration, places, connection, screen).examine(chosen) else FAILED
    finally:
        connection.close()


def _list_profiles(configuration: Config, env: Mapping[str, str]) -> int:
    for profile in configuration.profiles.values():
        key = "no key needed"
        if profile.key_env:
            key = f"{profile.key_env} is {'set' if env.get(profile.key_env) else 'not set'}"
        elif profile.needs_key:
            key = "key from a file or a command"
        mark = "*" if profile.name == configuration.default else " "
        print(f"{mark} {profile.name:<20} {profile.dialect:<20} {profile.model or '-':<28} {key}")
    return FINE


def _list_models(session: Session) -> int:
    for model in session.offered():
        print(model.id)
    return FINE
