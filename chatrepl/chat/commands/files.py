"""Commands that write the conversation to files and read it back."""

from pathlib import Path

from chatrepl.chat.commands import prompt_files
from chatrepl.chat.commands.table import FILES, command, counted, file_names, flagged, numbered
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.session import Session
from chatrepl.conversation import Conversation
from chatrepl.errors import CommandError, Hint
from chatrepl.files.writing import path_of
from chatrepl.sessions import formats
from chatrepl.terminal.choices import Choices, Row


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
    path = path_of(name) if name else Path(_file_name(state.title))
    hint = Hint(at_prompt="Choose another name, or force it: /save -f FILE")
    folder = formats.save(path, state.conversation, state.title, force=force, hint=hint)
    session.screen.say(f"Saved to {path}" + (f", pictures and files in {folder}" if folder else ""), "dim")


@command("/load", FILES, "file", complete=lambda session, words: file_names(words, *formats.READ))
def load(session: Session, words: str) -> Outcome | None:
    """Go on with the conversation in a file. /save wrote it, or another program exported it. It becomes a new
    session; where the file holds several conversations, one is chosen."""
    if not words:
        raise CommandError("Which file?", Hint(at_prompt="/load FILE"))
    found = formats.load_all(path_of(words))
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
