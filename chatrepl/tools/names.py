"""What a model calls the tools: ASCII, at most 64 characters, and no two that could be taken for one another.

A server's tool is ``server__tool``. What a server calls its tools is its own affair, so a name that is long, odd, or
another's in all but its case gets an end that only this very tool can have. The order of the tools changes nothing.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

LONGEST = 64


def names(server: str, owns: Iterable[str]) -> Mapping[str, str]:
    """The names of a server's tools for the model, by its own words for them. One that comes twice is one."""
    plain = {own: re.sub(r"[^A-Za-z0-9_-]", "_", own) for own in owns}
    taken = Counter(name.lower() for name in plain.values())
    return {own: _fitting(server, own, name, taken[name.lower()] == 1) for own, name in plain.items()}


def _fitting(server: str, own: str, name: str, alone: bool) -> str:
    whole = f"{server}__{name}"
    if alone and name == own and name and len(whole) <= LONGEST:
        return whole
    end = "_" + hashlib.sha256(f"{server}\0{own}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return whole[: LONGEST - len(end)] + end
