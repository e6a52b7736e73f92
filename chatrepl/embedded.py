"""The embedded model, from nothing to a running server: weights found or fetched, the child process started."""

from collections.abc import Callable
from pathlib import Path

from chatrepl import local, weights
from chatrepl.errors import ConfigError
from chatrepl.files import path_of

NEWS = "The embedded model needs its weights once: SmolLM2 with 135M parameters, 98 MB, Apache-2.0."


def start(
    model: str,
    models: Path,
    say: Callable[[str], None],
    consent: Callable[[str], bool],
    passing: Callable[[str], None],
) -> local.LocalServer:
    """The server for the GGUF file ``model``, or for SmolLM2 where none is named, fetched after a yes. ``passing`` gets
    lines each of which takes the place of the one before."""
    if not local.is_installed():
        raise local.not_installed()
    path = path_of(model) if model else weights.find(models) or _fetched(models, say, consent, passing)
    return local.start(path, log=models / "server.log")


def _fetched(
    models: Path, say: Callable[[str], None], consent: Callable[[str], bool], passing: Callable[[str], None]
) -> Path:
    say(NEWS)
    if not consent("Fetch them now?"):
        raise ConfigError(
            "The embedded model has no weights yet, and they were not fetched",
            "A yes fetches them, and so does -p local at the start.",
        )
    path = weights.fetch(models, passing)
    say(f"The weights are here: {weights.SMOLLM2.size // 10**6} MB.")
    return path
