"""What stands between a session and the servers: its profiles made ready to be asked, and the parts that ask."""

import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chatrepl import client, config, dataclass, field, replace
from chatrepl.client import embedded, keys
from chatrepl.client.attempts import Attempts
from chatrepl.client.keys import Keys
from chatrepl.client.memory import Memory
from chatrepl.config import successors
from chatrepl.config.config import Profile, Timeouts, located
from chatrepl.config.place import CONTEXT, Embedded, Replay
from chatrepl.dialects import ModelInfo, choices, dialect
from chatrepl.dialects.repair import LEFT_OUT
from chatrepl.errors import ChatError

if TYPE_CHECKING:
    from chatrepl.client import Client, Exchange
    from chatrepl.client.embedded import Embedded as Runner
    from chatrepl.config.facts import Facts

SAMPLING = ("temperature", "top_p", "top_k")
"""The parameters that some models refuse, as the table of models knows."""

LOOK = Timeouts(connect=3, first_byte=5, silence=5, total=10)
"""The patience of whoever only looks what there is."""

Say = Callable[[str], None]


@dataclass()
class Connection:
    """What stands between a session and the servers it talks to. ``say`` tells the user what goes on."""

    env: Mapping[str, str]
    models_folder: Path
    """The folder of the models on this machine, and of what is known of others."""
    say: Say
    profiles: Mapping[str, Profile]
    """Those that a ``fallback`` may name."""
    warn: Say = lambda _text: None
    passing: Say = lambda _text: None
    """Tells how far something is, in the place of what it told before."""
    consent: Callable[[str], bool] = lambda _question: False
    """Asks the user a question to be answered with yes or no."""
    record: Path | None = None
    """The folder that every exchange is written to."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    random: Callable[[], float] = random.random
    memory: Memory = field(default_factory=Memory)
    keys: Keys = field(init=False)
    _warned: set[str] = field(default_factory=set)
    _client: "Client | None" = None
    _embedded: "Runner | None" = None

    def __post_init__(self) -> None:
        self.keys = Keys(self.env)

    @property
    def client(self) -> "Client":
        """What makes the requests, made when it is first needed: httpx costs as much as the prompt."""
        if self._client is None:
            self._client = client.Client(self.env, record=self.record, warn=self.warn, secrets=self.keys.secrets)
        return self._client

    # asking

    def attempts(self, profile: Profile) -> Attempts:
        """A request for one reply of that profile."""
        return Attempts(self, profile)

    def models(self, profile: Profile) -> list[ModelInfo]:
        """The models that the server offers."""
        return self.client.models(*self.ready(profile))

    def offered(self, profile: Profile, key: str) -> list[str]:
        """The names of the models that its server lists, none where it lists none; asked once, with little patience."""

        def ask() -> list[str]:
            try:
                return [each.id for each in self.client.models(replace(profile, timeouts=LOOK), key)]
            except ChatError:
                return []

        return self.memory.offers(profile, ask)

    def succeeded(self, profile: Profile, model: str) -> Profile:
        """The profile with that model in the place of its default, which is remembered also by the next run."""
        self.memory.succeed(profile, model)
        profile = self.memory.known(profile)
        with suppress(OSError):  # then the next run finds it out again
            successors.remember(self.models_folder / successors.FILE, profile)
        return profile

    def reach(self, profile: Profile) -> None:
        """Get any answer at all from the server."""
        self.client.reach(located(profile, self.env))

    @property
    def last(self) -> "Exchange | None":
        """The last exchange with a server."""
        return self._client.last if self._client else None

    def beside(self, say: Say, sleep: Callable[[float], None]) -> "Connection":
        """Another one for a thread of its own, which knows the same keys. It asks the user nothing."""
        other = replace(self, say=say, warn=say, passing=say, consent=lambda _question: False, sleep=sleep)
        other.keys, other.memory, other._client, other._embedded = self.keys, Memory(), None, None
        return other

    def close(self) -> None:
        """Close connections and end the child process."""
        self._stop_embedded()
        if self._client:
            self._client.close()

    # getting ready

    def ready(self, profile: Profile, consent: Callable[[str], bool] | None = None) -> tuple[Profile, str]:
        """The profile as it can be asked, with an address, a model and what is known of its parameters; and its key."""
        key = ""
        if isinstance(profile.place, Replay):
            profile = replace(profile, model=profile.model or profile.place.model)
        elif isinstance(profile.place, Embedded):
            profile, key = self._started(profile, consent or self.consent)
        else:
            if all(self.profiles[name].place.remote for name in profile.fallback):
                self._stop_embedded()
            self.warnings(profile)
            profile = located(profile, self.env)
            key = self.keys.key(profile)
        if not profile.model:
            profile = client.first_model(self.client, profile, key)
        profile = self.known(profile)
        for name in _unsampled(profile):
            self.tell_once(f"{profile.model} does not take {name}, so it is not sent.")
        if profile.options.get(choices.OPTION, 1) != 1 and not dialect(profile.dialect).choices:
            self.tell_once(f"{profile.dialect} has one reply to a request, so n is not sent; /ask asks several models.")
        return profile, key

    def known(self, profile: Profile) -> Profile:
        """The profile with what was learned of it, and without the parameters that its model is known to refuse."""
        profile = self.memory.known(profile)
        if choices.OPTION in profile.options and not dialect(profile.dialect).choices:
            profile = replace(profile, parameters={**profile.parameters, choices.OPTION: LEFT_OUT})
        sampled = [name for name in SAMPLING if name in profile.options and name not in profile.parameters]
        if not sampled:
            return profile
        refused = {} if self.facts(profile).sampling else dict.fromkeys(sampled, LEFT_OUT)
        return replace(profile, parameters={**profile.parameters, **refused})

    def facts(self, profile: Profile) -> "Facts":
        """What the table of models says of the profile's."""
        return config.facts.load(self.models_folder / config.facts.FILE).facts(profile.name, profile.model)

    def expected(self, profile: Profile) -> Profile:
        """The profile as far as is known how it would be asked, without a key and without asking anybody."""
        return self.known(located(profile, self.env))

    def warnings(self, profile: Profile) -> None:
        """Tell, once each, what is not as safe as it might look."""
        for line in keys.warnings(profile, self.env):
            if line not in self._warned:
                self._warned.add(line)
                self.warn(line)

    def tell_once(self, line: str) -> None:
        """Tell that, unless it was told before."""
        if line not in self._warned:
            self._warned.add(line)
            self.say(line)

    def fetch_key(self, profile: Profile) -> None:
        """Get to know the key of the profile, for the next request of it."""
        if profile.place.remote:
            self.keys.fetch(profile)

    def holds_key(self, profile: Profile, text: str) -> bool:
        """Whether a key stands in the text: one that was read, or that of the profile, if no command tells it."""
        if not profile.key_command:
            self.fetch_key(profile)
        return self.keys.secrets.holds(text)

    # the model on this machine

    def _started(self, profile: Profile, consent: Callable[[str], bool]) -> tuple[Profile, str]:
        """The profile of the embedded model with its server running."""
        if self._embedded is None:
            self._embedded = embedded.Embedded(self.models_folder, self.say, self.passing)
        server = self._embedded.ready(profile.model, profile.context or CONTEXT, consent)
        return replace(profile, place=Embedded(server.base_url, server.context), model=server.model), server.key

    def _stop_embedded(self) -> None:
        if self._embedded:
            self._embedded.close()


def _unsampled(profile: Profile) -> list[str]:
    """What its options say of sampling that is not sent."""
    return [name for name in SAMPLING if name in profile.options and profile.parameters.get(name) == LEFT_OUT]
