"""The names with an @ before them that stand in a message, and what of them means something to attach."""

import re
from collections.abc import Callable, Iterator

from chatrepl.files import sources
from chatrepl.text import safe

_MENTION = r"""(?<!\S)@(?:"([^"\n]+)"|(\S+))"""


_LIKE_A_PATH = r"[\w. ~/-]*(?:/[\w. ~/-]*|\w\.[A-Za-z]\w{0,3})"
"""Has a slash or an ending; decorators that are called have other signs too, and people have neither."""


def mentioned(text: str, known: Callable[[str], object] = lambda name: False) -> Iterator[str]:
    """What a message names with an @ before it and exists: files, lines of them, folders, patterns; addresses; and what
    else is ``known``."""
    return (name for name, found in _mentions(text) if found or known(name))


def missing(text: str) -> Iterator[str]:
    """The names with an @ before them that look like those of files, and are of none."""
    return (name for name, found in _mentions(text) if not found and re.fullmatch(_LIKE_A_PATH, name))


def not_taken(text: str) -> Iterator[str]:
    """What to tell of the names with an @ before them that mean nothing here."""
    return (f"{safe.line(name)}: no such file, sent as text" for name in missing(text))


def _mentions(text: str) -> Iterator[tuple[str, bool]]:
    """What stands behind each @, and whether it is there."""
    for match in re.finditer(_MENTION, text):
        names = [match[1]] if match[1] else [match[2], match[2].rstrip(".,;:!?)]}'\"")]
        if sources.is_address(names[-1]):
            yield names[-1], True
            continue
        known = next((name for name in names if name and sources.exists(name)), None)
        yield known or names[-1], known is not None
