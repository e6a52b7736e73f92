"""``chatrepl.toml`` of a folder: settings for who works there. It is read where the user says so, and never else.

Whoever made the folder wrote it. So it says nothing that runs a program, names a key or a file, or sends to another
address what a key goes with: that belongs in the user's own configuration.
"""

from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

from chatrepl.config.config import Config
from chatrepl.config.reading import Reader, parsed
from chatrepl.errors import ConfigError

NAME = "chatrepl.toml"

_TABLES = ("default", "ui", "profiles")
_FIELDS = frozenset("about model system options parameters context price usage prefill retries timeouts".split())
_OF_NEW_ONES = _FIELDS | {"dialect", "base_url"}
"""A profile that is not in the configuration has no key, so it may be anywhere."""


def over(configuration: Config, folder: Path) -> Config:
    """The configuration with what the file of that folder says over it."""
    path = folder / NAME
    if not path.is_file():
        raise ConfigError(f"There is no {NAME} in {folder}", f"--here reads the {NAME} of the folder you are in.")
    text, data = parsed(path)
    reader = Reader(path, text, [])
    for at in _beyond(data, configuration.profiles):
        reader.demand(at, False, "belongs in your own configuration", "A folder sets models, prompts and options.")
    found = reader.config(data, configuration.profiles, configuration.ui)
    return configuration._replace(default=found.default or configuration.default, ui=found.ui, profiles=found.profiles)


def _beyond(data: Mapping[str, Any], known: Container[str]) -> Iterator[tuple[str, ...]]:
    """Where the file says what no file of a folder may."""
    yield from ((key,) for key in data if key not in _TABLES)
    profiles = data.get("profiles")
    for name, table in profiles.items() if isinstance(profiles, dict) else ():
        allowed = _FIELDS if name in known else _OF_NEW_ONES
        for key in table if isinstance(table, dict) else ():
            if key not in allowed:
                yield "profiles", name, key
