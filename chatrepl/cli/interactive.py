"""A chat at a terminal: the prompt and what surrounds it, from the first line to the last."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from chatrepl import __version__, config, sessions
from chatrepl.chat import repl
from chatrepl.chat.repl import Reads
from chatrepl.chat.session import Session
from chatrepl.cli import preload
from chatrepl.errors import ChatError
from chatrepl.terminal import streams
from chatrepl.terminal.signals import quiet
from chatrepl.terminal.typeahead import TypedAhead
from chatrepl.text import safe, width


def chat(session: Session, text: str, named: Iterable[Path], attached: Iterable[str], *, resumed: bool) -> None:
    """Chat until the user leaves. ``text`` is asked first, and with it go the files ``named`` in it."""
    ahead = TypedAhead(sys.stdin)
    prompt = _prompt(session, ahead)
    session.answer, session.screen.at_prompt = prompt.answer, True
    if session.screen.live:
        session.listening = ahead.listening
    session.screen.all_to_out()
    session.screen.say(_first_line(session), "dim")
    session.warn()
    if resumed:
        from chatrepl.chat.commands.conversation import show_again

        show_again(session)
    elif left := None if session.ephemeral else sessions.unfinished(session.paths.sessions):
        told = f'"{safe.line(left.title, 40)}" ended in the middle of a reply'
        session.screen.say(f"{told}; /resume {left.id.rpartition('-')[2]} goes on with it.", "warning")
    session.attach_files(attached)
    if text or not session.screen.live:  # where no prompt comes first that begins the warming
        preload.collect_garbage()
    with quiet(sys.stdin, ahead, lines=not session.screen.live):
        if text:
            repl.begin(session, text, named)
        try:
            repl.run(session, prompt)
        finally:
            with suppress(OSError, streams.Unwritable):  # the terminal may be gone
                prompt.close()
                session.screen.title("")
    if session.transcript.kept and session.conversation.turns:
        session.screen.say(f"The session is in {_shortened(session.transcript.kept)}", "dim")


def _prompt(session: Session, ahead: TypedAhead) -> Reads:
    screen = session.screen
    if not screen.live:
        from chatrepl.terminal.prompt.plain import PlainPrompt

        return PlainPrompt(sys.stdin, screen.out, session.interrupts, ahead)
    from chatrepl.chat import status_line
    from chatrepl.terminal.prompt import Prompt, Surroundings

    def edit(text: str) -> str:
        from chatrepl.terminal import editor

        try:
            return editor.edit(text, session.env, sys.stdin)
        except ChatError as error:
            screen.error(error)
            return text

    def typed() -> None:
        if preload.over.is_set():  # no key waits for what is still loading
            session.prepare()

    def suggest(before: str) -> Iterable[tuple[str, str, int]]:
        from chatrepl.chat import commands  # not for the first key

        return commands.suggestions(session, before)

    return Prompt(
        session.paths.history,
        Surroundings(
            ui=lambda: session.ui,
            theme=lambda: screen.theme(session.ui),
            coloured=screen.coloured,
            env=session.env,
            suggest=suggest,
            may_keep=session.may_keep,
            status=lambda: partial(status_line.text, status_line.facts(session)),
            edit=edit,
            trouble=lambda line: screen.say(line, "warning"),
            shown=preload.begin,
            typed=typed,
            ahead=ahead.take,
        ),
    )


def _first_line(session: Session) -> str:
    place = _shortened(session.transcript.path) if session.transcript.path else "kept in memory alone"
    who = f"chatrepl {__version__} · {session.profile.name} · {config.model_of(session.profile)}"
    apart = " · " if width.width(who + place) + 3 < session.screen.columns else "\n"
    return f"{who}{apart}{place}\n/help lists the commands."


def _shortened(path: Path) -> str:
    """The path as a shell takes it, with ~ for the home directory."""
    with suppress(RuntimeError, ValueError):
        return str(Path("~") / path.relative_to(Path.home()))
    return str(path)
