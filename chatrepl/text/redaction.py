"""Keeps secrets out of whatever is shown or written: error texts, recordings, the last exchange."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from urllib.parse import quote

from chatrepl.text import lookalikes

HIDDEN = "(hidden)"
"""What stands in the place of a secret."""

RECOGNISABLE = 12
"""The start of a secret, if it is so long, in characters, is hidden too: servers cut what they echo."""

SURE = 64
"""What goes on like a secret for so long, in characters, is one."""

SHORTEST = 8
"""What is shorter is no secret, but a word like EMPTY for servers that want just any key."""

MANY = 10_000
"""Behind so many places where a secret stands, or begins, nothing more of a text is shown: it is made of them."""

AT_ONCE = 1 << 16
"""So many characters are looked through at a time."""

PLACEHOLDERS = set(
    "lm-studio llama.cpp llama-cpp localhost anything whatever placeholder not-used not-needed not-required dummy-key "
    "fake-key no-key-needed no-key-required sk-no-key-required".split()
)
"""What else is put where a server wants just any key."""

_WORDS = set(
    "auth authorization authentication oauth bearer jwt key apikey token secret cookie pass passwd password passcode "
    "passphrase credential credentials sig signature code".split()
)
_ENDS = ("apikey", "accesskey", "secretkey", "authkey", "privatekey", "token", "secret", "password", "cookie")
"""What the last of several words written as one is."""

_PLAIN = ("", "true", "false", "none", "null")
_RANDOM = r"(?a)(?=\w*[a-z])(?=\w*[A-Z])(?=\w*[0-9])\w{20,}"
_SCHEME = r"(?i)(bearer|basic|token|apikey)\s+\S{8,}"


def is_secret(name: str, value: str | None = None) -> bool:
    """Whether a header, or a field of a query, carries a secret: by the whole words of its name, ``x-api-key`` and not
    ``x-portkey-provider``, or by its value, if that is known and looks like one."""
    if value is not None and value.strip().lower() in _PLAIN:
        return False
    words = re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    named = any(word.lower() in _WORDS or word.lower().endswith(_ENDS) for word in [*words, name.replace("-", "_")])
    return named or (value is not None and _looks_secret(value))


def _looks_secret(value: str) -> bool:
    if re.match(_SCHEME, value.strip()) or lookalikes.kind(value):
        return True
    return any(re.fullmatch(_RANDOM, word) for word in value.split())


class Secrets:
    """The secrets that were used so far."""

    def __init__(self) -> None:
        self._known: dict[str, _Pattern] = {}
        """Each secret, and each other way to write it."""
        self._firsts = ""
        """What they begin with."""
        self.at_once = AT_ONCE
        """So many characters are looked through at a time, a multiple of the longest secret."""
        self.stood_in_reply = False
        """Whether a reply held one."""

    def add(self, secret: str) -> None:
        """Hide that from now on."""
        if len(secret) < SHORTEST or secret.lower() in PLACEHOLDERS or secret in self._known:
            return
        import json  # not before the first prompt of who needs no key

        for written in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
            self._known.setdefault(written, _Pattern(written))
        self._firsts = "".join({written[0] for written in self._known})
        self.at_once = max(AT_ONCE, *(16 * len(written) for written in self._known))

    def add_headers(self, headers: Mapping[str, str]) -> None:
        """Hide the values of those headers that carry secrets, word by word, for one may be a scheme like Bearer."""
        for name, value in headers.items():
            for word in re.split(r"[\s;,=]+", value) if is_secret(name, value) else ():
                self.add(word)

    def holds(self, text: str) -> bool:
        """Whether a whole secret stands in the text."""
        return any(secret in text for secret in self._known)

    def hide(self, text: str) -> str:
        """The text without secrets."""
        hiding = Hiding(self)
        return hiding.feed(text) + hiding.end()

    def hide_bytes(self, data: bytes) -> bytes:
        """The same for bytes, whatever they are."""
        return self.hide(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def may_begin(self, text: str) -> bool:
        """Whether a secret may begin in the text: costs little, for most pieces of a reply are asked about."""
        for first in self._firsts:  # noqa: SIM110  # any() would cost more than the search
            if first in text:
                return True
        return False

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand in the text, and what begins like one for as long as it does; they may overlap."""
        return sorted(place for pattern in self._known.values() for place in pattern.places(text))

    def open(self, text: str) -> int:
        """Where what may go on as a secret begins, at the end of the text."""
        return len(text) - max((pattern.begun(text) for pattern in self._known.values()), default=0)


