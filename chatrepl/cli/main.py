"""The command line: reads the flags, runs what they ask for, and gives the exit status."""

import os
import sys
from collections.abc import Mapping, Sequence

from chatrepl import chat, cli, config, files
from chatrepl.cli.opening import Opening, opening
from chatrepl.cli.options import Options, plain_flags
from chatrepl.client import keys
from chatrepl.config.paths import Paths
from chatrepl.errors import FAILED, FINE, INTERRUPTED, ChatError, CommandError, status
from chatrepl.terminal import capabilities, streams
from chatrepl.terminal.screen.screen import Screen
from chatrepl.terminal.signals import takes_escapes


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
    screen = Screen(sys.stdout, sys.stderr, env, plain=not takes_escapes())
    try:
        if len(words) == 2 and words[0] in ("-h", "--help"):
            return cli.show_page(words[1], Screen(sys.stdout, sys.stdout, env, plain=not takes_escapes()))
        options = plain_flags(words) or cli.flags.read(words)
        spoken = options.screen_reader or capabilities.is_spoken(env)
        if options.plain or options.json or spoken:
            plain = options.plain or not takes_escapes()
            screen = Screen(sys.stdout, sys.stderr, env, plain=plain, silent=options.json, spoken=spoken)
        return _run(options, screen, env)
    except ChatError as error:
        screen.error(error)
        return status(error)
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(options: Options, screen: Screen, env: Mapping[str, str]) -> int:
    """An action, one answer, or a chat."""
    if options.completion:
        print(cli.flags.completion(options.completion))
        return FINE
    paths = _paths(options, env)
    if options.doctor:
        return FINE if cli.check_up(options, paths, screen, env) else FAILED
    configuration = options.configured(paths).settled(env)
    if os.path.exists(remembered := paths.models / "successors.json"):  # not loaded for who has none
        configuration = config.successors.remembered(configuration, remembered, env)
    if configuration.distrust:
        screen.say(f"{configuration.distrust}, so no command and no tool that it names is run. {keys.ALONE}", "warning")
    if replay := options.played:
        configuration = configuration.replaying(replay)
    if options.acts:
        cli.act(options, configuration, paths, screen, env)
        return FINE
    file = config.prompts.load(paths.prompts, options.prompt_file) if options.prompt_file else None
    file = chat.prompt_files.with_schema(file, paths.prompts) if file else None
    begun = opening(options, configuration, paths, env, screen, file)
    with begun.interrupts.caught():
        if options.list_models:
            cli.list_models(begun)
            return FINE
        return _talk(begun)


def _paths(options: Options, env: Mapping[str, str]) -> Paths:
    paths = config.places(env)
    return paths._replace(config=files.path_of(options.config)) if options.config else paths


def _talk(begun: Opening) -> int:
    """One answer, a chat, or the one and then the other."""
    options = begun.options
    with begun.interrupts.awaited():
        piped = streams.piped()
    prompt = options.prompt if options.prompt.strip() else ""
    if (prompt or piped or begun.asks) and not options.interactive:
        if options.asks_about(piped):
            raise CommandError(
                "What is piped in is large, and there is no prompt to ask at",
                "-f - sends it all the same; with -i chatrepl asks.",
            )
        return cli.answer(begun, prompt, piped)
    if options.interactive and not sys.stdin.isatty():
        streams.keys_from_the_terminal()
    if options.json:
        raise CommandError("--json answers one PROMPT", 'For example: chatrepl --json "question"')
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError("There is nothing to ask: no PROMPT, no piped text, and no terminal to type at")
    cli.chat(begun, prompt, piped)
    return FINE
