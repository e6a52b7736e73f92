"""Keeps secrets out of whatever is shown or written: error texts, recordings, the last exchange."""

import json
import re
from collections.abc import Mapping
from itertools import takewhile
from operator import eq
from urllib.parse import quote

HIDDEN = "(hidden)"
"""What stands in the place of a secret."""

RECOGNISABLE = 12
"""The start of a secret, if it is so long, in characters, is hidden too: servers cut what they echo."""

SHORTEST = 8
"""What is shorter is no secret, but a word like EMPTY for servers that want just any key."""

_CARRIES = re.compile(r"auth|key|token|secret|cookie|pass|credential|sig|code", re.IGNORECASE)


def is_secret(name: str) -> bool:
    """Whether a header, or a field of a query, is one that carries secrets, by its name."""
    return bool(_CARRIES.search(name))


class Secrets:
    """The secrets that were used so far."""

    def __init__(self) -> None:
        self._known: list[str] = []
        """Each secret, and each other way to write it; the longest first."""

    def add(self, secret: str) -> None:
        """Hide that from now on."""
        if len(secret) < SHORTEST:
            return
        known = {*self._known, secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}
        self._known = sorted(known, key=lambda written: (-len(written), written))

    def add_headers(self, headers: Mapping[str, str]) -> None:
        """Hide the values of those headers that carry secrets, word by word, for one may be a scheme like Bearer."""
        for name, value in headers.items():
            for word in re.split(r"[\s;,=]+", value) if is_secret(name) else ():
                self.add(word)

    def hide(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._known:
            text = _without(text, secret)
        return text

    def hide_bytes(self, data: bytes) -> bytes:
        """The same for bytes, whatever they are."""
        return self.hide(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _without(text: str, secret: str) -> str:
    """The text without that secret, and without what begins like it for as long as it does."""
    kept: list[str] = []
    done, start = 0, secret[:RECOGNISABLE]
    while (at := text.find(start, done)) >= 0:
        kept += text[done:at], HIDDEN
        done = at + sum(takewhile(bool, map(eq, secret, text[at : at + len(secret)])))
    return "".join((*kept, text[done:]))
