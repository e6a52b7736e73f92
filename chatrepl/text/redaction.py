"""Keeps secrets out of whatever is shown or written: error texts, recordings, the last exchange."""

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from operator import eq
from urllib.parse import quote

from chatrepl.text import lookalikes

HIDDEN = "(hidden)"
"""What stands in the place of a secret."""

RECOGNISABLE = 12
"""The start of a secret, if it is so long, in characters, is hidden too: servers cut what they echo."""

SHORTEST = 8
"""What is shorter is no secret, but a word like EMPTY for servers that want just any key."""

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
_RANDOM = re.compile(r"(?=\w*[a-z])(?=\w*[A-Z])(?=\w*[0-9])\w{20,}", re.ASCII)
_SCHEME = re.compile(r"(bearer|basic|token|apikey)\s+\S{8,}", re.IGNORECASE)


def is_secret(name: str, value: str | None = None) -> bool:
    """Whether a header, or a field of a query, carries a secret: by the whole words of its name, ``x-api-key`` and not
    ``x-portkey-provider``, or by its value, if that is known and looks like one."""
    if value is not None and value.strip().lower() in _PLAIN:
        return False
    words = re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    named = any(word.lower() in _WORDS or word.lower().endswith(_ENDS) for word in [*words, name.replace("-", "_")])
    return named or (value is not None and _looks_secret(value))


def _looks_secret(value: str) -> bool:
    return bool(_SCHEME.match(value.strip()) or lookalikes.kind(value) or any(map(_RANDOM.fullmatch, value.split())))


class Secrets:
    """The secrets that were used so far."""

    def __init__(self) -> None:
        self._known: list[str] = []
        """Each secret, and each other way to write it."""
        self._firsts = ""
        """What they begin with."""

    def add(self, secret: str) -> None:
        """Hide that from now on."""
        if len(secret) < SHORTEST or secret.lower() in PLACEHOLDERS or secret in self._known:
            return
        import json  # not before the first prompt of who needs no key

        self._known += dict.fromkeys((secret, quote(secret, safe=""), json.dumps(secret)[1:-1]))
        self._firsts = "".join({written[0] for written in self._known})

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
        return sorted(
            (at, at + sum(takewhile(bool, map(eq, secret, text[at : at + len(secret)]))))
            for secret in self._known
            for at in _all(secret[:RECOGNISABLE], text)
        )

    def open(self, text: str) -> int:
        """Where what may go on as a secret begins, at the end of the text."""
        tails = (
            at
            for secret in self._known
            for at in _all(secret[0], text, max(0, len(text) - len(secret) + 1))
            if secret.startswith(text[at:])
        )
        return min(tails, default=len(text))


class Hiding:
    """A text that comes in pieces, without secrets: however it is cut, the same comes of it as of the whole."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._held = ""
        """What begins like a secret and may go on as one."""
        self._covered = 0
        """How much of that belongs to a secret that was hidden already."""

    def feed(self, piece: str) -> str:
        """What can be passed on now."""
        if not self._held and not self._secrets.may_begin(piece):
            return piece
        text = self._held + piece
        return self._passed(text, self._secrets.open(text))

    def end(self) -> str:
        """What was held back."""
        return self._passed(self._held, len(self._held)) if self._held else ""

    def _passed(self, text: str, to: int) -> str:
        """The text to there; what stands behind is held back."""
        kept: list[str] = []
        done = self._covered
        for begin, end in self._secrets.places(text):
            if begin < to and begin >= done:
                kept += text[done:begin], HIDDEN
            if begin < to:
                done = max(done, end)
        self._held, self._covered = text[to:], max(0, done - to)
        return "".join((*kept, text[done:to]))


def _all(wanted: str, text: str, start: int = 0) -> Iterator[int]:
    """Every place in the text at which that stands, from ``start`` on."""
    while (at := text.find(wanted, start)) >= 0:
        yield at
        start = at + 1
