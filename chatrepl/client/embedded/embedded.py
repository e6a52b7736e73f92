"""The embedded model, from nothing to a running server: weights found or fetched, the child process started."""

from collections.abc import Callable
from pathlib import Path

from chatrepl.client.embedded import server, weights
from chatrepl.errors import ConfigError, Hint
from chatrepl.files.writing import path_of

NEWS = "The embedded model needs its weights once: SmolLM2 with 135M parameters, 98 MB, Apache-2.0."


class Embedded:
    """The server of the embedded model, started when it is first needed, and anew where it has died or another model is
    wanted. ``passing`` gets lines each of which takes the place of the one before."""

    def __init__(self, models: Path, say: Callable[[str], None], passing: Callable[[str], None]) -> None:
        self._models = models
        self._say = say
        self._passing = passing
        self.server: server.LocalServer | None = None
        self._model = ""
        """What it was asked for by."""

    def ready(self, model: str, context: int, consent: Callable[[str], bool]) -> server.LocalServer:
        """The server for the GGUF file ``model``, or for SmolLM2 where none is named, fetched after a yes. It holds
        ``context`` tokens."""
        if self.server and model == self.server.model:  # as its list of models calls it
            model = self._model
        if self.server and not self.server.alive:
            self._say("The embedded model has ended; it is started anew.")
            self.close()
        if self.server is None or (model, context) != (self._model, self.server.context):
            self.close()
            self.server, self._model = self._started(model, context, consent), model
        return self.server

    def close(self) -> None:
        """End the server."""
        if self.server:
            self.server.close()
            self.server = None

    def _started(self, model: str, context: int, consent: Callable[[str], bool]) -> server.LocalServer:
        if not server.is_installed():
            raise server.not_installed()
        path = path_of(model) if model else weights.find(self._models) or self._fetched(consent)
        return server.start(path, log=self._models / "server.log", context=context)

    def _fetched(self, consent: Callable[[str], bool]) -> Path:
        self._say(NEWS)
        if not consent("Fetch them now?"):
            raise ConfigError(
                "The embedded model has no weights yet, and they were not fetched",
                Hint("-p local fetches them without a question.", "/profile local fetches them."),
            )
        path = weights.fetch(self._models, self._passing)
        self._say(f"The weights are here: {weights.SMOLLM2.size // 10**6} MB.")
        return path
