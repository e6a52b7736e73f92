"""The slash commands: one function each, in one table that also feeds /help, completion and the README's check."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from chatrepl import export, safe, settings
from chatrepl.config import nearest
from chatrepl.conversation import Message
from chatrepl.errors import CommandError
from chatrepl.journal import Mark
from chatrepl.session import Session

Run = Callable[[Session, str], None]
Complete = Callable[[Session], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command: ``run`` gets the session and the words behind the name; ``complete`` what could stand there."""

    name: str
    usage: str
    about: str
    help: str
    run: Run
    complete: Complete


COMMANDS: dict[str, Command] = {}
"""Every command by its name, and by its other names."""


def command(usage: str, *other_names: str, complete: Complete = lambda session: ()) -> Callable[[Run], Run]:
    """Enter a function into the table. Its docstring is its help, the first line of it the short form."""

    def enter(run: Run) -> Run:
        doc = " ".join((run.__doc__ or "").split())
        about, _, _ = doc.partition(". ")
        name = usage.split()[0]
        for each in (name, *other_names):
            COMMANDS[each] = Command(name, usage, about.rstrip("."), doc, run, complete)
        return run

    return enter


def run(session: Session, line: str) -> None:
    """Run the command on that line."""
    name, _, words = line.partition(" ")
    if name not in COMMANDS:
        hint = "/help lists the commands. A line that begins with // is sent, as a message that begins with /."
        raise CommandError(f"There is no command {name!r}{nearest(name, COMMANDS)}", hint)
    COMMANDS[name].run(session, words.strip())


def suggestions(session: Session, before: str) -> Iterable[tuple[str, str, int]]:
    """What could stand at the end of that text: commands at its start, arguments behind a command."""
    if not before.startswith("/") or "\n" in before:
        return
    name, space, words = before.partition(" ")
    if not space:
        for each in sorted(COMMANDS):
            if each.startswith(name):
                yield each, COMMANDS[each].about, len(name)
    elif name in COMMANDS:
        for text, meaning in COMMANDS[name].complete(session):
            if text.startswith(words):
                yield text, meaning, len(words)


# What the commands are completed with


def _command_names(session: Session) -> Iterable[tuple[str, str]]:
    return ((each.name, each.about) for each in _distinct())


def _profile_names(session: Session) -> Iterable[tuple[str, str]]:
    return ((profile.name, profile.about) for profile in session.config.profiles.values())


def _model_names(session: Session) -> Iterable[tuple[str, str]]:
    return ((model, "") for model in session.models)


def _setting_names(session: Session) -> Iterable[tuple[str, str]]:
    return settings.names()


def _distinct() -> list[Command]:
    return [each for name, each in COMMANDS.items() if name == each.name]


# The commands


@command("/help [command]", complete=_command_names)
def help_(session: Session, words: str) -> None:
    """List the commands, or explain one."""
    if not words:
        session.screen.table([(each.usage, each.about) for each in _distinct()])
        session.screen.say("Enter sends, Alt-Enter or Ctrl-J adds a line, Ctrl-C stops a reply, Ctrl-D leaves.", "dim")
        return
    name = "/" + words.lstrip("/")
    if name not in COMMANDS:
        raise CommandError(f"There is no command {name!r}{nearest(name, COMMANDS)}", "/help lists them.")
    session.screen.say(COMMANDS[name].usage, "bold")
    session.screen.say(COMMANDS[name].help)


@command("/system [text | @file | off]", complete=lambda session: [("off", "send no system prompt")])
def system(session: Session, words: str) -> None:
    """Show, set or remove the system prompt. The text goes to the model before every conversation; @file reads it
    from a file."""
    if not words:
        session.screen.say(session.conversation.system or "There is no system prompt.")
        return
    text = "" if words == "off" else settings.text_or_file(words)
    session.transcript.add(Mark("system", text))
    session.screen.say("The system prompt is set." if text else "No system prompt is sent from now on.", "dim")


@command("/reset")
def reset(session: Session, words: str) -> None:
    """Forget the conversation and keep the system prompt. /undo brings it back as long as nothing new was said."""
    count = len(session.conversation.turns)
    session.transcript.add(Mark("clear"))
    session.screen.say(f"{_turns(count)} forgotten; /undo brings them back.", "dim")


@command("/undo [n]")
def undo(session: Session, words: str) -> None:
    """Take the last turn away, or the last n. Right after /reset it brings the conversation back."""
    state = session.transcript.state
    if state.cleared and not words:
        session.transcript.add(Mark("restore"))
        session.screen.say(f"{_turns(len(state.conversation.turns))} brought back.", "dim")
        return
    count = _number(words, default=1)
    if not state.conversation.turns:
        raise CommandError("There is nothing to undo")
    dropped = min(count, len(state.conversation.turns))
    session.transcript.add(Mark("drop", count=dropped))
    session.screen.say(f"{_turns(dropped)} taken away.", "dim")


@command("/retry [model]", complete=_model_names)
def retry(session: Session, words: str) -> None:
    """Ask the last question again, of another model if one is named. The new reply replaces the old one."""
    if not session.conversation.turns:
        raise CommandError("There is no question to ask again", "Your last message, if it failed, is in the prompt.")
    before = session.profile
    if words:
        session.profile = replace(before, model=words)
    try:
        session.retry()
    finally:
        session.profile = before if words else session.profile


