"""Prompt files in a chat: filled, and asked with what they set; personas, which set the session."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from chatrepl import chat, files, replace
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.session import Session
from chatrepl.config import prompts
from chatrepl.config.config import Profile, model_of
from chatrepl.config.filling import Filled, fill
from chatrepl.config.prompts import PromptFile
from chatrepl.errors import CommandError, Hint
from chatrepl.sessions.entries import Mark
from chatrepl.text import safe

TOLD = 3
"""So many commands and names of files that stay text are told."""


class Words(NamedTuple):
    """What goes along with the name of a prompt file: a line that was typed, or words that a shell has parted, with
    the values of variables, and a text below them."""

    words: str | Sequence[str] = ""
    values: Mapping[str, str] = {}
    below: str = ""


def run(session: Session, name: str, line: str) -> Outcome | None:
    """Ask what that prompt file says, with what was typed behind its name; a persona sets the session."""
    return start(session, with_schema(prompts.load(session.paths.prompts, name), session.paths.prompts), Words(line))


def with_schema(prompt: PromptFile, folder: Path) -> PromptFile:
    """The prompt file with the schema that it names."""
    if not prompt.schema:
        return prompt
    return prompt._replace(schema=chat.json_answers.of_prompt(prompt.schema, folder))


def start(session: Session, prompt: PromptFile, words: Words) -> Outcome | None:
    """The same with a file that was read. A persona asks what goes along, if anything does."""
    if prompt.is_persona:
        become(session, prompt)
        return ask(session, prompt, words) if any(words) else None
    with _holding(session, prompt):
        return ask(session, prompt, words)


def ask(session: Session, prompt: PromptFile, words: Words) -> Outcome:
    """Ask what the file says, of whom the session talks to."""
    filled = _filled(session, prompt, words)
    for told in (*_of_commands(prompt), *_of_files(filled)):
        session.screen.say(told, "warning")
    typed = words.words if isinstance(words.words, str) else " ".join(words.words)
    own = [part for name, path in filled.files.items() for part in chat.attaching.called(session, name, path)]
    return chat.turn.send(session, filled.text, files.mentions.mentioned(typed), own)


def _filled(session: Session, prompt: PromptFile, words: Words) -> Filled:
    """The text with what was given, and what the user says where something is missing."""
    folder, values = session.paths.prompts, dict(words.values)
    filled = fill(prompt, words.words, values, folder, words.below)
    if filled.missing and not session.user.has_prompt:
        raise CommandError(
            f"The prompt file {prompt.name!r} lacks {', '.join(filled.missing)}",
            f"For example: -t {prompt.name} {' '.join(f'{name}=...' for name in filled.missing)}",
        )
    for name in filled.missing:
        values[name] = session.user.answer(f"{name}:")
        if not values[name]:
            raise CommandError(f"Nothing was sent: {name} has no value", Hint(at_prompt=f'{name}="" leaves it empty.'))
    return fill(prompt, words.words, values, folder, words.below) if filled.missing else filled


def _of_commands(prompt: PromptFile) -> Iterator[str]:
    if found := prompt.commands:
        yield f"{_listed(found)} {'is' if len(found) == 1 else 'are'} sent as text: a prompt file runs no program."


def _of_files(filled: Filled) -> Iterator[str]:
    if found := filled.outside:
        told = f"{_listed([f'@{name}' for name in found])} {'is' if len(found) == 1 else 'are'} sent as text"
        yield f"{told}: a prompt file takes in files of its own folder alone."


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(safe.line(each, 60) for each in names[:TOLD])
    return shown if len(names) <= TOLD else f"{shown} and {len(names) - TOLD} more"


# what a file sets


@contextmanager
def _holding(session: Session, prompt: PromptFile) -> Iterator[None]:
    """What the file sets holds for the question that is asked meanwhile."""
    before, new = session.profile, profile(session, prompt)
    on = _turned(session, prompt.tools)
    session.profile = new if new != before else before
    session.prompted = prompt
    try:
        yield
    finally:
        session.prompted = None
        _turned(session, on)  # those alone that were on before
        if new != before:
            session.profile = before
            session.note_who()  # else the session would go on with whom this one question was for


def _turned(session: Session, names: Sequence[str] | None) -> Sequence[str] | None:
    """Let these tools be on, and no others, and return which were; None for what stays as it is."""
    if names is None:
        return None
    box = chat.calling.toolbox(session)
    before = list(box.on)
    box.turn(True, names)
    if "all" not in names:
        box.turn(False, [each for each in before if each not in names])  # the others keep running
    return before


def profile(session: Session, prompt: PromptFile) -> Profile:
    """Who the file wants to be asked, and how."""
    found = session.config.profile(prompt.profile) if prompt.profile else session.profile
    found = session.config.with_model(found, prompt.model) if prompt.model else found
    return as_it_says(found, prompt)


def as_it_says(profile: Profile, prompt: PromptFile) -> Profile:
    """The profile with the parameters and the search that the file sets."""
    search = profile.search if prompt.search is None else prompt.search
    return replace(profile, options={**profile.options, **prompt.options}, search=search)


def become(session: Session, prompt: PromptFile) -> None:
    """Let the session go on as the persona says."""
    new, own = profile(session, prompt), session.conversation.system in ("", session.profile.system)
    system = prompt.system or (new.system if prompt.profile and own else "")
    if prompt.profile:
        session.switch(new)
    _turned(session, prompt.tools)
    session.profile = new
    chat.json_answers.hold(session, prompt.schema or chat.json_answers.held(session))
    if system:
        session.transcript.add(Mark("system", system))
    told = [f"{new.name} · {model_of(new)}", *(["the system prompt is set"] if system else [])]
    session.screen.say(f"{prompt.name}: {' · '.join(told)}", "dim")


# what there is


class Listed(NamedTuple):
    """A prompt file as it is listed: ``wrong`` says why it cannot be run."""

    name: str
    hint: str
    about: str
    wrong: str = ""


def listed(name: str, path: Path) -> Listed:
    """What is told of the prompt file at that path, read anew where it has changed."""
    try:
        found = path.stat()
    except OSError as error:
        return Listed(name, "", "", str(error.strerror))
    return _listed_at(name, path, (found.st_mtime_ns, found.st_size))


@lru_cache(maxsize=prompts.MANY)
def _listed_at(name: str, path: Path, _changed: tuple[int, int]) -> Listed:
    try:
        found = prompts.read(path, name)
    except CommandError as error:
        return Listed(name, "", "", str(error))
    about = found.description or found.text.strip().partition("\n")[0] or "sets the session"
    return Listed(name, safe.line(found.hint, 60), safe.line(about, 100))
