"""The command line: reads the flags, puts the parts together, and gives the exit status."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

from chatrepl import config, files, sessions
from chatrepl.chat.recall import recalled
from chatrepl.chat.session import Session
from chatrepl.cli.flags import parser, read
from chatrepl.client.choosing import choose, recorded_profile
from chatrepl.config import reading
from chatrepl.config.config import Config, Profile
from chatrepl.config.paths import Paths
from chatrepl.config.place import Replay
from chatrepl.errors import FAILED, FINE, INTERRUPTED, ChatError, CommandError, status
from chatrepl.files import attachments
from chatrepl.sessions.entries import Mark
from chatrepl.sessions.transcript import Transcript
from chatrepl.terminal import streams
from chatrepl.terminal.screen.screen import Screen
from chatrepl.terminal.signals import takes_escapes
from chatrepl.terminal.typeahead import TypedAhead
from chatrepl.text import safe


def main(words: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """The program with these arguments; returns its exit status."""
    streams.make_ready(env)
    try:
        try:
            return _main(words, env)
        finally:
            sys.stdout.flush()
    except streams.Unwritable as failed:
        if isinstance(failed.reason, BrokenPipeError):  # whoever read our output has seen enough
            return FINE
        sys.stderr.write(f"The output cannot be written: {failed.reason.strerror}\n")
        return FAILED


def _main(words: Sequence[str], env: Mapping[str, str]) -> int:
    try:
        flags = read(words)
    except CommandError as error:
        Screen(sys.stdout, sys.stderr, env, plain=not takes_escapes()).error(error)
        return status(error)
    screen = Screen(sys.stdout, sys.stderr, env, plain=flags.plain or not takes_escapes(), silent=flags.json)
    try:
        return _run(flags, screen, env)
    except ChatError as error:
        screen.error(error)
        return status(error)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(flags: argparse.Namespace, screen: Screen, env: Mapping[str, str]) -> int:
    if flags.completion:
        from chatrepl.cli import shell_completion
        from chatrepl.dialects import DIALECTS

        print(shell_completion.script(flags.completion, parser(), {"dialect": sorted(DIALECTS)}))
        return FINE
    places = config.places(env)
    if flags.config:
        places = places._replace(config=files.path_of(flags.config))
    if flags.doctor:
        from chatrepl.cli import actions

        choose = partial(_profile, flags, env=env, who={}, screen=screen)
        return FINE if actions.check_up(places, screen, env, choose, must_exist=bool(flags.config)) else FAILED
    configuration = reading.load(places.config, must_exist=bool(flags.config))
    replay = _replay(flags)
    if replay:
        configuration = configuration.replaying(replay)
    if _errand(flags, configuration, places, screen, env):
        return FINE
    found = _found(flags, places, screen)
    chosen = _profile(flags, configuration, env, found.state.who if found else {}, screen)
    if chosen.by_hand:  # to come back to, by the name it is shown with
        configuration = configuration._replace(profiles={**configuration.profiles, chosen.name: chosen})
    session = Session(
        configuration,
        places,
        env,
        chosen,
        screen,
        ui=replace(configuration.ui, stream=configuration.ui.stream and not flags.no_stream),
        ephemeral=flags.ephemeral,
        record=files.path_of(flags.record) if flags.record else None,
        found=found,
    )
    if flags.system is not None:
        session.refuse_key("The system prompt", session.profile.system)
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
    if not (flags.list_profiles or flags.list_sessions or flags.export or flags.take_in):
        return False
    from chatrepl.cli import actions  # not for the first key

    if flags.list_profiles:
        actions.list_profiles(configuration, env)
    elif flags.list_sessions:
        actions.list_sessions(places.sessions)
    elif flags.export:
        actions.write_session(flags.export[0], files.path_of(flags.export[1]), places.sessions, screen)
    else:
        actions.take_in(files.path_of(flags.take_in), places.sessions)
    return True


def _replay(flags: argparse.Namespace) -> Replay | None:
    return Replay(files.path_of(flags.replay), flags.paced) if flags.replay else None


def _found(flags: argparse.Namespace, places: Paths, screen: Screen) -> Transcript | None:
    """The session to go on with, if that is asked for."""
    path = None
    if flags.resume is not None:
        from chatrepl.cli import actions

        path = actions.chosen_session(flags.resume, places.sessions, screen).path
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
    if (replay := _replay(flags)) and not flags.profile:
        known = recorded_profile(replay, flags.dialect)
    elif who and not by_hand:
        known = recalled(configuration, who)
    profile = known or choose(configuration, env, flags.profile, flags.dialect, flags.base_url)
    if who and not known and not by_hand:
        screen.say(f"The session talked to {who.get('profile')}; from here on it talks to {profile.name}.", "warning")
    options = dict(profile.options) | (_options(flags.option) if flags.option else {})
    if flags.raw:
        options["raw"] = True
    system = profile.system if flags.system is None else _text(flags.system)
    return replace(profile, model=flags.model or profile.model, system=system, options=options)


def _options(pairs: Sequence[str]) -> dict[str, Any]:
    from chatrepl.config import settings  # not for the first key

    options = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise CommandError(f"-o takes KEY=VALUE, not {pair!r}", "For example: -o temperature=0.2")
        options[key.strip()] = settings.parse(value)
    return options


def _text(words: str) -> str:
    from chatrepl.config import settings

    return settings.text_or_file(words)


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
    if not stay:
        from chatrepl.cli import one_shot

        return one_shot.answer(session, text, named, flags.file, as_json=flags.json)
    from chatrepl.cli import interactive

    if flags.profile != session.profile.name:
        session.consent = session.confirm
    interactive.chat(session, text, named, flags.file, resumed=flags.go_on or flags.resume is not None)
    return FINE


def _agreed(session: Session, question: str) -> bool:
    """Whether whoever sits at the terminal says yes, where there is no prompt."""
    from chatrepl.terminal.prompt.plain import PlainPrompt  # hardly ever needed

    if not sys.stdin or not sys.stdin.isatty():
        return False
    prompt = PlainPrompt(sys.stdin, session.screen.notes, session.interrupts, TypedAhead(sys.stdin))
    answer = prompt.answer(f"{question} [y/N]")
    return answer.lower() in ("y", "yes")
