"""From a profile to a server that answers: its address, key and model, a child process if need be, and what was
learned about it so far."""

import random
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chatrepl.client import keys
from chatrepl.client.retrying import long_wish, retry_delay
from chatrepl.config.config import Profile, Timeouts, located
from chatrepl.config.place import Embedded as OnThisMachine, Replay
from chatrepl.conversation import Conversation
from chatrepl.dialects import ModelInfo
from chatrepl.dialects.repair import LEFT_OUT, advice
from chatrepl.errors import ChatError, Hint, Refused, RequestError, Unreachable
from chatrepl.events import Event, Media, Text, Thinking, ToolCallPiece, Wait, Waiting

if TYPE_CHECKING:
    from chatrepl.client import Client, Exchange
    from chatrepl.client.embedded.embedded import Embedded

AHEAD = 10.0
"""A connection that is opened while somebody types is opened anew after so many seconds."""

DOWN = 300.0
"""A profile that could not be reached is passed by for so many seconds, where another one can be asked instead."""

LOOK = Timeouts(connect=3, first_byte=5, silence=5, total=10)
"""The patience of whoever only looks what there is."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Try:
    """A request that may have to be made again: of whom, and how often it was made before."""

    profile: Profile
    key: str
    attempt: int = 0
    failure: str = ""
    """Why it failed before."""


@dataclass
class Connection:
    """What stands between a session and the servers it talks to. ``say`` tells the user what goes on."""

    env: Mapping[str, str]
    models_folder: Path
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
    asked: Profile = field(default_factory=Profile)
    """Who was asked last."""
    _meant: Profile = field(default_factory=Profile)
    """For whom that was."""
    _answered: tuple[Profile, Profile] | None = None
    """Who answered last, and for whom."""
    _down: dict[str, float] = field(default_factory=dict)
    """The profiles that could not be reached, and since when."""
    _learned: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)
    _client: "Client | None" = None
    _embedded: "Embedded | None" = None
    _prepared: float = -AHEAD

    def __post_init__(self) -> None:
        self.keys = keys.Keys(self.env)

    @property
    def client(self) -> "Client":
        """What makes the requests, made when it is first needed."""
        if self._client is None:
            self._client = self._new_client()
        return self._client

    def _new_client(self) -> "Client":
        from chatrepl.client import Client  # httpx costs as much as the prompt: it loads when first needed

        return Client(self.env, record=self.record, warn=self.warn)

    def ready(self, profile: Profile) -> tuple[Profile, str]:
        """The profile as it can be asked, with an address, a model and what is known of its parameters; and its key.

        One that does not answer, when asked for its models, is replaced by a fallback of its own.
        """
        self._meant = profile
        try:
            self._pass_by(profile)
            found = self._ready(profile, self.consent)
        except RequestError as error:
            found = self._elsewhere(profile, error)
        self.asked = found[0]
        return found

    def ask(
        self, profile: Profile, key: str, conversation: Conversation, *, stream: bool, waiting: Waiting
    ) -> Generator[Event, None, None]:
        """The events of the reply, of a profile that is ``ready``.

        What fails before the first piece of the reply is made good if it can be: a parameter that the server refuses is
        renamed or left out, which is remembered for this server and model; a request that may succeed later goes out
        again; else a fallback is asked. All of this is told, and nothing comes of a try that failed.
        """
        talk, now = conversation, Try(profile, key)
        while True:
            self.asked, conversation = now.profile, self.spoken(now.profile, talk)
            begun = False
            try:
                events = self.client.ask(now.profile, conversation, now.key, stream=stream, waiting=waiting)
                with closing(events):
                    for event in _from_the_first_piece(events):
                        begun, self._answered = True, (self._meant, now.profile)
                        yield event
                return
            except RequestError as error:
                if begun:
                    raise
                failure = error
            now = (
                self._mended(now, failure, conversation)
                or self._waited(now, failure, waiting)
                or Try(*self._elsewhere(now.profile, failure))
            )

    def fetch_key(self, profile: Profile) -> None:
        """Get to know the key of the profile, for the next request of it."""
        if profile.place.remote:
            self.keys.fetch(profile)

    def holds_key(self, profile: Profile, text: str) -> bool:
        """Whether a key stands in the text: one that was read, or that of the profile, if no command tells it."""
        if not profile.key_command:
            self.fetch_key(profile)
        return self.keys.secrets.holds(text)

    def answering(self, profile: Profile) -> Profile:
        """Who answers for the profile, as far as is known: who did the last time, with the model that did."""
        meant, answered = self._answered or (profile, profile)
        return answered if (meant.name, meant.model) == (profile.name, profile.model) else profile

    def try_anew(self) -> None:
        """Pass nobody by any more."""
        self._down.clear()

    def prepare(self, profile: Profile) -> None:
        """Open a connection, in a thread of its own, to who is likely to be asked soon. Whether it comes to be or not
        makes no difference but in time."""
        if not profile.place.remote or time.monotonic() < self._prepared + AHEAD:
            return
        self._prepared = time.monotonic()
        with suppress(ChatError):
            prepare = partial(self.client.prepare, located(profile, self.env))
            threading.Thread(target=prepare, name="connecting", daemon=True).start()

    def warnings(self, profile: Profile) -> None:
        """Tell, once each, what is not as safe as it might look."""
        for line in keys.warnings(profile, self.env):
            if line not in self._warned:
                self._warned.add(line)
                self.warn(line)

    def models(self, profile: Profile) -> list[ModelInfo]:
        """The models that the server offers."""
        profile, key = self._ready(profile, self.consent)
        return self.client.models(profile, key)

    def reach(self, profile: Profile) -> None:
        """Get any answer at all from the server."""
        self.client.reach(located(profile, self.env))

    @property
    def last(self) -> "Exchange | None":
        """The last exchange with a server."""
        return self._client.last if self._client else None

    def close(self) -> None:
        """Close connections and end the child process."""
        self._stop_embedded()
        if self._client:
            self._client.close()

    def spoken(self, profile: Profile, conversation: Conversation) -> Conversation:
        """The conversation as it goes out: the embedded model is lost without a system prompt, and gets its own where
        there is none."""
        if conversation.system or not profile.place.system:
            return conversation
        return Conversation(profile.system or profile.place.system, conversation.turns)

    # what is tried when a request failed

    def _mended(self, now: Try, error: RequestError, conversation: Conversation) -> Try | None:
        """The same without the parameter that was refused, None if it was refused for another reason."""
        if not isinstance(error, Refused):
            return None
        body = self.client.request(now.profile, conversation, now.key).body or {}
        mend = advice(error, body, now.profile.parameters)
        if not mend:
            return None
        self._learn(now.profile, mend)
        return replace(now, profile=replace(now.profile, parameters={**now.profile.parameters, **mend}))

    def _waited(self, now: Try, error: RequestError, waiting: Waiting) -> Try | None:
        """The same once more, after a wait; None if that is no use, or was done often enough."""
        retries = now.profile.retries
        delay = retry_delay(error, now.attempt, self.random, time.time()) if now.attempt < retries else None
        if delay is None:
            if wish := long_wish(error, time.time()):
                error.hint = Hint(wish)
            return None
        why = "The same" if str(error) == now.failure else str(error)
        self.say(f"{why}; asking again in {delay:.1f} s ({now.attempt + 1} of {retries})")
        waiting(Wait("asking again", delay, exact=True))
        self.sleep(delay)
        return replace(now, attempt=now.attempt + 1, failure=str(error))

    def _elsewhere(self, profile: Profile, error: ChatError) -> tuple[Profile, str]:
        """The first fallback that is ready, with those after it as its own; else the error is raised."""
        if isinstance(error, Refused) and error.status in _OUR_FAULT:
            raise error
        while profile.fallback:
            if isinstance(error, Unreachable):
                self._down.setdefault(profile.name, self.clock())
            name, *later = profile.fallback
            self.say(f"{error}; asking {name} instead")
            profile = replace(self.profiles[name], fallback=tuple(later))
            try:
                self._pass_by(profile)
                return self._ready(profile, lambda _question: False)
            except ChatError as problem:
                error = problem
        self.try_anew()  # where nobody answers
        raise error

    def _pass_by(self, profile: Profile) -> None:
        """Complain of a profile that could not be reached a while ago, if another one can be asked instead."""
        since = self._down.get(profile.name, 0.0)
        if self.clock() >= since + DOWN:
            self._down.pop(profile.name, None)
        elif profile.fallback:
            raise Unreachable(f"{profile.name} is down since {time.strftime('%H:%M', time.localtime(since))}")

    # getting ready

    def _ready(self, profile: Profile, consent: Callable[[str], bool]) -> tuple[Profile, str]:
        key = ""
        if isinstance(profile.place, Replay):
            profile = replace(profile, model=profile.model or profile.place.model)
        elif isinstance(profile.place, OnThisMachine):
            profile, key = self._started(profile, consent)
        else:
            if all(self.profiles[name].place.remote for name in profile.fallback):
                self._stop_embedded()
            self.warnings(profile)
            profile = located(profile, self.env)
            key = self.keys.key(profile)
        if not profile.model:
            from chatrepl.client import first_model

            profile = first_model(self.client, profile, key)
        return self._known(profile), key

    def expected(self, profile: Profile) -> Profile:
        """The profile as far as is known how it would be asked, without a key and without asking anybody."""
        return self._known(located(profile, self.env))

    def _known(self, profile: Profile) -> Profile:
        """The profile with what was learned of its parameters."""
        known = self._learned.get((profile.base_url, profile.model), {})
        return replace(profile, parameters={**profile.parameters, **known})

    def _learn(self, profile: Profile, mend: Mapping[str, str]) -> None:
        self._learned.setdefault((profile.base_url, profile.model), {}).update(mend)
        for name, new in mend.items():
            how = "without it" if new == LEFT_OUT else f"with {new}"
            keep = f'To keep it so: parameters = {{ {name} = "{new}" }} in [profiles.{profile.name}]'
            told = f"{profile.model} does not take {name}; asked again {how}."
            self.say(told if profile.by_hand else f"{told} {keep}")

    def _started(self, profile: Profile, consent: Callable[[str], bool]) -> tuple[Profile, str]:
        """The local profile with its server running."""
        if self._embedded is None:
            from chatrepl.client.embedded.embedded import Embedded  # not for who talks to other servers

            self._embedded = Embedded(self.models_folder, self.say, self.passing)
        server = self._embedded.ready(profile.model, consent)
        place = OnThisMachine(server.base_url, server.context)
        return replace(profile, place=place, model=server.model), server.key

    def _stop_embedded(self) -> None:
        if self._embedded:
            self._embedded.close()


_OUR_FAULT = (400, 413, 422)
"""The statuses that a request deserves anywhere, so that nobody else needs to be asked."""


def _from_the_first_piece(events: Iterable[Event]) -> Iterator[Event]:
    """The events, those before the first piece of the reply held back until it is there, or the reply is over."""
    held: list[Event] | None = []
    for event in events:
        if held is None:
            yield event
            continue
        held.append(event)
        if isinstance(event, Text | Thinking | ToolCallPiece | Media):
            yield from held
            held = None
    yield from held or ()
