"""Text nobody here wrote, made safe to print: nothing in it acts on the terminal, and nothing in it hides.

Characters are replaced and sequences never parsed, so an unterminated sequence is as harmless as a whole one and a
stream may be cut anywhere. What is left of an escape sequence stays readable: ``␛[2J``.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

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
_PLACES = ("".join(chr(0xE0000 + ord(letter)) for letter in place) for place in ("gbeng", "gbsct", "gbwls"))
_FLAG = f"\U0001f3f4(?:{'|'.join(_PLACES)})\U000e007f"
"""England, Scotland and Wales: a flag, and the place in characters that show nothing."""
_UNSAFE = f"\r\n|{_FLAG}|[\u2028\u2029{_CONTROLS}{_BIDI}{_INVISIBLE}{_NO_CHARACTERS}]"

_WITHOUT_BLANKS = (
    *(range(0xE00, 0xF00), range(0x1000, 0x10A0), range(0x1780, 0x17B4), range(0x17B6, 0x1800)),
    *(range(0x1950, 0x1A00), range(0x1A20, 0x1AB0), range(0xA9E0, 0xAA00), range(0xAA60, 0xAAE0)),
)
"""Thai, Lao, Burmese, Khmer and their neighbours."""
_HAN = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x40000))
_MONGOLIAN = (range(0x1820, 0x18AB),)
_UNDECIDED = "(?:\r|[\xad\u200b\u180e]|\U0001f3f4[\U000e0061-\U000e007a]{0,5})\\Z"
"""What is not given out before what follows it is known."""

_PLAIN = bytes((9, 10, *range(32, 127)))
"""What ASCII has that may be printed."""
_CONTEXT = "\xad\u180e\u200b"
"""What some scripts need, which what stands beside it tells."""

MAX_STACKED = 4
"""How many combining marks may stand on one character: as many as pointed Hebrew needs, too few for Zalgo."""

_MARKS = r"[^\x00-\x7f\w]+"  # runs in which all combining marks are: none of them is a \w
_LONG = rf"\A{_MARKS}|{_MARKS[:-1]}{{{MAX_STACKED + 1},}}|{_MARKS}\Z"
"""The runs that may have too many, or that the next piece may go on with."""
_FIRST_MARK = "\u0300"
"""Before it nothing combines, and nothing that is printable hides."""

_JOINERS = "\u200c\u200d"  # emoji and many scripts need them; counted as marks, so that no row of them hides


def text(s: str) -> str:
    """The text, safe; line feeds and tabs stay. Applied to its own result it changes nothing."""
    stream = Stream()
    return stream.feed(s) + stream.close()


def line(s: str, limit: int = 200) -> str:
    """The text on one line, safe, and in at most ``limit`` columns of a terminal."""
    whole = " ".join(text(s).split())
    return whole if width.cut(whole, limit) == whole else width.cut(whole, limit - 1).rstrip() + "…"


def between(before: str, s: str, after: str) -> str:
    """The text, safe, where it stands between these characters."""
    return s if len(s) == 1 and _is_needed(s, before, after) else text(s)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """It, compiled; not at the start, where nothing asks for it."""
    return re.compile(pattern)


_ORDERING = "\u061c\u200e\u200f"


@cache
def _taken_out() -> re.Pattern[str]:
    joining_nothing = f"(?<![^\\x00-\\x7f])[{_JOINERS}]+|(?<![{_JOINERS}])[{_JOINERS}]++(?=[\\x00-\\x7f]|\\Z)"
    return re.compile(f"{_UNSAFE}|[{_ORDERING}]|{joining_nothing}")


def cleaned(s: str) -> tuple[str, int]:
    """The text without what acts, orders or hides where it is pasted, and how many such characters were taken out."""
    found = 0

    def kept(match: re.Match[str]) -> str:
        nonlocal found
        if match[0] in _BREAKS:
            return "\n"
        if match[0][0] == "\U0001f3f4":  # the flag of a country
            return match[0]
        place, whole = match.start(), match.string
        if match[0] != "\xad" and _is_needed(match[0], whole[place - 1 : place], whole[place + 1 : place + 2]):
            return match[0]
        found += len(match[0])
        return ""

    return _taken_out().sub(kept, s), found


class Stream:
    """``text`` for pieces: however the text is cut, the joined results are the same."""

    def __init__(self) -> None:
        self._held = ""  # what waits for what follows it, like a carriage return that may be the half of a CRLF
        self._last = ""  # the character before it
        self._stacked = 0  # the combining marks at the end of what was given out

    def feed(self, s: str) -> str:
        """The next piece, safe; what cannot be told yet at its end waits for the next one."""
        if not self._held and s.isprintable() and max(s, default="") < _FIRST_MARK:  # as most is
            self._last, self._stacked = s[-1:] or self._last, 0 if s else self._stacked
            return s
        s = self._held + s
        undecided = _pattern(_UNDECIDED).search(s, max(len(s) - 6, 0))
        self._held = undecided[0] if undecided else ""
        return self._safe(s[: len(s) - len(self._held)], self._held[:1])

    def close(self) -> str:
        """What still waited."""
        held, self._held = self._held, ""
        return self._safe(held, "")

    def _safe(self, s: str, after: str) -> str:
        """A piece, with a character after it that is not given out yet."""
        if not s:
            return s
        last, self._last = self._last, s[-1]
        if s.isascii():
            self._stacked = 0
            return s if not s.encode("ascii").translate(None, _PLAIN) else _replaced(s)
        s = self._thinned(s)
        self._last = s[-1:] or last
        unsafe = _pattern(_UNSAFE)
        if not unsafe.search(s):
            return s
        return unsafe.sub(lambda match: _shown(match, last, after), _replaced(s))

    def _thinned(self, s: str) -> str:
        """The text without the combining marks that are too many."""
        stacked, self._stacked = self._stacked, 0
        pieces, end = [], 0
        for run in _pattern(_LONG).finditer(s):
            kept, left = _thin(run[0], 0 if run.start() else stacked)
            pieces += [s[end : run.start()], kept]
            end = run.end()
            self._stacked = left if end == len(s) else 0
        pieces.append(s[end:])
        return "".join(pieces)


def _replaced(s: str) -> str:
    """The text without what is unsafe whatever stands beside it: at no more cost for a text of nothing else."""
    s = s.replace("\r\n", "\n")
    for character, shown in _fixed():
        s = s.replace(character, shown)
    return s


@cache
def _fixed() -> list[tuple[str, str]]:
    """The characters that are always shown as another text, and as which."""
    common = map(chr, (*range(0x3000), 0x3164, 0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFC)))
    found = [match for each in common if each not in _CONTEXT and (match := _pattern(_UNSAFE).fullmatch(each))]
    return [(match[0], _shown(match, "", "")) for match in found]


def _thin(run: str, stacked: int) -> tuple[str, int]:
    """The run without surplus marks, and how many stand at its end; ``stacked`` stand before it."""
    kept = []
    for char in run:
        stacked = stacked + 1 if char in _JOINERS or unicodedata.category(char) in ("Mn", "Me") else 0
        if stacked <= MAX_STACKED:
            kept.append(char)
    return "".join(kept), stacked


def _shown(match: re.Match[str], last: str, following: str) -> str:
    """What is printed in place of an unsafe character; ``last`` stands before all that is looked through, and
    ``following`` after it."""
    found = match[0]
    if found in _BREAKS:
        return "\n"
    if len(found) > 1:  # the flag of a country
        return found
    code = ord(found)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code < 0xA0 or unicodedata.category(found) in ("Cs", "Cn"):
        return "\ufffd"
    place, whole = match.start(), match.string
    before = whole[place - 1] if place else last
    after = whole[place + 1 : place + 2] or following
    return found if _is_needed(found, before, after) else f"⟨U+{code:04X}⟩"


def _is_needed(character: str, before: str, after: str) -> bool:
    """Whether an invisible character is one that the script around it needs."""
    if character == "\xad":  # a word may be broken there
        return before.isalpha() and after.isalpha()
    if character == "\u200b":  # a line may
        return _is_in(before, _WITHOUT_BLANKS) or _is_in(after, _WITHOUT_BLANKS)
    if character == "\u180e":  # a vowel stands apart
        return _is_in(before, _MONGOLIAN) and _is_in(after, _MONGOLIAN)
    return "\U000e0100" <= character <= "\U000e01ef" and _is_in(before, _HAN)  # which shape of a character is meant


def _is_in(character: str, scripts: Sequence[range]) -> bool:
    return bool(character) and any(ord(character) in script for script in scripts)
