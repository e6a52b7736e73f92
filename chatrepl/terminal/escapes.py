"""Escape sequences: what a terminal sends beside text, keys and reports, which are none; and how rows are erased.

Pure text. ``token`` finds a whole sequence, ``begun`` what may still become one, ``report`` what no key sends. The
patterns are made when the first Escape comes: the prompt does not wait for them.
"""

import re
from functools import cache

ERASE_LINE = "\x1b[K"
ERASE_BELOW = f"{ERASE_LINE}\x1b[C\x1b[J\r"
"""From the start of a row on. To erase all from the top left corner would push it into the scrollback of tmux."""

_ST = r"(?:\x07|\x1b\\)"
_STRINGS = rf"\x1b\]\d+;[^\x07\x1b]*{_ST}|\x1bP[ -?]+[@-~][^\x07\x1b]*{_ST}|\x1b_G[^\x07\x1b]*{_ST}"
"""OSC, DCS and APC: answers about colours, names, pictures. None is a key."""


@cache
def token() -> re.Pattern[str]:
    """A whole sequence: a string, a key of the Linux console, a click of an old mouse, a CSI, an SS3."""
    return re.compile(
        rf"{_STRINGS}|\x1b\[\[[A-E]|\x1b\[M[^\x00-\x1f]{{3}}|\x1b\[(?!M)[0-?]*[ -/]*[@-Z\\-~]|\x1bO[A-DFHMP-Scd]"
    )


@cache
def certain() -> re.Pattern[str]:
    """The beginning of a report; nobody types that."""
    return re.compile(r"\x1b(?:\]\d+;|P[ -?]+[@-~]|_G)")


@cache
def begun() -> re.Pattern[str]:
    """All there is, from the Escape on, and the rest may come."""
    return re.compile(
        r"\x1b(?:\[(?:\[|M.{0,2}|[0-?]*[ -/]*)|O|\](?:\d+(?:;[^\x07\x1b]*\x1b?)?)?"
        r"|P(?:[ -?]+(?:[@-~][^\x07\x1b]*\x1b?)?)?|_(?:G[^\x07\x1b]*\x1b?)?)?\Z",
        re.DOTALL,
    )


@cache
def report() -> re.Pattern[str]:
    """Focus, colours, attributes, versions, sizes, modes, the cursor's place, the mouse."""
    return re.compile(rf"{_STRINGS}|\x1b\[(?:[IO]|[<-?][0-?]*[ -/]*[@-~]|[\d;]*(?:[cnRtx]|\$y)|M[^\x00-\x1f]{{3}})")


def without_reports(text: str) -> str:
    """The text without what the terminal told of itself in between."""
    return report().sub("", text) if "\x1b" in text else text
