"""Text nobody here wrote, made safe to print: nothing in it acts on the terminal, and nothing in it hides.

Characters are replaced and sequences never parsed, so an unterminated sequence is as harmless as a whole one and a
stream may be cut anywhere. What is left of an escape sequence stays readable: ``␛[2J``.
"""

import re
import unicodedata

from chatrepl.text import width

_BREAKS = ("\r\n", "\r", "\x85", "\u2028", "\u2029")
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI = "\u202a-\u202e\u2066-\u206f"  # without LRM, RLM and ALM: they order nothing but their neighbours
_INVISIBLE = (
    "\xad\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_NO_CHARACTERS = "\ud800-\udfff\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_UNSAFE = re.compile(f"\r\n|[\u2028\u2029{_CONTROLS}{_BIDI}{_INVISIBLE}{_NO_CHARACTERS}]")

MAX_STACKED = 4
"""How many combining marks may stand on one character: as many as pointed Hebrew needs, too few for Zalgo."""

_MARKS = re.compile(r"[^\x00-\x7f\w]+")  # runs in which all combining marks are: none of them is a \w
_JOINERS = "\u200c\u200d"  # emoji and many scripts need them; counted as marks, so that no row of them hides


def text(s: str) -> str:
    """The text, safe; line feeds and tabs stay. Applied to its own result it changes nothing."""
    stream = Stream()
    return stream.feed(s) + stream.close()


def line(s: str, limit: int = 200) -> str:
    """The text on one line, safe, and in at most ``limit`` columns of a terminal."""
    whole = " ".join(text(s).split())
    return whole if width.cut(whole, limit) == whole else width.cut(whole, limit - 1).rstrip() + "…"


class Stream:
    """``text`` for pieces: however the text is cut, the joined results are the same."""

    def __init__(self) -> None:
        self._held = ""  # a carriage return that may be the half of a CRLF
        self._stacked = 0  # the combining marks at the end of what was given out

    def feed(self, s: str) -> str:
        """The next piece, safe; a carriage return at its end waits for the next one."""
        s = self._held + s
        self._held = "\r" if s.endswith("\r") else ""
        return self._safe(s.removesuffix("\r"))

    def close(self) -> str:
        """What still waited."""
        held, self._held = self._held, ""
        return self._safe(held)

    def _safe(self, s: str) -> str:
        if not s:
            return s
        s = _UNSAFE.sub(_shown, s)
        if s.isascii():
            self._stacked = 0
            return s
        return self._thinned(s)

    def _thinned(self, s: str) -> str:
        """The text without the combining marks that are too many."""
        stacked, self._stacked = self._stacked, 0
        pieces, end = [], 0
        for run in _MARKS.finditer(s):
            kept, left = _thin(run[0], 0 if run.start() else stacked)
            pieces += [s[end : run.start()], kept]
            end = run.end()
            self._stacked = left if end == len(s) else 0
        pieces.append(s[end:])
        return "".join(pieces)


def _thin(run: str, stacked: int) -> tuple[str, int]:
    """The run without surplus marks, and how many stand at its end; ``stacked`` stand before it."""
    kept = []
    for char in run:
        stacked = stacked + 1 if char in _JOINERS or unicodedata.category(char) in ("Mn", "Me") else 0
        if stacked <= MAX_STACKED:
            kept.append(char)
    return "".join(kept), stacked


def _shown(match: re.Match[str]) -> str:
    """What is printed in place of an unsafe character."""
    found = match[0]
    if found in _BREAKS:
        return "\n"
    code = ord(found)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code < 0xA0 or unicodedata.category(found) in ("Cs", "Cn"):
        return "\ufffd"
    return f"⟨U+{code:04X}⟩"
