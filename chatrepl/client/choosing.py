"""Who to talk to when a session begins: what was asked for, else what is at hand."""

import socket
from collections.abc import Mapping
from contextlib import closing

from chatrepl import client, config as configuration, replace
from chatrepl.client import embedded, keys
from chatrepl.config.config import Config, Profile, address, by_hand, located, module_of, settled
from chatrepl.config.place import Place, Replay, written
from chatrepl.errors import ChatError, CommandError, ConfigError
from chatrepl.text import urls

ON_THIS_MACHINE = ("ollama", "lmstudio", "llamacpp", "vllm")
"""The profiles of servers that are looked for at their usual ports."""

PROBE_SECONDS = 0.3
"""How long a port of this machine may take to accept a connection."""


def choose(config: Config, env: Mapping[str, str], name: str = "", dialect: str = "", base_url: str = "") -> Profile:
    """The profile to begin with, in the order that the README tells: named on the command line, the default of the
    configuration, an address given by hand, a key in the environment, a server on this machine, the embedded model.

    A dialect alone is a choice among those who speak it: no key goes out in a protocol that it is not for.
    """
    place = written(base_url)
    _check(place)
    if dialect and not (name or base_url):
        config = _speaking(config, dialect)
    chosen = (
        _named(config, name or config.default)
        or (by_hand(place) if base_url else None)
        or _with_key(config, env)
        or _running(config, env)
        or _embedded(config, dialect)
    )
    if base_url:
        bare = keys.without_secrets(chosen)
        elsewhere = urls.parts(base_url) != urls.parts(address(chosen, env)) or dialect not in ("", chosen.dialect)
        if not name and bare != chosen and elsewhere:
            chosen = by_hand(place, bare)  # nobody said that its key may go there
        # The variable that moves the profile elsewhere loses against an address given by hand.
        moved = not (chosen.by_hand or config.replay) and place != chosen.place
        chosen = replace(chosen, place=config.replay or place, base_url_env="", moved=moved)
    if config.successors:
        chosen = configuration.successors.taken(chosen, config.successors, env)  # which the flags may have moved
    return replace(chosen, dialect=dialect, elsewhere="") if dialect else settled(chosen, env)


def _check(place: Place) -> None:
    """Complain of an address that a request cannot go to."""
    scheme, mark, _ = place.url.strip().partition("://")
    if place.url and not (mark and scheme.lower() in ("http", "https")):
        told = urls.shown(place.url.strip())
        hint = "" if mark else f"For a server on this machine: --base-url http://{told}"
        raise CommandError(f"The base URL {told} does not begin with http:// or https://", hint)


def recorded_profile(place: Replay, dialect: str) -> Profile:
    """The profile for a replay: the dialect, and the model where it is told, of the first recorded question."""
    recorded = map(client.recorded_request, client.recorded(place.folder))
    asked = next((each for each in recorded if each.get("method") == "POST"), {})
    spoken, body = asked.get("dialect"), asked.get("body")
    model = body.get("model") if isinstance(body, dict) else ""
    return Profile(
        "replay",
        dialect=dialect or (spoken if isinstance(spoken, str) else "openai-chat"),
        place=place,
        model=model if isinstance(model, str) else "",
    )


def _speaking(config: Config, dialect: str) -> Config:
    """The configuration without the profiles that speak another dialect."""
    module_of(dialect)  # tells that there is none
    profiles = {name: profile for name, profile in config.profiles.items() if profile.dialect == dialect}
    return config._replace(profiles=profiles, default=config.default if config.default in profiles else "")


def _named(config: Config, name: str) -> Profile | None:
    return config.profile(name) if name else None


def _with_key(config: Config, env: Mapping[str, str]) -> Profile | None:
    found = (each for each in config.profiles.values() if each.name not in ON_THIS_MACHINE)
    return next((profile for profile in found if keys.at_hand(profile, env)), None)


def _running(config: Config, env: Mapping[str, str]) -> Profile | None:
    """The first server on this machine that answers, with the model it offers."""
    for name in ON_THIS_MACHINE:
        profile = config.profiles.get(name)
        if profile and _listens(address(profile, env)):
            try:
                return replace(profile, model=_first_model(located(profile, env), env))
            except ChatError:
                continue  # something else has that port
    return None


def _listens(url: str) -> bool:
    _, host, port = urls.parts(url)
    try:
        with socket.create_connection((host, port), PROBE_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def _first_model(profile: Profile, env: Mapping[str, str]) -> str:
    quick = replace(profile, timeouts=replace(profile.timeouts, connect=1, first_byte=1, silence=1))
    with closing(client.Client(env)) as asking:
        return client.first_model(asking, quick, "").model


def _embedded(config: Config, dialect: str) -> Profile:
    profile = config.profiles.get("local")
    if profile and embedded.is_installed():
        return profile
    if dialect:
        wanted = ", ".join(f"{each.name} ({_wants(each)})" for each in config.profiles.values()) or "no profile does"
        raise ConfigError(
            f"No profile that speaks {dialect} can be used: {wanted}", "-p NAME or --base-url URL names one."
        )
    raise ConfigError("No model to talk to yet: no key in the environment, no server on this machine", HELP)


def _wants(profile: Profile) -> str:
    """What the profile lacks to be chosen by its dialect alone."""
    if profile.key_env:
        return f"{profile.key_env} is not set"
    return "its key is not in the environment" if profile.needs_key else "does not answer"


NEEDED = "chatrepl needs a model to talk to. Any one of these will do:"


def ways(small: str) -> list[tuple[str, str]]:
    """What gives one a model to talk to, and how; ``small`` is how the small one on this machine is got."""
    return [
        ("1  a small model on this machine", small),
        ("2  a vendor's key", "export OPENAI_API_KEY=...; or --list-profiles"),
        ("3  a server on this machine", "Ollama, LM Studio, llama.cpp, vLLM: start it"),
        ("4  any other server", "chatrepl --base-url URL -m NAME"),
    ]


HELP = "\n".join([NEEDED, *(f"  {way:<34}{how}" for way, how in ways("pip install 'chatrepl[local]'"))])
