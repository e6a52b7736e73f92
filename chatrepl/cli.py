"""The command line: reads the flags, puts the parts together, and gives the exit status."""

import argparse
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

from chatrepl import __version__, config, safe, secrets_found, sessions, settings
from chatrepl.choice import choose, recalled, recorded_profile
from chatrepl.config import Config, Paths, Profile, Ui
from chatrepl.connection import Recordings
from chatrepl.conversation import Message, question
from chatrepl.errors import ChatError, CommandError, RequestError
from chatrepl.events import Usage
from chatrepl.journal import Mark
from chatrepl.screen import Screen
from chatrepl.session import Session
from chatrepl.terminal import quiet
from chatrepl.transcript import Transcript, read

FINE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""The exit statuses: fine; the request or the stream failed; wrong usage or configuration; interrupted."""


def main(words: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """The program with these arguments; returns its exit status."""
    flags = parser().parse_args(words)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a narrow locale or half a surrogate pair must not end a chat
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
    add("-c", "--continue", action="store_true", dest="go_on", help="go on with the newest session")
    add(
        "-r", "--resume", metavar="ID", nargs="?", const="", help="go on with a session: by its id, by words, or chosen"
    )
    add("-i", "--interactive", action="store_true", help="answer PROMPT or the piped text first, then stay in the REPL")
    add("--raw", action="store_true", help="openai-completions: send the typed text as it is, no template, no history")
    add("--no-stream", action="store_true", help="ask for the reply in one piece")
    add("--plain", action="store_true", help="no markdown rendering, no colours, no repainting")
    add("--json", action="store_true", help="one-shot: print one JSON object")
    add("--ephemeral", action="store_true", help="write no session")
    add("--record", metavar="DIR", help="write every exchange to this folder, without secrets")
    add("--replay", metavar="DIR", help="answer from such a folder instead of the network")
    add("--paced", action="store_true", help="with --replay: in the time the answers took")
    add("--export", metavar=("ID", "FILE"), nargs=2, help="write a session as .md .json .jsonl .html .txt")
    add("--import", metavar="FILE", dest="take_in", help="make sessions of the conversations in a file")
    add("--config", metavar="FILE", help="the configuration file")
    add("--list-models", action="store_true", help="list what the server offers")
    add("--list-sessions", action="store_true", help="list the sessions, the newest first")
    add("--list-profiles", action="store_true", help="list the profiles, and which have their key")
    add("--version", action="version", version=f"chatrepl {__version__}")
    return flags


def _run(flags: argparse.Namespace, screen: Screen, env: Mapping[str, str]) -> int:
    places = config.paths(env)
    if flags.config:
        places = replace(places, config=Path(flags.config).expanduser())
    configuration = config.load(places.config, must_exist=bool(flags.config))
    if flags.list_profiles:
        return _list_profiles(configuration, env)
    if flags.list_sessions or flags.export or flags.take_in:
        return _with_sessions(flags, places, screen)
    found = _found(flags, places, screen)
    session = Session(
        configuration,
        places,
        env,
        _profile(flags, configuration, env, found.state.who if found else {}, screen),
        screen,
        ui=replace(configuration.ui, stream=configuration.ui.stream and not flags.no_stream),
        ephemeral=flags.ephemeral,
        recordings=_recordings(flags),
        found=found,
    )
    if found and flags.system is not None:
        session.transcript.add(Mark("system", session.profile.system))
    with ExitStack() as stack:
        stack.callback(session.close)
        stack.enter_context(session.interrupts.caught())
        if flags.list_models:
            return _list_models(session)
        return _chat(flags, session)


def _recordings(flags: argparse.Namespace) -> Recordings:
    record, replay = (Path(name).expanduser() if name else None for name in (flags.record, flags.replay))
    return Recordings(record, replay, flags.paced)


def _found(flags: argparse.Namespace, places: Paths, screen: Screen) -> Transcript | None:
    """The session to go on with, if that is asked for."""
    path = None
    if flags.resume is not None:
        path = _chosen(flags.resume, places, screen).path
    elif flags.go_on:
        path = sessions.newest(places.sessions)
        if not path:
            screen.say("There is no session to go on with yet; this is the first.", "dim")
    if not path:
        return None
    folder = None if flags.ephemeral else places.sessions
    return sessions.take_up(path, folder, lambda told: screen.say(told, "warning"), screen.error)


def _chosen(words: str, places: Paths, screen: Screen) -> sessions.Listed:
    """The session that the words mean, or the user."""
    from chatrepl.commands.sessions import choose as choose_session

    def answer(question: str) -> str:
        from chatrepl.prompt import Prompt

        prompt = Prompt(None, Ui, lambda _before: ())
        return prompt.answer(question) if sys.stdin.isatty() and sys.stdout.isatty() else ""

    chosen = choose_session(places.sessions, words, screen, answer)
    if not chosen:
        raise CommandError("No session was chosen", "Name one by its id, or the end of it.")
    return chosen


def _profile(
    flags: argparse.Namespace, configuration: Config, env: Mapping[str, str], who: Mapping[str, str], screen: Screen
) -> Profile:
    """The profile to begin with, that of the session to go on with if there is one, changed by the flags."""
    known = None
    if flags.replay and not flags.profile:
        known = recorded_profile(Path(flags.replay).expanduser(), flags.dialect)
    elif who and not (flags.profile or flags.dialect or flags.base_url):
        known = recalled(configuration, who)
    profile = known or choose(configuration, env, flags.profile, flags.dialect, flags.base_url)
    if who and not known and not flags.profile:
        screen.say(f"The session talked to {who.get('profile')}; from here on it talks to {profile.name}.", "warning")
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
    if stay and flags.json:
        raise CommandError("--json answers one PROMPT", 'For example: chatrepl --json "question"')
    if stay and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("There is nothing to ask: no PROMPT, no piped text, and no terminal to type at")
    resumed = bool(flags.go_on or flags.resume is not None)
    return (
        _repl(session, flags.profile, text, resumed=resumed) if stay else _one_shot(session, text, as_json=flags.json)
    )


def _piped() -> str:
    """The text that another program pipes in."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "replace").strip("\r\n")


