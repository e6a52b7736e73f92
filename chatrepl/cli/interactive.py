"""A chat at a terminal: the prompt and what surrounds it, from the first line to the last."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from functools import partial

from chatrepl import __version__, chat as chats, config, files, sessions, terminal
from chatrepl.chat import attaching, guard, repl
from chatrepl.chat.recall import at_its_own, permitted, whom
from chatrepl.chat.repl import Next, Reads
from chatrepl.chat.session import Session
from chatrepl.chat.user import User
from chatrepl.cli import preload
from chatrepl.cli.opening import Opening
from chatrepl.cli.options import Options, joined
from chatrepl.client import choosing
from chatrepl.errors import ChatError
from chatrepl.terminal import capabilities, prompt as prompts, streams
from chatrepl.terminal.signals import quiet
from chatrepl.terminal.typeahead import KeyBuffer
from chatrepl.text import safe, urls, width
from chatrepl.text.amounts import size


def chat(begun: Opening, first: str, piped: str) -> None:
    """Chat until the user leaves. The prompt of the command line and what is piped in are asked first."""
    ahead = KeyBuffer(sys.stdin)
    user = User(  # the prompt is made of the session, which asks at the prompt
        lambda question: prompt.answer("\n".join(begun.screen.wrapped(question))),
        lambda question: prompt.asked("\n".join(begun.screen.wrapped(question))),
        keep=lambda text: prompt.keep(text),
        choose=(lambda choices: prompt.choose(choices)) if begun.screen.live else None,
        has_prompt=True,
        listening=ahead.listening if begun.screen.live else nullcontext,
        says_yes=begun.options.yes,
        wants_weights=begun.wants_weights,
    )
    begun.screen.keys = ahead
    session, line = begun.begin(user)
    with closing(session):
        prompt = _prompt(session, ahead)
        with quiet(sys.stdin, ahead, lines=not session.screen.live), _left_as_it_was(session, prompt):
            _chat(session, prompt, Next(line, halted=bool(line)), first, piped, begun)
        if session.transcript.kept and session.conversation.turns:
            session.screen.say(f"The session is in {files.short(session.transcript.kept)}", "dim")


@contextmanager
def _left_as_it_was(session: Session, prompt: Reads) -> Iterator[None]:
    """Whatever ends the chat, the terminal is as it was before."""
    try:
        yield
    finally:
        with suppress(OSError, streams.Unwritable):  # the terminal may be gone
            prompt.close()
            session.screen.window.title("")


def _chat(session: Session, prompt: Reads, coming: Next, first: str, piped: str, begun: Opening) -> None:
    options = begun.options
    session.screen.all_to_out()
    _settle_where(session, options)
    session.screen.say(_first_line(session), "dim")
    one = _tell_ways(session) if begun.is_first_start else ""
    guard.warn(session)
    _tell_what_was(session, options)
    attaching.attach_files(session, options.files)
    if options.asks_about(piped) and not session.user.confirm(f"What is piped in ({size(len(piped))}): send it?"):
        session.screen.say("It is not sent.", "dim")
        piped = ""
    text = joined(first, piped)
    if text or begun.asks or not session.screen.live:  # where no prompt comes first that begins the preload
        preload.collect_garbage()
    if begun.asks or text:
        after = _first(session, begun, text, piped)
        coming = after._replace(draft=after.draft or coming.draft)
    repl.run(session, prompt, coming, one)


def _tell_ways(session: Session) -> str:
    """Tell what gives one a model to talk to; the command that a 1 means until something was said."""
    session.screen.say("")
    session.screen.say(choosing.NEEDED)
    session.screen.table(choosing.ways("98 MB, no key: type 1, or your question"))
    session.screen.say("")
    return "/profile local"


def _first(session: Session, begun: Opening, text: str, piped: str) -> Next:
    """Ask what the command line asks first."""
    if file := begun.asks:
        return repl.do(session, lambda: chats.prompt_files.start(session, file, begun.words(piped)))
    return repl.begin(session, text, attaching.mentioned(session, begun.options.prompt))  # not in what is piped in


def _settle_where(session: Session, options: Options) -> None:
    """Ask whether the conversation may go where the session's file sends it; else it goes on with another profile."""
    if options.names_whom or permitted(session.profile, session.paths, session.user):
        return
    session.switch(at_its_own(session.config, session.profile) or choosing.choose(session.config, session.env))
    session.screen.say(f"It goes on with {whom(session.profile, session.env)}.", "dim")


