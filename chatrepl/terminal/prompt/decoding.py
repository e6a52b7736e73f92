"""What the terminal sends into keys, in place of prompt-toolkit's parser.

It differs in what a slow line and a modern terminal need: a sequence that is no key does nothing instead of standing in
the line; an Escape may come apart from the rest of its key; modified keys are told in two formats that prompt-toolkit
knows little of. In vi mode an Escape alone counts at once, and is taken back if the rest of a key follows it after all.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from prompt_toolkit.application import get_app_or_none
from prompt_toolkit.input import Input
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from chatrepl.terminal import escapes

APART = 0.25
"""The rest of a key comes within so many seconds of its Escape."""

PATIENCE_OF_VI = 0.05
"""So long an Escape waits for the rest of a key before vi takes it for one."""

SHIFT_ENTER, ALT_ENTER = Keys.ControlF24, Keys.ControlF23
"""Keys that nobody has stand for those that prompt-toolkit does not tell from others."""

REMEMBER, TAKE_BACK = Keys.ControlF22, Keys.ControlF21
"""Pressed before an Escape that may yet be the beginning of a key, and once it was."""

BACKGROUND = "\x1b]11;"
"""How the terminal begins to tell its background, and is asked for it."""

_PASTED = "\x1b[201~"
_SHIFT, _ALT, _CONTROL, _META, _LOCKS = 1, 2, 4, 32, 64 | 128
_RELEASED = "3"
Pressed = Sequence[Keys | str]


class KeyParser(Vt100Parser):
    """Takes what the terminal sends in pieces of any size, and presses keys."""

    def __init__(
        self,
        press: Callable[[KeyPress], None],
        *,
        vi: Callable[[], bool] = lambda: False,
        told: Callable[[str], None] = lambda _report: None,
    ) -> None:
        """``told`` gets what the terminal tells of its background."""
        self._vi = vi
        self._told = told
        self._clock = time.monotonic
        super().__init__(press)

    def reset(self, request: bool = False) -> None:
        """Forget what has begun."""
        self._begun = ""
        self._paste: list[str] | None = None
        """The pieces of a paste that has begun."""
        self._tail = ""
        self._touched = self._escaped = -APART
        self._late = False
        """Whether what has begun goes on an Escape that vi was told already."""

    def feed(self, data: str) -> None:
        """Take what the terminal sent."""
        now = self._clock()
        if data and self._begun and now - self._touched > APART:
            self._give_up()
        if not self._begun and self._paste is None and now - self._escaped <= APART and _goes_on(data):
            data, self._late = f"\x1b{data}", True
        self._touched, self._escaped = now, -APART
        data, self._begun = self._begun + data, ""
        place = 0
        while place < len(data):
            place = self._step(data, place)
        if app := get_app_or_none():  # where none runs, get_app makes one, in milliseconds
            app.ttimeoutlen = PATIENCE_OF_VI if self._vi() and self._begun == "\x1b" else APART

    def flush(self) -> None:
        """Nothing came for a while: what has begun is what it is."""
        if self._vi() and self._begun == "\x1b":
            self._press(REMEMBER, "")
            self._escaped = self._touched
        self._give_up()

    def _step(self, data: str, place: int) -> int:
        """Press what stands at that place of the data; returns where to go on."""
        if self._paste is not None:
            return self._pasted(data, place)
        if data[place] != "\x1b":
            self._character(data[place])
            return place + 1
        if token := escapes.token().match(data, place):
            self._sequence(token[0])
            return token.end()
        if escapes.begun().match(data, place):
            self._begun = data[place:]
            return len(data)
        return self._prefixed(data, place)

    def _prefixed(self, data: str, place: int) -> int:
        """An Escape before something that makes no sequence with it: Alt was held, or both were typed."""
        two = data[place : place + 2]
        if two in ("\x1b\r", "\x1b\t"):
            self._press(ALT_ENTER if two == "\x1b\r" else Keys.BackTab, two)
            return place + 2
        self._press(Keys.Escape, "\x1b")
        return place + 1

    def _pasted(self, data: str, place: int) -> int:
        """Take in what is pasted; the mark at its end may come in two pieces."""
        assert self._paste is not None
        rest = data[place:]
        end = (self._tail + rest).find(_PASTED)
        self._tail, before = (self._tail + rest)[1 - len(_PASTED) :], len(self._tail)
        if end < 0:
            self._paste.append(rest)
            return len(data)
        over = end + len(_PASTED) - before
        whole = "".join([*self._paste, rest[:over]])
        self._paste = None
        self._press(Keys.BracketedPaste, whole.removesuffix(_PASTED))
        return place + over

    def _sequence(self, sequence: str) -> None:
        """A whole sequence: a key, the beginning of a paste, or nothing to us."""
        if self._late:
            self._late = False
            self._press(TAKE_BACK, "")
        if sequence == "\x1b[200~":
            self._paste, self._tail = [], ""
            return
        if sequence.startswith(BACKGROUND):
            self._told(sequence)
        self._press_all(keys_of(sequence), sequence)

    def _character(self, character: str) -> None:
        key = ANSI_SEQUENCES.get(character, character)
        assert not isinstance(key, tuple)
        self._press(key, character)

    def _give_up(self) -> None:
        """What has begun goes on no more: keys that were typed one by one, or a report that broke off."""
        begun, self._begun = self._begun, ""
        late, self._late = self._late, False
        if len(begun) > 2 and (escapes.certain().match(begun) or begun.startswith("\x1b[")):
            return
        for character in begun[late:]:
            self._character(character)

    def _press_all(self, keys: Pressed, data: str) -> None:
        for number, key in enumerate(keys):
            self._press(key, key if not isinstance(key, Keys) else "" if number else data)

    def _press(self, key: Keys | str, data: str) -> None:
        self.feed_key_callback(KeyPress(key, data))


def decoding(keys: Input, *, vi: Callable[[], bool], told: Callable[[str], None] = lambda _report: None) -> Input:
    """The same input, read by this parser where it reads a terminal at all: the console of Windows tells keys."""
    terminal: Any = keys
    if hasattr(keys, "vt100_parser"):
        terminal.vt100_parser = KeyParser(lambda press: terminal._buffer.append(press), vi=vi, told=told)
    return keys


def _goes_on(data: str) -> bool:
    """Whether that makes a key or a report of an Escape before it: not a key of vi's that was typed after one."""
    whole = f"\x1b{data}"
    if data.startswith("["):
        return bool(escapes.token().match(whole) or escapes.begun().match(whole))
    return bool(escapes.certain().match(whole))


