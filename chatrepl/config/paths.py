"""Where the files of a user are."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from chatrepl.files.writing import path_of


class Paths(NamedTuple):
    """Where the files are. Folders are made when something is first written."""

    config: Path
    sessions: Path
    history: Path
    models: Path


def places(env: Mapping[str, str]) -> Paths:
    """The files of this user: all below CHATREPL_HOME where that is set, else where the platform keeps such files."""
    if home := env.get("CHATREPL_HOME"):
        root = path_of(home)
        return Paths(root / "config.toml", root / "sessions", root / "history", root / "models")
    import platformdirs

    dirs = platformdirs.PlatformDirs("chatrepl", appauthor=False)
    return Paths(
        dirs.user_config_path / "config.toml",
        dirs.user_data_path / "sessions",
        dirs.user_state_path / "history",
        dirs.user_data_path / "models",
    )
