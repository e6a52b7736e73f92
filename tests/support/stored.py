"""Sessions as files."""

import os
from pathlib import Path

from chatrepl.conversation import Message, TextPart, question
from chatrepl.sessions.entries import Mark, Said
from chatrepl.sessions.transcript import Transcript
from tests.support.talking import no_trouble


def reply(text: str) -> Message:
    """A whole reply of that text."""
    return Message("assistant", (TextPart(text),), "m", "stop")


def kept(folder: Path, name: str, *said: str, title: str = "", used: float = 0) -> Path:
    """A session of that name: questions and replies in turn."""
    path = folder / f"{name}.jsonl"
    journal = Transcript(path, no_trouble)
    for place, text in enumerate(said):
        journal.add(Said(reply(text) if place % 2 else question(text)))
    if title:
        journal.add(Mark("rename", title))
    journal.close()
    if used:
        os.utime(path, (used, used))
    return path
