"""What a session keeps of whom it talks to, and the way back to a profile."""

from collections.abc import Mapping
from dataclasses import replace

from chatrepl.client import keys
from chatrepl.config.config import Config, Profile, by_hand
from chatrepl.config.place import written


def who(profile: Profile, config: Config) -> dict[str, str]:
    """What a session keeps of whom it talks to. ``recalled`` is the way back."""
    own = _own(config, profile.name) or Profile()
    kept = {"profile": profile.name, "model": profile.model}
    kept["dialect"] = "" if profile.dialect == own.dialect else profile.dialect
    kept["base_url"] = "" if profile.place == own.place else profile.place.kept
    return kept


def recalled(config: Config, kept: Mapping[str, str]) -> Profile | None:
    """The profile a session was talking to, if it is still known.

    An address given by hand is used again only with a profile that has no secrets: what a file says must not send one.
    """
    own = _own(config, kept.get("profile", ""))
    base_url = kept.get("base_url")
    if not base_url:
        return _given(own, config, kept) if own else None
    if own and own != keys.without_secrets(own):
        return None
    place = config.replay or written(base_url)
    own = replace(own, place=place, base_url_env="") if own else by_hand(place)
    return _given(own, config, kept)


def _own(config: Config, name: str) -> Profile | None:
    """The profile as it will be known later too, which one by hand is not."""
    found = config.profiles.get(name)
    return None if found and found.by_hand else found


def _given(profile: Profile, config: Config, kept: Mapping[str, str]) -> Profile:
    """The profile with the model and the dialect that were kept."""
    profile = replace(profile, dialect=kept.get("dialect") or profile.dialect)
    model = kept.get("model", "")
    if not model or (profile.default_model and model in (profile.model, profile.default_model)):
        return profile  # nobody named it: what takes its place by now may do so here
    return config.with_model(profile, model)
