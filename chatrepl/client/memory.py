"""What is known of the servers by now: which models they have and which parameters they refused, who could not be
reached, who answered.

It is for one thread, and for as long as the program runs. Times are those of the caller's clock, in seconds.
"""

from collections.abc import Callable, Mapping

from chatrepl import dataclass, field, replace
from chatrepl.config.config import Profile

DOWN = 300.0
"""A profile that could not be reached is skipped for so many seconds, where another one can be asked instead."""


@dataclass()
class Memory:
    """What was learned of servers, models and profiles."""

    _refused: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """The parameters that a model at a server refused, each with its other name, or "off"."""
    _efforts: dict[tuple[str, str], str] = field(default_factory=dict)
    """The effort that a model at a server takes, "off" for none, where it refused another."""
    _gone: dict[str, set[str]] = field(default_factory=dict)
    """By server the models that it no longer knows."""
    _successors: dict[tuple[str, str], str] = field(default_factory=dict)
    """The models that took the place of defaults, by server and default."""
    _offers: dict[str, list[str]] = field(default_factory=dict)
    """The names of the models that servers listed."""
    _down: dict[str, float] = field(default_factory=dict)
    """The profiles that could not be reached, and since when."""
    worthless: frozenset[str] = frozenset()
    """The reasoning that a server refused to take back; it is sent no more."""
    _answered: tuple[Profile, Profile] | None = None
    """The last question was for whom, and who answered."""

    def known(self, profile: Profile) -> Profile:
        """The profile with what was learned of its model and its parameters."""
        if new := self._successors.get((profile.base_url, profile.default_model)):
            profile = replace(profile, model=new, context=0, price=())
        learned = self._refused.get((profile.base_url, profile.model), {})
        effort = self._efforts.get((profile.base_url, profile.model))
        options = profile.options if effort is None else {**profile.options, "effort": effort}
        return replace(profile, parameters={**profile.parameters, **learned}, options=options)

    def learn(self, profile: Profile, mend: Mapping[str, str]) -> None:
        """Its model at its server takes these parameters by other names, or not at all."""
        self._refused.setdefault((profile.base_url, profile.model), {}).update(mend)

    def learn_effort(self, profile: Profile, word: str) -> str:
        """Its model at its server takes that effort, which is returned; "off" once a second one was refused."""
        who = profile.base_url, profile.model
        self._efforts[who] = "off" if who in self._efforts else word
        return self._efforts[who]

    def gone(self, profile: Profile) -> set[str]:
        """The models that its server no longer knows, of which the profile's is one."""
        return self._gone.setdefault(profile.base_url, set()) | {profile.model}

    def succeed(self, profile: Profile, model: str) -> None:
        """Another model takes the place of its default at its server."""
        self._gone.setdefault(profile.base_url, set()).add(profile.model)
        self._successors[profile.base_url, profile.default_model] = model

    def offers(self, profile: Profile, ask: Callable[[], list[str]]) -> list[str]:
        """The names of the models that its server lists, for which that is asked once."""
        if profile.base_url not in self._offers:
            self._offers[profile.base_url] = ask()
        return self._offers[profile.base_url]

    def unreachable(self, profile: Profile, now: float) -> None:
        """It could not be reached."""
        self._down.setdefault(profile.name, now)

    def down_since(self, profile: Profile, now: float) -> float | None:
        """Since when it cannot be reached; None if that is not so, or long ago."""
        since = self._down.get(profile.name)
        if since is not None and now >= since + DOWN:
            del self._down[profile.name]
            return None
        return since

    def try_all_again(self) -> None:
        """Skip no profile any more."""
        self._down.clear()

    def answered(self, wanted: Profile, answering: Profile) -> None:
        """The question was for the one, and the other answered."""
        self._answered = wanted, answering

    def answering(self, profile: Profile) -> Profile:
        """Who answers for the profile, as far as is known: who did the last time, with the model that did."""
        wanted, answered = self._answered or (profile, profile)
        return answered if (wanted.name, wanted.model) == (profile.name, profile.model) else profile
