"""Commands about prompt files and about the shape of answers."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from chatrepl.chat import json_answers, prompt_files
from chatrepl.chat.commands.table import COMMANDS, PROGRAM, TALK, Suggestion, command, file_names, offered
from chatrepl.chat.session import Session
from chatrepl.config import prompts
from chatrepl.errors import CommandError, Hint
from chatrepl.files import writing
from chatrepl.terminal import editor
from chatrepl.text import safe

NEW = "---\ndescription: \n---\n\n$input\n"
"""What a new prompt file begins with."""


def prompt_words(session: Session, words: str) -> Iterable[Suggestion]:
    """What /prompts takes, for completion."""
    if words.startswith("edit "):
        return offered(words.removeprefix("edit "), [(each, "") for each in prompts.names(session.paths.prompts)])
    return offered(words, [("edit", "write one in your editor")])


@command("/prompts", PROGRAM, "[edit name]", complete=prompt_words)
def prompts_(session: Session, words: str) -> None:
    """List the prompt files, or write one in the editor. A prompt file is run by /NAME and what goes into it; those in
    a folder by /FOLDER:NAME."""
    verb, _, name = words.partition(" ")
    if verb == "edit" and name.strip():
        _edit(session, name.strip().removeprefix("/"))
    elif words:
        raise CommandError(f"/prompts takes edit NAME, not {safe.line(words, 40)!r}", Hint(at_prompt="/prompts lists."))
    else:
        _list(session)


def _list(session: Session) -> None:
    folder = session.paths.prompts
    found = [prompt_files.listed(name, path) for name, path in sorted(prompts.names(folder).items())]
    session.screen.table([(f"/{each.name} {each.hint}".rstrip(), each.about) for each in found if not each.wrong])
    for told in _unusable(folder, found):
        session.screen.say(told, "warning")
    if not found:
        session.screen.say(f"There are no prompt files yet. /prompts edit NAME writes one, into {folder}", "dim")


def _unusable(folder: Path, found: Iterable[prompt_files.Listed]) -> Iterator[str]:
    """What to tell of the files that no command runs."""
    for each in found:
        if each.wrong:
            yield each.wrong
        elif f"/{each.name.lower()}" in COMMANDS:
            yield f"/{each.name} is a command; the prompt file of that name is run by -t {each.name}."
    for path in prompts.unfit(folder):
        yield f"{safe.line(str(path.relative_to(folder)), 60)!r} cannot be run: letters, digits, - and _ make a name."


def _edit(session: Session, name: str) -> None:
    """Let the user write the prompt file, and tell what is wrong with it."""
    path = prompts.place_of(session.paths.prompts, name)
    before = prompts.source(path) if path.is_file() else ""
    text = editor.edit(before or NEW, session.env, sys.stdin)
    if text in (before, NEW) or not text.strip():
        session.screen.say("Nothing was changed." if before else "Nothing was written.", "dim")
        return
    keep(path, text)
    session.screen.say(f"Saved to {path}", "dim")
    prompts.read(path, name)


def keep(path: Path, text: str, *, force: bool = True) -> None:
    """Write a prompt file. CommandError says why it cannot be."""
    try:
        writing.private_folder(path.parent)
        writing.write(path, text.encode(), force=force)
    except FileExistsError:
        raise CommandError(f"{path} is there already", Hint(at_prompt="Choose another name, or force it: -f")) from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from None


def save(session: Session, name: str, *, force: bool) -> None:
    """Write who is talked to now, and how, as a persona."""
    profile = session.profile
    fields = {
        "profile": "" if profile.by_hand else profile.name,
        "model": profile.model,
        "system": session.conversation.system,
        "options": dict(profile.options),
        "search": profile.search or None,
    }
    path = prompts.place_of(session.paths.prompts, name.removeprefix("/"))
    keep(path, prompts.written(fields), force=force)
    session.screen.say(f"Saved to {path}; /{name.removeprefix('/')} sets the session so.", "dim")


def schema_words(session: Session, words: str) -> Iterable[Suggestion]:
    """What /schema takes, for completion."""
    yield from offered(words, [("off", "let answers be of any shape")])
    yield from file_names(words, ".json")


@command("/schema", TALK, "[file | short | off]", complete=schema_words)
def schema(session: Session, words: str) -> None:
    """Let the next answers be JSON of a schema, which the session keeps. That is a file, JSON itself, or the short
    form: name, age int, tags list. The answers are checked; one that does not keep to it is asked for once more."""
    if words:
        json_answers.hold(session, None if words == "off" else json_answers.of_words(words))
    if shape := json_answers.held(session):
        session.screen.say(json.dumps(shape, ensure_ascii=False))
    else:
        session.screen.say("Answers may have any shape.", "dim")
