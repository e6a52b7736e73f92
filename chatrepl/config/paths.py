"""Where the files of a user are."""

import sys
from collections.abc import Mapping
from pathlib import Path

from chatrepl import NamedTuple
from chatrepl.files.writing import path_of


class Paths(NamedTuple):
    """Where the files are. Folders are made when something is first written."""

    config: Path
    sessions: Path
    history: Path
    models: Path

    @property
    def prompts(self) -> Path:
        """The folder of the prompt files."""
        return self.config.parent / "prompts"

    @property
    def table(self) -> Path:
        """The table of models, where it was renewed."""
        return self.models / "table.json"


def places(env: Mapping[str, str]) -> Paths:
    """The files of this user: all below CHATREPL_HOME where that is set, else where the platform keeps such files."""
    if home := env.get("CHATREPL_HOME"):
        root = path_of(home)
        return Paths(root / "config.toml", root / "sessions", root / "history", root / "models")
    config, data, state = _on_linux(env) or _by_platformdirs()
    return Paths(config / "config.toml", data / "sessions", state / "history", data / "models")


_Folders = tuple[Path, Path, Path]
"""Those of the configuration, of data, and of the program's state."""


def _on_linux(env: Mapping[str, str]) -> _Folders | None:
    """What platformdirs would say, at a fiftieth of a start; None where it takes more than three look-ups."""
    home = env.get("HOME", "")
    named = [env.get(f"XDG_{kind}_HOME") or f"{home}/{usual}" for kind, usual in _USUAL]
    if sys.platform != "linux" or "ANDROID_ROOT" in env or not all(each.startswith("/") for each in (home, *named)):
        return None
    config, data, state = (Path(each, "chatrepl") for each in named)
    return config, data, state


_USUAL = ("CONFIG", ".config"), ("DATA", ".local/share"), ("STATE", ".local/state")


def _by_platformdirs() -> _Folders:
    import platformdirs  # not before the first prompt, where it can be done without

    dirs = platformdirs.PlatformDirs("chatrepl", appauthor=False)
    return dirs.user_config_path, dirs.user_data_path, dirs.user_state_path
