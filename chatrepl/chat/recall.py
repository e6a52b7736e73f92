"""What a session keeps of whom it talks to, and the way back to a profile."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chatrepl.client import keys
from chatrepl.config.config import BY_HAND, REPLAYED, Config, Profile


def who(profile: Profile, config: Config) -> dict[str, str]:
    """What a session keeps of whom it talks to. ``recalled`` is the way back."""
    own = _own(config, profile.name) or Profile()
    kept = {"profile": profile.name, "model": profile.model}
    kept["dialect"] = "" if profile.dialect == own.dialect else profile.dialect
    untold = "@" in profile.base_url or "?" in profile.base_url or profile.base_url in (own.base_url, REPLAYED)
    kept["base_url"] = "" if untold else profile.base_url
    return kept


def recalled(config: Config, kept: Mapping[str, str]) -> Profile | None:
    """The profile a session was talking to, if it is still known.

    An address given by hand is used again only with a profile that has no secrets: what a file says must not send one.
    """
    own = _own(config, kept.get("profile", ""))
    if not kept.get("base_url"):
        return replace(own, **_given(kept, "model", "dialect")) if own else None
    if own and own != keys.without_secrets(own):
        return None
    own = own or Profile(BY_HAND, dialect="openai-chat")
    return replace(own, base_url_env="", **_given(kept, "model", "dialect", "base_url"))


def _own(config: Config, name: str) -> Profile | None:
    """The profile as it will be known later too, which one by hand is not."""
    return config.profiles.get(name) if name != BY_HAND else None


def _given(kept: Mapping[str, str], *names: str) -> dict[str, Any]:
    return {name: kept[name] for name in names if kept.get(name)}