def _tell_what_was(session: Session, options: Options) -> None:
    """Show the conversation that goes on, or tell that one was left in the middle."""
    if options.resumes:
        chats.commands.history.show_again(session)
        if session.transcript.state.title or session.conversation.turns:  # -c, and there was none to go on with
            session.screen.parts(chats.commands.history.resumed(session))
    elif left := None if session.ephemeral else sessions.unfinished(session.paths.sessions):
        told = f'"{safe.line(left.title, 40)}" ended in the middle of a reply'
        session.screen.say(f"{told}; /resume {left.id.rpartition('-')[2]} goes on with it.", "warning")


def _prompt(session: Session, ahead: KeyBuffer) -> "prompts.Prompt | prompts.PlainPrompt":
    screen = session.screen
    may_be_command = partial(repl.may_be_command, session)
    if not screen.live:
        return prompts.PlainPrompt(sys.stdin, screen.out, session.interrupts, ahead, may_be_command)
    prompt = prompts.Prompt(session.paths.history, _surroundings(session, ahead))
    session.learned = prompt.refresh
    return prompt


def _surroundings(session: Session, ahead: KeyBuffer) -> "prompts.Surroundings":
    """What the prompt shows and asks of the session."""
    screen = session.screen

    def loaded() -> None:
        """What the table of models says can be told from now on."""
        config.facts.load(session.paths.table)
        session.learned()

    def status() -> Callable[[int], str]:
        if session.titling:
            chats.titling.take(session)
        table = preload.over.is_set() or bool(session.conversation.turns)  # not before the first prompt
        return partial(chats.status_line.text, chats.status_line.facts(session, table=table))

    def edit(text: str) -> str:
        try:
            return terminal.editor.edit(text, session.env, sys.stdin)
        except ChatError as error:
            screen.error(error)
            return text

    def typed() -> None:
        if preload.over.is_set():  # no key waits for what is still loading
            session.connection.client.ahead.begin(session.profile)
            if urls.is_loopback(
                config.address(session.profile, session.env)
            ):  # no other server gets the key before a question
                chats.fullness.find_out(session)

    def suggest(before: str) -> Iterable[tuple[str, str, int]]:
        return chats.commands.suggestions(session, before)

    return prompts.Surroundings(
        ui=lambda: session.ui,
        theme=lambda: screen.theme(session.ui),
        coloured=screen.coloured,
        background=screen.learn_background if capabilities.tells_background(session.env) else None,
        marks=screen.window.marks,
        env=session.env,
        suggest=suggest,
        is_command=partial(repl.may_be_command, session),
        may_keep=partial(guard.may_keep, session),
        status=status,
        alert=lambda: chats.fullness.level(session).style,
        edit=edit,
        clipboard=lambda: terminal.clipboard.read(session.env),
        trouble=lambda line: screen.say(line, "warning"),
        shown=lambda: preload.begin(loaded),
        typed=typed,
        ahead=ahead.take,
    )


def _first_line(session: Session) -> str:
    """Who is talked to, and where if that is not the profile's own address; where the session is kept is told at the
    end."""
    parts = [f"chatrepl {__version__}", whom(session.profile, session.env), config.model_of(session.profile)]
    who = " · ".join([*parts, "not saved"] if session.ephemeral else parts)
    room = min(session.screen.columns, 80) - 1 - width.width(who) - len(_HELP)
    return f"{who}{' ' * room}{_HELP}" if room > 1 else f"{who}\n{_HELP} lists the commands."


_HELP = "/help"