@command("/history [n]")
def history(session: Session, words: str) -> None:
    """Show the conversation, or its last n turns."""
    turns = session.conversation.turns
    if not turns:
        session.screen.say("Nothing was said yet.")
        return
    first = max(0, len(turns) - _number(words, default=len(turns)))
    for number, turn in enumerate(turns[first:], first + 1):
        for message in turn:
            session.screen.say(_heading(number, message), "bold")
            if message.role == "assistant":
                session.screen.reply(message.text, session.ui)
            else:
                session.screen.say(message.text.rstrip("\n"))


@command("/save [-f] [file]")
def save(session: Session, words: str) -> None:
    """Write the conversation to a file: .md, .json, .jsonl, .html or .txt. An existing file is only replaced with -f;
    without a name, one is made from the title."""
    force = words.startswith("-f ") or words == "-f"
    name = words.removeprefix("-f").strip() if force else words
    state = session.transcript.state
    if not state.conversation.turns:
        raise CommandError("There is nothing to save yet")
    path = Path(name).expanduser() if name else Path(_file_name(state.title))
    export.save(path, state.conversation, state.title, force=force)
    session.screen.say(f"Saved to {path}", "dim")


@command("/load file")
def load(session: Session, words: str) -> None:
    """Go on with the conversation in a file that /save wrote: .md, .json or .jsonl. It becomes a new session."""
    if not words:
        raise CommandError("Which file?", "/load FILE")
    conversation, title = export.load(Path(words).expanduser())
    session.adopt(conversation, title)
    session.screen.say(f"{_turns(len(conversation.turns))} loaded: {title or 'untitled'}", "dim")


@command("/model [name]", complete=_model_names)
def model(session: Session, words: str) -> None:
    """Show the model, or talk to another one from now on. The conversation stays."""
    if words:
        session.profile = replace(session.profile, model=words)
    session.screen.say(
        f"{session.profile.name} · {session.profile.model or 'the first model the server offers'}", "dim"
    )


@command("/models [words]")
def models(session: Session, words: str) -> None:
    """List the models that the server offers, or those whose names hold all the words."""
    offered = session.offered()
    wanted = words.lower().split()
    chosen = [each for each in offered if all(word in each.id.lower() for word in wanted)]
    if not chosen:
        raise CommandError(f"No model is called like that{nearest(words, [each.id for each in offered])}")
    for each in sorted(chosen, key=lambda each: each.id):
        facts = [f"{each.context:,} tokens of context"] if each.context else []
        facts += [f"${each.price[0]:g} in, ${each.price[1]:g} out for a million tokens"] if each.price else []
        mark = "*" if each.id == session.profile.model else " "
        session.screen.say(" · ".join((f"{mark} {safe.line(each.id)}", *facts)))


@command("/profile [name]", complete=_profile_names)
def profile(session: Session, words: str) -> None:
    """Show who is talked to, or talk to somebody else from now on. The conversation stays."""
    if words:
        session.switch(session.config.profile(words))
    chosen = session.profile
    place = "on this machine, run by chatrepl" if chosen.base_url == "local:" else chosen.base_url
    session.screen.say(f"{chosen.name} · {chosen.model or 'no model set'} · {chosen.dialect} · {place}", "dim")


@command("/set [--save] [key [value]]", complete=_setting_names)
def set_(session: Session, words: str) -> None:
    """Show the settings, show one, or change one for this session. With --save it is written to the configuration
    too. Parameters of the request are settings like all others: /set temperature 0.2; off removes one."""
    keep = words.startswith("--save")
    key, _, value = words.removeprefix("--save").strip().partition(" ")
    if not key:
        rows = settings.shown(session.ui, session.profile)
        session.screen.table([(f"{name} = {now}", about) for name, now, about in rows])
        return
    if not value:
        session.screen.say(f"{key} = {settings.value_of(key, session.ui, session.profile)}")
        return
    session.ui, session.profile = settings.changed(key, value.strip(), session.ui, session.profile)
    if keep:
        settings.save(session.config.path, key, session.ui, session.profile)
    said = settings.value_of(key, session.ui, session.profile)
    session.screen.say(f"{key} = {said}" + (f", saved to {session.config.path}" if keep else ""), "dim")


@command("/quit", "/exit")
def quit_(session: Session, words: str) -> None:
    """Leave. The session is kept."""
    raise EOFError  # as Ctrl-D does


# Small things


def _number(words: str, *, default: int) -> int:
    if not words:
        return default
    if not words.isascii() or not words.isdigit() or int(words) < 1:
        raise CommandError(f"{words!r} is no number above 0")
    return int(words)


def _turns(count: int) -> str:
    return f"{count} turn" if count == 1 else f"{count} turns"


def _heading(number: int, message: Message) -> str:
    who = {"user": "you"}.get(message.role, safe.line(message.model) or message.role)
    ending = f" ({message.ending})" if message.ending in ("interrupted", "failed", "length") else ""
    return f"[{number}] {who}{ending}"


def _file_name(title: str) -> str:
    """A file name from a title: its letters and digits, joined by hyphens."""
    words = "".join(character if character.isalnum() else " " for character in title.lower()).split()
    return ("-".join(words)[:60].strip("-") or "conversation") + ".md"
