"""The files in a folder, and those that a pattern means: what git ignores is left out."""

import glob
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

MANY = 20_000
"""The most files that are looked at in a folder."""

SECONDS = 20.0
"""The longest that git may take."""

_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "ls-files", "-zco", "--exclude-standard")
"""The files that git knows or would take. What a repository's own configuration would run for that is not run."""


def inside(folder: Path) -> list[Path]:
    """The files in the folder and below it, sorted; without hidden ones, links, and what git ignores."""
    names = _known_to_git(folder)
    found = map(Path, names) if names is not None else _walked(folder)
    shown = (path for path in found if not any(part.startswith(".") for part in path.parts))
    return [folder / path for path in sorted(islice(shown, MANY))]


def _known_to_git(folder: Path) -> list[str] | None:
    """The names of the files, from the folder on; None where git does not say."""
    command = [_GIT[0], "-C", str(folder.absolute()), *_GIT[1:]]
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS, env=env)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    return sorted({os.fsdecode(name) for name in done.stdout.split(b"\0") if name})


def _walked(folder: Path) -> Iterator[Path]:
    """The files, from the folder on. No link is followed, so there is no circle."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(here, name).relative_to(folder) for name in names)


def is_pattern(name: str) -> bool:
    """Whether a name means the files that it is the pattern of."""
    return any(each in name for each in "*?[")


def matching(pattern: Path) -> list[Path]:
    """The files that a pattern means, sorted; ``**`` stands for any folders."""
    found: list[Path] = []
    with suppress(OSError, ValueError):
        names = islice(glob.iglob(str(pattern), recursive=True), MANY)
        found = sorted(path for path in map(Path, names) if path.is_file())
    return found
