"""The embedded model, from nothing to a running server: weights found or fetched, the child process started."""

from collections.abc import Callable
from pathlib import Path

from chatrepl import local, weights
from chatrepl.errors import ConfigError

CONSENT = "The embedded model needs its weights once: 98 MB, SmolLM2-135M, Apache-2.0. Fetch them now?"


def start(model: str, models: Path, say: Callable[[str], None], consent: Callable[[str], bool]) -> local.LocalServer:
    """The server for the GGUF file ``model``, or for SmolLM2 where none is named, fetched after a yes."""
    if not local.is_installed():
        raise local.not_installed()
    path = Path(model).expanduser() if model else weights.find(models) or _fetched(models, say, consent)
    return local.start(path, log=models / "server.log")


def _fetched(models: Path, say: Callable[[str], None], consent: Callable[[str], bool]) -> Path:
    if not consent(CONSENT):
        raise ConfigError(
            "The embedded model has no weights yet, and they were not fetched", "chatrepl -p local fetches them."
        )
    return weights.fetch(models, say)
