"""Keeps secrets out of whatever is shown or written: error texts, recordings, the last exchange."""

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

HIDDEN = "(hidden)"
"""What stands in the place of a secret."""

RECOGNISABLE = 12
"""The start of a secret, if it is so long, in characters, is hidden too: servers cut what they echo."""

SHORTEST = 8
"""What is shorter is no secret, but a word like EMPTY for servers that want just any key."""

_CARRIES = re.compile(r"auth|key|token|secret|cookie|password|credential", re.IGNORECASE)


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
            for size in range(len(secret), min(len(secret), RECOGNISABLE) - 1, -1):
                text = text.replace(secret[:size], HIDDEN)
        return text

    def hide_bytes(self, data: bytes) -> bytes:
        """The same for bytes, whatever they are."""
        return self.hide(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
