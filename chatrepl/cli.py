"""The command line: reads the flags, puts the parts together, and gives the exit status."""

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from chatrepl import (
    __version__,
    attachments,
    config,
    errands,
    files,
    safe,
    sessions,
    settings,
    streams,
    warming,
)
from chatrepl.choice import choose, recalled, recorded_profile
from chatrepl.config import Config, Paths, Profile, Recordings
from chatrepl.conversation import Message
from chatrepl.errors import ChatError, CommandError, RequestError
from chatrepl.events import Usage
from chatrepl.flags import parser
from chatrepl.journal import Mark
from chatrepl.repl import Reads
from chatrepl.screen import Screen
from chatrepl.session import Session
from chatrepl.terminal import quiet, takes_escapes
from chatrepl.transcript import Transcript

FINE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""The exit statuses: fine; the request or the stream failed; wrong usage or configuration; interrupted."""


def main(words: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """The program with these arguments; returns its exit status."""
    streams.make_ready(env)
    flags = parser().parse_args(words)
    screen = Screen(sys.stdout, sys.stderr, env, plain=flags.plain or not takes_escapes(), silent=flags.json)
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


def _run(flags: argparse.Namespace, screen: Screen, env: Mapping[str, str]) -> int:
    if flags.completion:
        from chatrepl import shell_completion
        from chatrepl.dialects import DIALECTS

        print(shell_completion.script(flags.completion, parser(), {"dialect": sorted(DIALECTS)}))
        return FINE
    places = config.paths(env)
    if flags.config:
        places = replace(places, config=files.path_of(flags.config))
    if flags.doctor:
        choose = partial(_profile, flags, env=env, who={}, screen=screen)
        return FINE if errands.check_up(places, screen, env, choose, must_exist=bool(flags.config)) else FAILED
    configuration = config.load(places.config, must_exist=bool(flags.config))
    if _errand(flags, configuration, places, screen, env):
        return FINE
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
    # Who names the embedded model wants it, weights and all.
    session.consent = (lambda _question: True) if flags.profile == session.profile.name else partial(_agreed, session)
    with ExitStack() as stack:
        stack.callback(session.close)
        stack.enter_context(session.interrupts.caught())
        if flags.list_models:
            for model in session.offered():
                print(safe.line(model.id))
            return FINE
        return _chat(flags, session)


def _errand(
    flags: argparse.Namespace, configuration: Config, places: Paths, screen: Screen, env: Mapping[str, str]
) -> bool:
    """Do what needs nobody to talk to, if one of these was asked for."""
    if flags.list_profiles:
        errands.list_profiles(configuration, env)
    elif flags.list_sessions:
        errands.list_sessions(places.sessions)
    elif flags.export:
        errands.write_session(flags.export[0], files.path_of(flags.export[1]), places.sessions, screen)
    elif flags.take_in:
        errands.take_in(files.path_of(flags.take_in), places.sessions)
    else:
        return False
    return True


def _recordings(flags: argparse.Namespace) -> Recordings:
    record, replay = (files.path_of(name) if name else None for name in (flags.record, flags.replay))
    return Recordings(record, replay, flags.paced)


def _found(flags: argparse.Namespace, places: Paths, screen: Screen) -> Transcript | None:
    """The session to go on with, if that is asked for."""
    path = None
    if flags.resume is not None:
        path = errands.chosen_session(flags.resume, places.sessions, screen).path
    elif flags.go_on:
        path = sessions.newest(places.sessions)
        if not path:
            screen.say("There is no session to go on with yet; this is the first.", "dim")
    if not path:
        return None
    folder = None if flags.ephemeral else places.sessions
    return sessions.take_up(path, folder, lambda told: screen.say(told, "warning"), screen.error)


def _profile(
    flags: argparse.Namespace, configuration: Config, env: Mapping[str, str], who: Mapping[str, str], screen: Screen
) -> Profile:
    """The profile to begin with, that of the session to go on with if there is one, changed by the flags."""
    by_hand = flags.profile or flags.dialect or flags.base_url
    known = None
    if flags.replay and not flags.profile:
        known = recorded_profile(files.path_of(flags.replay), flags.dialect)
    elif who and not by_hand:
        known = recalled(configuration, who)
    profile = known or choose(configuration, env, flags.profile, flags.dialect, flags.base_url)
    if who and not known and not by_hand:
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
    prompt = " ".join(flags.prompt)
    with session.interrupts.awaited():
        text = "\n\n".join(filter(None, (prompt, streams.piped())))
    stay = flags.interactive or not text
    if flags.interactive and not sys.stdin.isatty():
        streams.keys_from_the_terminal()
    if stay and flags.json:
        raise CommandError("--json answers one PROMPT", 'For example: chatrepl --json "question"')
    if stay and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("There is nothing to ask: no PROMPT, no piped text, and no terminal to type at")
    named = list(attachments.mentioned(prompt))  # what is piped in was written by somebody else
    return _repl(session, flags, text, named) if stay else _one_shot(session, flags, text, named)


def _attach(session: Session, names: Iterable[str]) -> None:
    for name in names:
        session.attach(attachments.read(files.path_of(name)))


def _agreed(session: Session, question: str) -> bool:
    """Whether whoever sits at the terminal says yes, where there is no prompt."""
    from chatrepl.plain_prompt import PlainPrompt  # hardly ever needed

    if not sys.stdin or not sys.stdin.isatty():
        return False
    answer = PlainPrompt(sys.stdin, session.screen.notes, session.interrupts).answer(f"{question} [y/N]")
    return answer.lower() in ("y", "yes")


def _one_shot(session: Session, flags: argparse.Namespace, text: str, named: Iterable[Path]) -> int:
    session.ui = replace(session.ui, statistics=False)
    session.prompted = False
    session.answer = lambda _question: "yes"  # nobody can be asked; what the command line says is meant
    from chatrepl import sending

    warming.collect_garbage()
    _attach(session, flags.file)
    session.show_attachments()
    message = sending.send(session, text, named)
    if flags.json:
        from chatrepl.export.format import to_json

        print(to_json(_as_json(session, message)))
    if session.failure:
        return _status(session.failure)
    return {"interrupted": INTERRUPTED, "error": FAILED}.get(session.last_ending, FINE)


def _as_json(session: Session, message: Message | None) -> dict[str, object]:
    """The reply as data: an empty one where none came, for scripts always get an object."""
    asked = session.connection.asked
    message = message or Message("assistant", (), asked.model or session.profile.model, session.last_ending)
    return {
        "text": message.text,
        "thinking": message.thinking,
        "model": message.model,
        "profile": message.profile or session.profile.name,
        "dialect": asked.dialect or session.profile.dialect,
        "finish_reason": message.ending,
        "usage": asdict(message.usage or Usage()),
        "session": str(session.transcript.kept) if session.transcript.kept else None,
    }


def _repl(session: Session, flags: argparse.Namespace, text: str, named: Iterable[Path]) -> int:
    from chatrepl import repl

    prompt = _prompt(session)
    session.answer = prompt.answer
    if flags.profile != session.profile.name:
        session.consent = session.confirm
    session.screen.all_to_out()
    session.screen.say(_first_line(session), "dim")
    session.warn()
    if flags.go_on or flags.resume is not None:
        from chatrepl.commands.talk import show_again

        show_again(session)
    elif left := None if session.ephemeral else sessions.unfinished(session.paths.sessions):
        told = f'"{safe.line(left.title, 40)}" ended in the middle of a reply'
        session.screen.say(f"{told}; /resume {left.id.rpartition('-')[2]} goes on with it.", "warning")
    _attach(session, flags.file)
    if text or not session.screen.live:  # where no prompt comes first that begins the warming
        warming.collect_garbage()
    with quiet(sys.stdin, lines=not session.screen.live):
        if text:
            repl.begin(session, text, named)
        try:
            repl.run(session, prompt)
        finally:
            prompt.close()
            session.screen.title("")
    if session.transcript.kept and session.conversation.turns:
        session.screen.say(f"The session is in {session.transcript.kept}", "dim")
    return FINE


def _prompt(session: Session) -> Reads:
    screen = session.screen
    if not screen.live:
        from chatrepl.plain_prompt import PlainPrompt

        return PlainPrompt(sys.stdin, screen.out, session.interrupts)
    from chatrepl import editor, toolbar
    from chatrepl.prompt import Prompt, Surroundings

    def edit(text: str) -> str:
        try:
            return editor.edit(text, session.env, sys.stdin)
        except ChatError as error:
            screen.error(error)
            return text

    def typed() -> None:
        if warming.over.is_set():  # no key waits for what is still loading
            session.prepare()

    def suggest(before: str) -> Iterable[tuple[str, str, int]]:
        from chatrepl import commands  # not for the first key

        return commands.suggestions(session, before)

    return Prompt(
        session.paths.history,
        Surroundings(
            ui=lambda: session.ui,
            theme=lambda: screen.theme(session.ui),
            coloured=screen.coloured,
            env=session.env,
            suggest=suggest,
            status=lambda: partial(toolbar.text, toolbar.facts(session)),
            edit=edit,
            trouble=lambda line: screen.say(line, "warning"),
            shown=warming.begin,
            typed=typed,
        ),
    )


def _first_line(session: Session) -> str:
    place = session.transcript.path or "kept in memory alone"
    model = session.profile.model or (
        "SmolLM2-135M, a toy" if session.profile.base_url == config.LOCAL else "its first model"
    )
    return f"chatrepl {__version__} · {session.profile.name} · {model} · {place}\n/help lists the commands."
