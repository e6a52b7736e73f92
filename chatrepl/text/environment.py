"""What of our environment the programs find that we start: all but what carries secrets, which is not for them."""

import re
from collections.abc import Iterable, Mapping

_WORDS = re.compile(
    r"(?:^|_)(?:KEY|KEYS|TOKEN|TOKENS|SECRET|SECRETS|PASS|PASSWD|PASSWORD|PASSPHRASE|PAT|CREDENTIALS?)(?:_|\d|$)"
)
"""The words in the name of a variable that say it is a secret, as in OPENAI_API_KEY and HF_TOKEN."""

_LOGIN = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]+@", re.IGNORECASE)
"""How a URL begins that holds a password."""

_PATHS = re.compile(r"(?:_FILE|_PATH|_DIR|_SOCK)$")
"""The names of variables that say where something is, not what."""


def for_children(env: Mapping[str, str], needed: Iterable[str] = ()) -> dict[str, str]:
    """The environment without the variables that carry secrets, except those that are needed by their names."""
    wanted = set(needed)
    return {name: value for name, value in env.items() if name in wanted or not carries_secret(name, value)}


def carries_secret(name: str, value: str) -> bool:
    """Whether a variable carries a secret: by a word of its name, or as the password in an address."""
    upper = name.upper()
    return bool((_WORDS.search(upper) and not _PATHS.search(upper)) or _LOGIN.match(value))


def named(words: Iterable[str]) -> list[str]:
    """The variables that the words of a command name, as $NAME or ${NAME}."""
    return [found for word in words for found in re.findall(r"\$\{?([A-Za-z_]\w*)", word, re.ASCII)]
