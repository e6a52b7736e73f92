"""A conversation as the journal of a session: JSON lines, read back exactly, and resumable where sessions are kept."""

from pathlib import Path

from chatrepl.conversation import Conversation
from chatrepl.sessions.beside import Beside, folder_of
from chatrepl.sessions.encoding import complaint, reshaped, to_data
from chatrepl.sessions.entries import Entry, Header, Mark, Taken
from chatrepl.sessions.formats.format import Chat, Damage, Format, text_of, to_json
from chatrepl.sessions.journal import entry as read_entry
from chatrepl.sessions.state import State


def render(chat: Chat) -> str:
    """The conversation as the shortest journal that adds up to it."""
    return "".join(to_json(to_data(entry)) + "\n" for entry in _entries(*chat))


def _entries(conversation: Conversation, title: str) -> list[Entry]:
    taken = [Taken(turn) for turn in conversation.turns]
    began = next((message.at for message in conversation.messages if message.at), "")
    system = [Mark("system", conversation.system)] if conversation.system else []
    # The title comes last: an empty one would be made up anew from the first question.
    return [Header("", began), *system, *taken, *reshaped(conversation.shape), Mark("rename", title)]


def read(path: Path) -> list[Chat]:
    """The conversation in a journal; a reply that never ended is taken as interrupted."""
    beside = Beside(folder_of(path))
    entries = [entry for line in text_of(path).split("\n") if (entry := read_entry(line.encode(), beside))]
    if wrong := complaint(entries[0] if entries else None):
        raise Damage(f"this {wrong[0]}", 1)
    state = State()
    for entry in entries:
        state.take(entry)
    state.settle()
    return [Chat(state.conversation, state.title)]


FORMAT = Format("the journal of a session, as JSON lines", render, read)
