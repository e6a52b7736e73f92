"""From a profile to a server that answers: its address, key and model, a child process if need be, and what was
learned about it so far."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chatrepl import keys
from chatrepl.config import Profile, located
from chatrepl.conversation import Conversation
from chatrepl.dialects import ModelInfo
from chatrepl.dialects.repair import LEFT_OUT, advice
from chatrepl.errors import Refused
from chatrepl.events import Event

if TYPE_CHECKING:
    from chatrepl.client import Client
    from chatrepl.local import LocalServer

LOCAL = "local:"
"""The base URL of a server that chatrepl starts itself."""

Say = Callable[[str], None]


@dataclass
class Connection:
    """What stands between a session and the servers it talks to. ``say`` tells the user what goes on."""

    env: Mapping[str, str]
    models_folder: Path
    say: Say
    consent: Callable[[str], bool] = lambda _question: False
    """Asks the user a question to be answered with yes or no."""
    _learned: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    _local: "LocalServer | None" = None

    @cached_property
    def client(self) -> "Client":
        from chatrepl.client import Client  # httpx costs as much as the prompt: it loads when first needed

        return Client()

    def ready(self, profile: Profile) -> tuple[Profile, str]:
        """The profile as it can be asked, with an address, a model and what is known of its parameters; and its key."""
        key = ""
        if profile.base_url == LOCAL:
            profile, key = self._started(profile)
        else:
            self._stop_local()
            profile = located(profile, self.env)
            key = keys.read(profile, self.env)
        if not profile.model:
            from chatrepl.client import first_model

            profile = first_model(self.client, profile, key)
        return self._known(profile), key

    def expected(self, profile: Profile) -> Profile:
        """The profile as far as is known how it would be asked, without a key and without asking anybody."""
        return self._known(profile if profile.base_url == LOCAL else located(profile, self.env))

    def ask(
        self,
        profile: Profile,
        key: str,
        conversation: Conversation,
        *,
        stream: bool,
        before_waiting: Callable[[], None],
    ) -> Generator[Event, None, None]:
        """The events of the reply, of a profile that is ``ready``.

        A parameter that the server refuses is renamed or left out, which is told, and remembered for this server and
        model.
        """
        begun = False
        try:
            for event in self.client.ask(profile, conversation, key, stream=stream, before_waiting=before_waiting):
                begun = True
                yield event
            return
        except Refused as error:
            mend = (
                {}
                if begun
                else advice(error, self.client.request(profile, conversation, key, stream=stream).body or {})
            )
            if not mend:
                raise
        self._learn(profile, mend)
        profile = replace(profile, parameters={**profile.parameters, **mend})
        yield from self.ask(profile, key, conversation, stream=stream, before_waiting=before_waiting)

    def models(self, profile: Profile) -> list[ModelInfo]:
        """The models that the server offers."""
        profile, key = self.ready(profile)
        return self.client.models(profile, key)

    def close(self) -> None:
        """Close connections and end the child process."""
        self._stop_local()
        if "client" in self.__dict__:
            self.client.close()

    def _known(self, profile: Profile) -> Profile:
        known = self._learned.get((profile.base_url, profile.model), {})
        return replace(profile, parameters={**profile.parameters, **known})

    def _learn(self, profile: Profile, mend: Mapping[str, str]) -> None:
        self._learned.setdefault((profile.base_url, profile.model), {}).update(mend)
        for name, new in mend.items():
            how = f'without it. To keep it so: parameters = {{ {name} = "{LEFT_OUT}" }}'
            if new != LEFT_OUT:
                how = f'with {new}. To keep it so: parameters = {{ {name} = "{new}" }}'
            self.say(f"{profile.model} does not take {name}; asked again {how} in [profiles.{profile.name}]")

    def _started(self, profile: Profile) -> tuple[Profile, str]:
        """The local profile with its server running; another model means another server."""
        from chatrepl import embedded

        if self._local is None or (profile.model and Path(profile.model).stem != self._local.model):
            self._stop_local()
            self._local = embedded.start(profile.model, self.models_folder, self.say, self.consent)
        return replace(profile, base_url=self._local.base_url, model=self._local.model), self._local.key

    def _stop_local(self) -> None:
        if self._local:
            self._local.close()
            self._local = None
