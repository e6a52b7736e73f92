"""What a format of transcripts is, and what those that hold JSON share."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chatrepl import dataclass
from chatrepl.conversation import Conversation
from chatrepl.files import reading
from chatrepl.text import shapes


class Chat(NamedTuple):
    """What a transcript holds."""

    conversation: Conversation
    title: str


class Damage(Exception):
    """Why a file cannot be read, and on which line; 0 where no line is to blame."""

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True)
class Format:
    """A way to keep a conversation in a file. What ``render`` gives can always be encoded as UTF-8."""

    about: str
    render: Callable[[Chat], str] | None = None
    read: Callable[[Path], list[Chat]] | None = None
    """All that is in the file, newest first. What is wrong with it is a Damage; OSError passes."""
    beside: Callable[[Chat, str], tuple[str, Mapping[str, bytes]]] | None = None
    """What ``render`` gives with links to images and files, which stand in a folder of that name beside it; and these,
    by their names."""
    folder: str = ""
    """How the name of that folder ends."""


MOST = 2**30
"""The most bytes of a file that is loaded or imported."""

SPARSE = 12
"""So many characters at least stand for a value in what a program exports; what is denser is made to fill memory."""

NOT_PLAIN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Characters that editors change, hide or refuse: controls, line separators, text direction, lone surrogates."""


def text_of(path: Path) -> str:
    """The text of the file, whatever line ends and byte order mark an editor gave it."""
    try:
        text = reading.bounded(path, MOST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Damage("what stands here is not UTF-8", line) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def to_json(data: Any, *, indent: int | None = None) -> str:
    """The data as JSON that people can read, whatever their language, and that is plain text in any editor."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    return NOT_PLAIN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def from_json(text: str, line: int = 1) -> Any:
    """The data; what is wrong with the text, which begins on that line of its file, is a Damage."""
    try:
        if shapes.is_crowded(text, max(shapes.MOST, len(text) // SPARSE)):
            raise ValueError("too many values")
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise Damage(f"no valid JSON: {error.msg}", line - 1 + error.lineno) from None
    except (ValueError, RecursionError) as error:  # a number of too many digits, brackets in brackets
        raise Damage(f"no valid JSON: {error}", line) from None
