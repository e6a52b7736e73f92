"""The configuration: who to talk to, how the program behaves, and where files are."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from chatrepl import NamedTuple, dataclass, field, replace
from chatrepl.config.place import Place, Replay, Url, written
from chatrepl.config.vendors import ELSEWHERE, PROFILES
from chatrepl.errors import ConfigError, Hint
from chatrepl.text import urls
from chatrepl.text.fuzzy import nearest, there_are
from chatrepl.usage import Price

if TYPE_CHECKING:
    from chatrepl.config.tools import Tools


DIALECTS = {
    "openai-chat": "openai_chat",
    "openai-completions": "openai_completions",
    "openai-responses": "openai_responses",
    "azure-inference": "azure_inference",
    "scale-egp": "scale_egp",
    "anthropic": "anthropic",
    "ollama": "ollama",
    "gemini": "gemini",
}
"""The protocols that a profile can name, each with the module of ``dialects`` that speaks it. Their names stand here
alone: a new one is a module, a line in this table, and a folder of captures."""


@dataclass(frozen=True)
class Timeouts:
    """How long to wait, in seconds: for a connection, for the first byte, between bytes, for the whole reply."""

    connect: float = 10.0
    first_byte: float = 300.0
    silence: float = 120.0
    total: float = 3600.0


@dataclass(frozen=True)
class Profile:
    """Who to talk to, and where: a vendor. ``options`` are merged last into the body of a request."""

    name: str = field(default="", metadata={"key": None})
    about: str = ""
    dialect: str = field(default="", metadata={"of": DIALECTS})
    place: Place = field(default=Url(), metadata={"key": "base_url", "read": written})
    base_url_env: str = field(default="", metadata={"variable": True})
    """The environment variable that replaces the URL where it is set."""
    model: str = ""
    key_env: str = field(default="", metadata={"variable": True})
    key_command: tuple[str, ...] = ()
    key_file: str = ""
    system: str = ""
    usage: bool = True
    """Whether to ask for the usage of a streamed reply, which a few servers refuse."""
    prefill: bool = False
    """Whether the server goes on with a reply that the request ends with."""
    search: bool = False
    """Whether the vendor's own web search is asked for."""
    timeouts: Timeouts = Timeouts()
    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What parameters of a request are called by this server where it has other names for them, "off" for none."""
    options: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 2
    """How often a request that failed before its first word goes out again."""
    fallback: tuple[str, ...] = ()
    """The profiles that are asked instead, in this order, when no word came."""
    verify: bool = True
    """Whether the server has to prove by its certificate who it is."""
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
    context: int = 0
    """How many tokens its model can hold; 0 is unknown."""
    price: tuple[Any, ...] = field(default=(), metadata={"kind": Price})
    """Dollars for a million tokens, in the order of ``Price``; () is unknown."""
    tools: tuple[str, ...] = ()
    """The tools and servers that its model may call from the start."""
    default_model: str = field(default="", metadata={"key": None})
    """The model that is built in for it, "" where somebody named another: a successor may take the place of this one
    alone."""
    elsewhere: str = field(default="", metadata={"key": None})
    """The dialect that it speaks where it is at no address of its vendor's, "" where somebody named the dialect."""
    by_hand: bool = field(default=False, metadata={"key": None})
    """Whether it was made of an address on the command line, so that no configuration tells of it."""
    distrust: str = field(default="", metadata={"key": None})
    """Why no command of it is run, "" where all is well."""
    moved: bool = field(default=False, metadata={"key": None})
    """Whether it is at another address than its own."""

    @property
    def base_url(self) -> str:
        """The URL that its requests begin with."""
        return self.place.url

    @property
    def needs_key(self) -> bool:
        """Whether a key is named at all; servers on this machine mostly want none."""
        return bool(self.key_env or self.key_command or self.key_file)

    @property
    def called(self) -> str:
        """Its name, and the address where that is not its own."""
        return f"{self.name} at {urls.origin(self.base_url)}" if self.moved else self.name


def module_of(dialect: str) -> str:
    """The module that speaks the dialect; a dialect that there is not is a ConfigError."""
    try:
        return DIALECTS[dialect]
    except KeyError:
        hint = f"The dialects are {', '.join(DIALECTS)}."
        raise ConfigError(f"There is no dialect {dialect!r}{nearest(dialect, DIALECTS)}", hint) from None


def model_of(profile: Profile) -> str:
    """Its model, or what there is to say of one that it does not name."""
    return profile.model or profile.place.model


def by_hand(place: Place, like: Profile | None = None) -> Profile:
    """The profile for a place that was given by hand, without a profile; ``like`` says what else is known of it."""
    return replace(like or Profile(dialect="openai-chat"), name="by-hand", place=place, base_url_env="", by_hand=True)


def address(profile: Profile, env: Mapping[str, str]) -> str:
    """The base URL of the profile: what the environment says, else its own; "" for none."""
    told = env.get(profile.base_url_env, "").strip() if profile.place.remote else ""
    return _whole(told, profile.base_url) if told else profile.base_url


def _whole(told: str, own: str) -> str:
    """An address in place of one of this machine may lack what that has, as OLLAMA_HOST may; and one that a server
    listens at may stand for all addresses, which nobody can be asked at."""
    if not own.startswith("http://127.0.0.1:"):
        return told
    if re.fullmatch(r"[\da-f.]*(?::[\da-f.]*){2,}", told, re.IGNORECASE):
        told = f"[{told}]"
    _, mark, place = told.rpartition("://")
    host, rest = re.fullmatch(r"(\[.*?\]|[^:/]*)(.*)", place, re.DOTALL).groups()  # type: ignore[union-attr]
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    port = "" if mark or rest.startswith(":") else own.removeprefix("http://127.0.0.1").partition("/")[0]
    return f"{told.removesuffix(place) or 'http://'}{host}{port}{rest}"


