"""A conversation as one JSON object: for programs, and read back exactly."""

from pathlib import Path
from typing import Any

from chatrepl.conversation import Conversation
from chatrepl.sessions.formats.chatgpt import chats, is_chatgpt
from chatrepl.sessions.formats.format import Chat, Damage, Format, from_json, text_of, to_json
from chatrepl.sessions.plain import from_data, to_data

VERSION = 1


def render(chat: Chat) -> str:
    """The conversation as JSON: {"chatrepl": 1, "title", "system", "turns": [[message, ...], ...]}."""
    conversation, title = chat
    turns = [[to_data(message) for message in turn] for turn in conversation.turns]
    data = {"chatrepl": VERSION, "title": title, "system": conversation.system, "turns": turns}
    return to_json(data, indent=2) + "\n"


def read(path: Path) -> list[Chat]:
    """The conversation in a file of ours, or all those of a ChatGPT export."""
    data = from_json(text_of(path))
    if is_chatgpt(data):
        return chats(data)
    match data:
        case {"chatrepl": int(version)} if version > VERSION:
            raise Damage(f"this was written by a newer chatrepl (format {version})")
        case {"chatrepl": int(), "title": str(title), "system": str(system), "turns": list(turns)}:
            return [Chat(_conversation(system, turns), title)]
    raise Damage("neither a transcript of chatrepl nor a ChatGPT export")


def _conversation(system: str, turns: list[Any]) -> Conversation:
    conversation = Conversation(system)
    for number, turn in enumerate(turns, 1):
        try:
            conversation.add([from_data(message) for message in turn])
        except (TypeError, ValueError) as error:
            raise Damage(f"turn {number}: {error}") from None
    return conversation


FORMAT = Format("one JSON object, for programs", render, read)
