"""Sessions made by the thousand, written as chatrepl writes them."""

import json
from pathlib import Path

from chatrepl.sessions.entries import VERSION

TEXT = "The quick brown fox jumps over the lazy dog, and so on and on. "


def write(folder: Path, name: str, messages: int, size: int) -> None:
    """A session of so many messages with so many characters each; its words are its own."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines: list[object] = [{"chatrepl": VERSION, "id": name, "at": "2026-11-21T00:00:00+00:00"}]
    for number in range(messages):
        role = "assistant" if number % 2 else "user"
        text = f"{name} message {number}. {TEXT * (size // len(TEXT) + 1)}"[:size]
        message = {"role": role, "parts": [{"kind": "text", "text": text}], "at": "2026-11-21T00:00:00+00:00"}
        lines.append({"message": message | ({"model": "m", "ending": "stop"} if number % 2 else {})})
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines), "utf-8")
    path.chmod(0o600)