def _one_shot(session: Session, text: str, *, as_json: bool) -> int:
    session.ui = replace(session.ui, statistics=False)
    if secret := secrets_found.kind(text):
        session.screen.say(f"The question holds what looks like {secret}; it is sent all the same.", "warning")
    message = session.ask(question(text))
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
        "profile": message.profile or session.profile.name,
        "dialect": session.profile.dialect,
        "finish_reason": message.ending,
        "usage": asdict(message.usage or Usage()),
        "session": str(session.transcript.kept) if session.transcript.kept else None,
    }


def _repl(session: Session, asked_for: str, text: str, *, resumed: bool) -> int:
    from chatrepl import commands, repl
    from chatrepl.prompt import Prompt

    prompt = Prompt(session.paths.history, lambda: session.ui, lambda before: commands.suggestions(session, before))
    session.answer = prompt.answer
    session.connection.consent = prompt.confirm if asked_for != session.profile.name else lambda _question: True
    session.screen.notes = session.screen.out
    session.screen.say(_first_line(session), "dim")
    session.warn()
    if resumed:
        commands.talk.show_again(session)
    elif left := None if session.ephemeral else sessions.unfinished(session.paths.sessions):
        told = f'"{safe.line(left.title, 40)}" ended in the middle of a reply'
        session.screen.say(f"{told}; /resume {left.id.rpartition('-')[2]} goes on with it.", "warning")
    with quiet(sys.stdin):
        if text:
            repl.obey(session, text)
        repl.run(session, prompt)
    if session.transcript.kept and session.conversation.turns:
        session.screen.say(f"The session is in {session.transcript.kept}", "dim")
    return FINE


def _first_line(session: Session) -> str:
    place = session.transcript.path or "kept in memory alone"
    model = session.profile.model or (
        "SmolLM2-135M, a toy" if session.profile.base_url == "local:" else "its first model"
    )
    return f"chatrepl {__version__} · {session.profile.name} · {model} · {place}\n/help lists the commands."


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


def _with_sessions(flags: argparse.Namespace, places: Paths, screen: Screen) -> int:
    """List the sessions, write one to a file, or make some of a file."""
    from chatrepl import export

    if flags.export:
        words, name = flags.export
        state = read(_chosen(words, places, screen).path)
        if entry := state.settlement():
            state.take(entry)
        export.save(Path(name).expanduser(), state.conversation, state.title)
    elif flags.take_in:
        for conversation, title in reversed(export.load_all(Path(flags.take_in).expanduser())):
            path = sessions.keep(conversation, title, places.sessions, screen.error)
            print(f"{path.stem}  {safe.line(title) or 'untitled'}")
    else:
        for each in sessions.listed(places.sessions):
            print(f"{each.id}  {each.when}  {safe.line(each.title) or 'untitled'}")
    return FINE


def _list_models(session: Session) -> int:
    for model in session.offered():
        print(model.id)
    return FINE
