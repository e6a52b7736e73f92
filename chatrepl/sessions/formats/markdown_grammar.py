"""How a conversation stands in Markdown: in any editor a text like any other, and yet exact.

    ---
    title: "What a person reads first"
    chatrepl: 1
    ---

    ## User <!-- chatrepl {"at":"2026-01-02T03:04:05+00:00"} -->

    The text as it is.

    ### File · `notes.py` <!-- chatrepl -->

A heading with such a comment begins a message (##) or a part of one (###), and nothing else does: a line of text that
looks like one is written with a backslash before it, as Markdown has it. A character that editors change or hide stands
as ⟨U+000D⟩. What comes right after the heading of a message is its first text. There are no counts and no sums, so a
person may change any word.
"""

import re
from dataclasses import dataclass

from chatrepl.conversation import (
    FilePart,
    ImagePart,
    MediaPart,
    Part,
    SourcePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from chatrepl.sessions.formats.format import NOT_PLAIN

VERSION = 1


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind of part stands in the file: the word of its heading, the field beside it, and the field below it."""

    word: str
    label: str = ""
    body: str = "text"
    fenced: bool = False


SHAPES: dict[type[Part], Shape] = {
    TextPart: Shape("Text"),
    ThinkingPart: Shape("Thinking"),
    MediaPart: Shape("Media", "name", ""),
    SourcePart: Shape("Source", "title", "url"),
    ImagePart: Shape("Image", "name", ""),
    FilePart: Shape("File", "name", fenced=True),
    ToolCallPart: Shape("Tool call", "name", "arguments", fenced=True),
    ToolResultPart: Shape("Tool result", fenced=True),
}
PARTS = {shape.word: part for part, shape in SHAPES.items()}
ROLES = {"User": "user", "Assistant": "assistant", "Tool": "tool"}
SPEAKERS = {role: word for word, role in ROLES.items()}

LOOKS_LIKE_HEADING = re.compile(r"\\*#{2,3} .*<!-- chatrepl\b")
HEADING = re.compile(r"(##|###) (\w[\w ]*?)(?: · `([^`]*)`)? <!-- chatrepl(?: (\{.*\}))? -->\s*")
LABEL = re.compile(r"[^`<\s](?:[^`<]*[^`<\s])?")
_ESCAPED = re.compile(r"⟨U\+(10[0-9A-F]{4}|[0-9A-F]{4,5})⟩")
_TO_ESCAPE = re.compile(f"{NOT_PLAIN.pattern}|⟨(?=U\\+)")
DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,([A-Za-z0-9+/=]+)", re.ASCII)
DATE = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|[+-]\d\d:\d\d)?", re.ASCII)


def escaped(line: str) -> str:
    """A line of text as it stands in the file."""
    line = _TO_ESCAPE.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", line)
    return f"\\{line}" if LOOKS_LIKE_HEADING.match(line) else line


def unescaped(line: str) -> str:
    """The line of text that stands there; ``escaped`` is the inverse."""
    if line.startswith("\\") and LOOKS_LIKE_HEADING.match(line):
        line = line[1:]
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), line)
