"""Where a profile is: at an address, on this machine, or in a recording; and all that follows from it.

The configuration writes a place as the text ``base_url``; from there on its type says what it is.
"""

from pathlib import Path

from chatrepl import NamedTuple
from chatrepl.config.vendors import PROFILES
from chatrepl.text import urls


class Url(NamedTuple):
    """A server at that base URL; "" is none yet."""

    url: str = ""

    @property
    def remote(self) -> bool:
        """Whether it is somebody's server, which is reached over a network and may want a key."""
        return True

    @property
    def shown(self) -> str:
        """What the user reads, without secrets."""
        return urls.shown(self.url)

    @property
    def kept(self) -> str:
        """What a session's file keeps of it: "" for an address that may hold a secret."""
        return "" if "@" in self.url or "?" in self.url else self.url

    @property
    def model(self) -> str:
        """What there is to say of its model where none is named."""
        return "its first model"

    @property
    def system(self) -> str:
        """The system prompt that it cannot do without, "" for none."""
        return ""


CONTEXT = 4096
"""So many tokens the embedded model can hold, where its profile does not say."""


class Embedded(NamedTuple):
    """The model on this machine, which chatrepl runs itself: its server's base URL, as soon as it runs, and the tokens
    that this can hold."""

    url: str = ""
    context: int = CONTEXT

    @property
    def remote(self) -> bool:
        return False

    @property
    def shown(self) -> str:
        return "on this machine, run by chatrepl"

    @property
    def kept(self) -> str:
        return LOCAL

    @property
    def model(self) -> str:
        return "SmolLM2-135M, a toy"

    @property
    def system(self) -> str:
        system: str = PROFILES["local"]["system"]
        return system


class Replay(NamedTuple):
    """The answers in a folder, which reach no network; ``paced`` in the time that they took."""

    folder: Path
    paced: bool = False

    @property
    def url(self) -> str:
        """The base URL of requests that go nowhere."""
        return "https://replay.invalid/v1"

    @property
    def remote(self) -> bool:
        return False

    @property
    def shown(self) -> str:
        return f"the recording in {self.folder}"

    @property
    def kept(self) -> str:
        return ""

    @property
    def model(self) -> str:
        return "recorded"

    @property
    def system(self) -> str:
        return ""


Place = Url | Embedded | Replay

LOCAL = "local:"
"""What the configuration and the command line call the model on this machine."""


def written(base_url: str) -> Place:
    """The place that the configuration or the command line writes so."""
    return _WORDS.get(base_url) or Url(base_url)


_WORDS: dict[str, Place] = {LOCAL: Embedded()}