def located(profile: Profile, env: Mapping[str, str]) -> Profile:
    """The profile with its address; one without any is a ConfigError."""
    if not profile.place.remote:
        return profile
    base_url = address(profile, env)
    if not base_url:
        setting = f"Set {profile.base_url_env}, or base_url" if profile.base_url_env else "Set base_url"
        raise ConfigError(
            f"The profile {profile.name!r} has no address",
            f"{setting} in [profiles.{profile.name}] of the configuration.",
        )
    moved = profile.moved or base_url != profile.base_url
    return settled(replace(profile, place=Url(base_url), moved=moved), {})


def settled(profile: Profile, env: Mapping[str, str]) -> Profile:
    """The profile with the dialect that is spoken at its address."""
    if not (profile.elsewhere and profile.place.remote) or _is_own(address(profile, env), profile.name):
        return profile
    return replace(profile, dialect=profile.elsewhere, elsewhere="")


def _is_own(url: str, name: str) -> bool:
    """Whether an address is one of the vendor's: of its host, or of one for a region."""
    own = urls.host_of(PROFILES.get(name, {}).get("base_url", ""))
    return bool(own) and urls.is_at(url, own)


@dataclass(frozen=True)
class Ui:
    """How the program behaves: the [ui] table of the configuration, and what /set changes."""

    theme: str = field(
        default="auto", metadata={"of": ("auto", "dark", "light"), "about": "colours for the background"}
    )
    editing_mode: str = field(default="emacs", metadata={"of": ("emacs", "vi"), "about": "keys of the prompt"})
    multiline: bool = field(default=False, metadata={"about": "Enter adds a line, Alt-Enter sends"})
    markdown: bool = field(default=True, metadata={"about": "render markdown"})
    thinking: str = field(
        default="on",
        metadata={"of": ("on", "line", "off"), "about": "show the model's reasoning, or fold it into a line"},
    )
    stream: bool = field(default=True, metadata={"about": "show the reply as it comes"})
    statistics: bool = field(
        default=True, metadata={"about": "after each reply, tell the time to its first word, speed, tokens and cost"}
    )
    calls: int = field(
        default=20, metadata={"about": "how many calls of tools a question may make; then you are asked"}
    )
    toolbar: bool = field(default=True, metadata={"about": "a status line below the prompt"})
    title: bool = field(default=True, metadata={"about": "name the terminal's window after the session"})
    titles: str = field(
        default="question",
        metadata={"of": ("question", "model"), "about": "call a session after its first question, or let the model"},
    )
    notify: str = field(
        default="off",
        metadata={
            "of": ("off", "auto", "bell", "osc9", "osc777"),
            "about": "how to tell that a reply is there that took long",
        },
    )
    hyperlinks: str = field(
        default="auto", metadata={"of": ("auto", "on", "off"), "about": "make links in the terminal (OSC 8)"}
    )


class Budget(NamedTuple):
    """What a session may use before it is asked: dollars, or tokens."""

    dollars: float = 0.0
    tokens: int = 0


class Config(NamedTuple):
    """What the configuration file says, over what is built in."""

    path: Path
    default: str = ""
    ui: Ui = Ui()
    profiles: Mapping[str, Profile] = MappingProxyType({})
    replay: Replay | None = None
    """The recording that all profiles are at in a replay."""
    budget: Budget | None = None
    compact: float = 0.0
    """The share of the context at which a conversation is compacted by itself, 0 for never."""
    compact_keep: int = 4
    """How many of the last turns a compaction leaves as they are."""
    compact_model: str = ""
    """Who summarizes: a profile, a model or profile/model; "" for who is talked to."""
    successors: Mapping[str, object] = MappingProxyType({})
    """What is remembered of defaults that are gone, see ``successors``."""
    tools: "Tools | None" = None
    """What a model may call, None where the file speaks of none."""
    distrust: str = ""
    """Why no command that stands in the file is run: somebody else may have written it. "" where all is well."""

    def profile(self, name: str) -> Profile:
        """The profile of that name."""
        try:
            return self.profiles[name]
        except KeyError:
            near = nearest(name, self.profiles)
            lists = Hint("--list-profiles lists them all.", "/profile lists them all.")
            raise ConfigError(
                f"There is no profile {name!r}{near}", lists if near else there_are(self.profiles)
            ) from None

    def with_model(self, profile: Profile, model: str) -> Profile:
        """The profile with the model that somebody named; what the configuration says of the one it names holds for
        that alone."""
        own = self.profiles.get(profile.name, profile)
        profile = replace(profile, default_model="")
        if own.model in ("", model):
            return replace(profile, model=model, context=own.context, price=own.price)
        return replace(profile, model=model, context=0, price=())

    def settled(self, env: Mapping[str, str]) -> "Config":
        """The same with all profiles in the dialects that are spoken where the environment moves them."""
        return self._replace(profiles={name: settled(profile, env) for name, profile in self.profiles.items()})

    def replaying(self, replay: Replay) -> "Config":
        """The same with all profiles at that recording, so that nobody is reached over a network."""
        profiles = {name: replace(profile, place=replay) for name, profile in self.profiles.items()}
        return self._replace(profiles=profiles, replay=replay)


def built_in(path: Path) -> Config:
    """The configuration of who has none; ``path`` is where it would be."""
    return Config(path, profiles={name: _vendor(name, **table) for name, table in PROFILES.items()})


def _vendor(name: str, base_url: str = "", **table: Any) -> Profile:
    model, elsewhere = table.get("model", ""), ELSEWHERE.get(name, "")
    return Profile(name, place=written(base_url), default_model=model, elsewhere=elsewhere, **table)
