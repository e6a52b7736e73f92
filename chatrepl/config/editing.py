"""Changes the configuration file for the user: a value at a time, and all else stays as somebody wrote it."""

import codecs
import os
import tomllib
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from chatrepl import files, values
from chatrepl.config import toml_edit
from chatrepl.config.reading import load
from chatrepl.config.tools import Allowed
from chatrepl.errors import ConfigError

HOLDS = "The setting holds for this session."

Steps = Callable[[dict[str, Any]], Iterator[toml_edit.Path]]
"""Changes what the file says, a value a step, and gives the path to each value when it is changed."""


def edit(path: Path, steps: Steps, hint: str = HOLDS) -> Path | None:
    """Change the file, whole or not at all.

    Where a change of a line cannot do it the file is written anew, without its comments, and the old one is kept: the
    path of that is returned.
    """
    load(path)  # a file that cannot be used now is not made worse
    old = path.read_bytes() if os.path.exists(path) else b""
    text: str | None = old.decode("utf-8-sig")
    data = tomllib.loads(text or "")
    for at in steps(data):
        text = None if text is None else toml_edit.changed(text, at, data)
    kept = None
    try:
        files.private_folder(path.parent)
        if text is None:
            text, kept = toml_edit.written(data), _kept(path, old)
        # What would be refused at the next start is not put in place.
        files.write(path, (codecs.BOM_UTF8 if old.startswith(codecs.BOM_UTF8) else b"") + text.encode(), check=load)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint) from None
    return kept


def _kept(path: Path, data: bytes) -> Path:
    """A copy of the old file beside it."""
    names = (f"{path.name}.bak{number or ''}" for number in count())
    backup = next(other for other in map(path.with_name, names) if not other.exists())
    files.write(backup, data, force=False)
    return backup


def allow(path: Path, name: str, allowed: Allowed) -> Path | None:
    """Keep that a tool needs no yes any more: ``[allowed.NAME]``."""

    def steps(data: dict[str, Any]) -> Iterator[toml_edit.Path]:
        table = data.setdefault("allowed", {}).setdefault(name, {})
        for key, value in values(allowed).items():
            table[key] = value
            yield "allowed", name, key

    return edit(path, steps, "It is allowed for this session.")
