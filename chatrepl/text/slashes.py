"""Lines that begin with a slash: most are commands, but paths, comments and much that is pasted begin so too."""

import re

_NAME = r"/(?:[\w:-]+|\?)(?=\s|\Z)"
_ESCAPED = r"/(/[\w:-]+)\s*\Z"


def command_name(text: str) -> str:
    """The first word with its slash where it could be that of a command, else "": a path has more slashes or a dot, a
    comment has two or a star."""
    found = re.match(_NAME, text) if text.startswith("/") else None
    return found[0] if found else ""


def without_escape(text: str) -> str:
    """What is sent of a line that is no command: of ``//word`` alone ``/word``, all else as it is."""
    found = re.match(_ESCAPED, text)
    return found[1] if found else text