def keys_of(sequence: str) -> Pressed:
    """The keys that a whole sequence stands for, none for what is no key."""
    if sequence in _KNOWN:
        key = _KNOWN[sequence]
        return key if isinstance(key, tuple) else (key,)
    if escapes.report().fullmatch(sequence):
        return ()
    if sequence.startswith("\x1bO"):
        return (Keys.ControlM,)  # of the number pad; all others are known
    if not sequence.startswith("\x1b[") or not (sequence[-1].isalpha() or sequence[-1] == "~"):
        return ()
    fields = [field.split(":") for field in sequence[2:-1].split(";")]
    return _modified(fields, sequence[-1])


def _modified(fields: list[list[str]], end: str) -> Pressed:
    """A key with modifiers, in xterm's format ``27;modifiers;code~`` or in ``code:shifted;modifiers:event u``."""
    modifiers = _modifiers(fields[1][0] if len(fields) > 1 else "")
    if len(fields) > 1 and fields[1][1:2] == [_RELEASED]:
        return ()
    if len(fields) == 3 and fields[0] == ["27"] and end in "~u":
        return _typed(_number(fields[2][0]), 0, modifiers)
    if end == "u":
        shifted = _number(fields[0][1]) if len(fields[0]) > 1 else 0
        return _typed(_number(fields[0][0]), shifted, modifiers)
    return _moved(fields[0][0], modifiers, end)


def _moved(number: str, modifiers: int, end: str) -> Pressed:
    """A cursor or function key as prompt-toolkit's table has it, without the locks and the event."""
    plain = f"\x1b[{number if number != '1' or end == '~' else ''}{end}"
    known = _KNOWN.get(f"\x1b[{number or 1};{modifiers + 1}{end}" if modifiers else plain)
    return () if known is None else known if isinstance(known, tuple) else (known,)


def _typed(code: int, shifted: int, modifiers: int) -> Pressed:
    """The key of that code point as a terminal sends it that was asked for nothing, but Enter."""
    if code in _FUNCTIONAL:
        return _FUNCTIONAL[code]
    if not 0 < code < 0xD800 and not 0xF900 <= code <= 0x10FFFF:
        return ()
    alt, shift = bool(modifiers & (_ALT | _META)), bool(modifiers & _SHIFT)
    if code == 13 and modifiers:
        return [SHIFT_ENTER] if shift else [ALT_ENTER] if alt else [Keys.ControlM]
    if code == 9 and shift:
        return [Keys.BackTab]
    character = chr(shifted) if shifted else chr(code).upper() if shift and len(chr(code).upper()) == 1 else chr(code)
    if modifiers & _CONTROL:
        character = _controlled(chr(code))
    key = ANSI_SEQUENCES.get(character, character)
    assert not isinstance(key, tuple)
    return [Keys.Escape, key] if alt else [key]


def _controlled(character: str) -> str:
    """What Ctrl makes of a character; of most signs nothing."""
    if "@" <= character.upper() <= "_":
        return chr(ord(character.upper()) & 0x1F)
    return _WITH_CONTROL.get(character, character)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _modifiers(text: str) -> int:
    return max(_number(text) - 1, 0) & ~_LOCKS


_WITH_CONTROL = dict(zip(" `2345678/-?", "\0\0\0\x1b\x1c\x1d\x1e\x1f\x7f\x1f\x1f\x7f", strict=True))

_MEANT_OTHERWISE = {SHIFT_ENTER, ALT_ENTER, REMEMBER, TAKE_BACK, Keys.CPRResponse}

_KNOWN = {
    sequence: key
    for sequence, key in ANSI_SEQUENCES.items()
    if key not in _MEANT_OTHERWISE and not sequence.startswith("\x1b[27;") and sequence != "\x1b[200~"
}


_FUNCTIONAL: dict[int, Pressed] = {
    **{57399 + number: (character,) for number, character in enumerate("0123456789./*-+")},
    57414: (Keys.ControlM,),
    57415: ("=",),
    **{
        57417 + number: (key,)
        for number, key in enumerate(
            (
                Keys.Left,
                Keys.Right,
                Keys.Up,
                Keys.Down,
                Keys.PageUp,
                Keys.PageDown,
                Keys.Home,
                Keys.End,
                Keys.Insert,
                Keys.Delete,
            )
        )
    },
}
"""The number pad in kitty's private code points."""