class _Pattern:
    """A secret to be looked for, in time that grows with the text alone, whatever the secret is made of."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    @cached_property
    def _again(self) -> list[int]:
        """How long what begins at each place of the secret is the same as the secret: the Z function."""
        again = [len(self.secret)]
        for place in self._matches(self.secret, again, 1):
            again.append(place[1] - place[0])
        return again

    @cached_property
    def _borders(self) -> list[int]:
        """How much of each beginning of the secret stands at its end too, the whole aside: what is left of a match that
        goes on otherwise. Knuth, Morris, Pratt."""
        borders = [0]
        for character in self.secret[1:]:
            borders.append(self._step(borders[-1], character, borders))
        return borders

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the secret stands in the text, or begins and is recognisable, for as long as it does."""
        begun = self.secret[:RECOGNISABLE]
        at = text.find(begun)
        if at >= 0:
            yield from self._matches(text, self._again, at, begun)

    def _matches(self, text: str, again: list[int], at: int, begun: str = "") -> Iterator[tuple[int, int]]:
        """For each place from ``at`` on at which ``begun`` stands, how far the secret does. What was compared once, up
        to ``end``, is not compared again."""
        start = end = 0
        while 0 <= at < len(text):
            to = at + again[at - start] if at < end else at
            if to >= end:
                to = max(end, at)
                while to - at < len(self.secret) and to < len(text) and text[to] == self.secret[to - at]:
                    to += 1
                start, end = at, to
            yield at, to
            at = text.find(begun, at + 1)

    def begun(self, text: str) -> int:
        """How many characters at the end of the text may go on as the secret."""
        tail = text[-len(self.secret) + 1 :]
        matched, at = 0, tail.find(self.secret[0])
        while 0 <= at < len(tail):
            matched = self._step(matched, tail[at], self._borders) if matched else 1
            at = at + 1 if matched else tail.find(self.secret[0], at + 1)
        return matched

    def _step(self, matched: int, character: str, borders: list[int]) -> int:
        while matched and self.secret[matched] != character:
            matched = borders[matched - 1]
        return matched + (self.secret[matched] == character)


class Hiding:
    """A text that comes in pieces, without secrets: however it is cut, the same comes of it as of the whole."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._held = ""
        """What begins like a secret and may go on as one."""
        self._covered = 0
        """How much of that belongs to a secret that was hidden already."""
        self.hid = False
        """Whether a secret stood in it."""
        self._waiting: list[str] = []
        """What came behind it and was not looked at yet."""
        self._size = 0
        self._places = 0
        """How often a secret stood in it, or began."""

    def feed(self, piece: str) -> str:
        """What can be passed on now."""
        if self._places == MANY or (not self._held and not self._secrets.may_begin(piece)):
            return piece if self._places < MANY else ""
        if len(piece) > self._secrets.at_once:
            step = self._secrets.at_once
            return "".join(self.feed(piece[at : at + step]) for at in range(0, len(piece), step))
        self._waiting.append(piece)
        self._size += len(piece)
        if self._size < len(self._held) // 2 - SURE:
            return ""  # what is held so long is a secret, and would be looked at again with each piece
        text = self._taken()
        return self._passed(text, self._secrets.open(text))

    def _taken(self) -> str:
        text = "".join((self._held, *self._waiting))
        self._waiting, self._size = [], 0
        return text

    def end(self) -> str:
        """What was held back."""
        text = self._taken()
        return self._passed(text, len(text)) if text else ""

    def _passed(self, text: str, to: int) -> str:
        """The text to there; what stands behind is held back."""
        kept: list[str] = []
        done = self._covered
        for begin, end in self._secrets.places(text):
            if begin < to and begin >= done:
                kept += text[done:begin], HIDDEN
                self.hid = True
            if begin < to:
                done = max(done, end)
                self._places += 1
            if self._places == MANY:
                self._held = ""
                return "".join(kept)
        self._held, self._covered = text[to:], max(0, done - to)
        return "".join((*kept, text[done:to]))
