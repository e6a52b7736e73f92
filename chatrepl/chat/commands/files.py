"""Commands about files: what goes along with a question, transcripts, and what a model made."""

from pathlib import Path
from typing import TYPE_CHECKING

from chatrepl import chat, files
from chatrepl.chat import attaching
from chatrepl.chat.commands import prompt_files
from chatrepl.chat.commands.table import (
    FILES,
    command,
    file_names,
    flagged,
    number,
    numbered,
    pick,
    quoted_file_names,
)
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.session import Session
from chatrepl.conversation import Conversation
from chatrepl.errors import CommandError, Hint
from chatrepl.files.attachments import IMAGE_ENDINGS
from chatrepl.sessions import formats
from chatrepl.terminal.choices import Choices, Row
from chatrepl.text.amounts import counted

if TYPE_CHECKING:
    from chatrepl.chat.media import Made


@command("/file", FILES, "path...", complete=lambda session, words: quoted_file_names(words))
def file(session: Session, words: str) -> None:
    """Attach to the next question: files, folders, patterns such as *.py, or https:// addresses. Texts, images, PDF and
    sounds are taken, and of a text the lines that a:10-40 names. /undo takes the last one back. All of it can be named
    in the question too: @path attaches it."""
    for name in _names(words, "/file PATH..."):
        attaching.attach(session, name)


@command("/image", FILES, "path...", complete=lambda session, words: quoted_file_names(words, *IMAGE_ENDINGS))
def image(session: Session, words: str) -> None:
    """Attach PNG, JPEG, GIF or WebP images to the next question. /undo takes the last one back."""
    for name in _names(words, "/image PATH..."):
        files.attachments.image(files.path_of(name))
        attaching.attach(session, name)


def _names(words: str, usage: str) -> list[str]:
    if not words:
        raise CommandError("Which file?", Hint(at_prompt=usage))
    return files.split(words)


@command(
    "/save", FILES, "[-f] [file | --prompt name]", complete=lambda session, words: file_names(words.removeprefix("-f "))
)
def save(session: Session, words: str) -> None:
    """Write the conversation to a file. Its name ends in .md, .json, .jsonl, .html or .txt. An existing file is
    only replaced with -f; without a name, one is made from the title. With --prompt the profile, the model, the system
    prompt and the options are written as a prompt file, which sets a session so."""
    force, name = flagged(words, "-f")
    if name.split(" ")[0] == "--prompt":
        prompt_files.save(session, name.removeprefix("--prompt").strip(), force=force)
        return
    state = session.transcript.state
    if not state.conversation.turns:
        raise CommandError("There is nothing to save yet")
    path = files.path_of(name) if name else Path(_file_name(state.title))
    hint = Hint(at_prompt="Choose another name, or force it: /save -f FILE")
    folder = formats.save(path, state.conversation, state.title, force=force, hint=hint)
    session.screen.say(f"Saved to {path}" + (f", pictures and files in {folder}" if folder else ""), "dim")


@command("/load", FILES, "file", complete=lambda session, words: file_names(words, *formats.READ))
def load(session: Session, words: str) -> Outcome | None:
    """Go on with the conversation in a file. /save wrote it, or another program exported it. It becomes a new
    session; where the file holds several conversations, one is chosen."""
    if not words:
        raise CommandError("Which file?", Hint(at_prompt="/load FILE"))
    found = formats.load_all(files.path_of(words))
    rows = [Row(each.title or "untitled", each) for each in found]
    chosen: Row | None = rows[0]
    if len(rows) > 1:
        session.screen.say(f"{len(found)} conversations, the newest first:")
        choices = Choices("load", rows, lambda row: _length(row.what.conversation))
        chosen = numbered(session.user, session.screen, rows, choices)
    if not chosen:
        session.screen.say("None is loaded. chatrepl --import FILE takes them all in.", "dim")
        return None
    conversation, title = chosen.what
    line = session.adopt(conversation, title)
    session.screen.say(f"{_length(conversation)} loaded: {title or 'untitled'}", "dim")
    if line:
        session.screen.say("The last question got no answer; it is in the prompt.", "dim")
    return Outcome(question_back=line)


def _length(conversation: Conversation) -> str:
    return counted(sum(len(turn) > 1 for turn in conversation.turns), "turn")


def _file_name(title: str) -> str:
    """A file name from a title: its letters and digits, joined by hyphens."""
    words = "".join(character if character.isalnum() else " " for character in title.lower()).split()
    return ("-".join(words)[:60].strip("-") or "conversation") + ".md"


@command("/show", FILES, "[n]")
def show(session: Session, words: str) -> None:
    """Open a picture, sound or PDF of reply n. The system's viewer does it, after a yes. Without a number it is that of
    the last reply that has any."""
    media, turns = chat.media, session.conversation.turns
    with_some = [place for place, turn in enumerate(turns, 1) if media.made(turn)]
    if not with_some:
        raise CommandError("No reply holds a picture or a sound")
    place = number(words, default=with_some[-1], most=len(turns))
    found = [each for message in turns[place - 1] for each in media.of(message) if message.role == "assistant"]
    if not found:
        raise CommandError(f"Reply {place} holds no picture or sound")
    rows = [Row(each.told, each) for each in found]
    chosen = rows[0] if len(rows) == 1 else pick(session.user, session.screen, Choices("what it made", rows))
    if chosen:
        _open(session, chosen.what)


def _open(session: Session, made: "Made") -> None:
    media = chat.media
    try:
        path = media.written(made, session.transcript.kept)
    except OSError as error:
        raise CommandError(f"It cannot be written to a file: {error.strerror}") from None
    if made.part.mime not in files.attachments.ENDINGS:
        raise CommandError(f"What {path} holds is of no kind that is opened from here")
    if session.user.permit(f"Open {made.told} in {path}?"):
        media.open_with_system(path, session.env)
