"""What a session keeps of whom it talks to, and the way back to a profile."""

from collections.abc import Mapping

from chatrepl import replace
from chatrepl.chat.user import User
from chatrepl.client import keys
from chatrepl.config import addresses
from chatrepl.config.config import Config, Profile, address, by_hand, settled
from chatrepl.config.paths import Paths
from chatrepl.config.place import written
from chatrepl.errors import CommandError
from chatrepl.sessions.entries import Mark
from chatrepl.sessions.transcript import Transcript
from chatrepl.text import safe, urls


def who(profile: Profile, config: Config) -> dict[str, str]:
    """What a session keeps of whom it talks to. ``recalled`` is the way back."""
    own = _own(config, profile.name) or Profile()
    kept = {"profile": profile.name, "model": profile.model}
    kept["dialect"] = "" if profile.dialect == own.dialect else profile.dialect
    kept["base_url"] = "" if profile.place == own.place else profile.place.kept
    return kept


def write_down(transcript: Transcript, profile: Profile, config: Config, paths: Paths) -> None:
    """Note in a session who is talked to, where that is not what it says already."""
    kept, known = who(profile, config), transcript.state.who
    if kept["base_url"] and profile.place.remote and transcript.path:
        addresses.keep(paths, kept["base_url"])  # by now it was given by hand, or agreed to
    for kind, text in kept.items():
        if text != known.get(kind, ""):
            transcript.add(Mark(kind, text))


def whom(profile: Profile, env: Mapping[str, str]) -> str:
    """Who is talked to by name, and where, if it is not the profile's own address."""
    url = address(profile, env)
    own = url == profile.base_url and not (profile.moved or profile.by_hand)
    return profile.name if own else f"{profile.name} at {urls.plain(url)}"


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
    own = replace(own, place=place, base_url_env="", moved=not config.replay) if own else by_hand(place)
    return _given(own, config, kept)


def at_its_own(config: Config, profile: Profile) -> Profile | None:
    """The profile at its own address, None if it has none."""
    own = _own(config, profile.name)
    return replace(profile, place=own.place, base_url_env=own.base_url_env, moved=False) if own else None


def is_foreign(profile: Profile, paths: Paths) -> bool:
    """Whether a recalled profile is at an address that only the session's file tells of: neither the configuration nor
    the user ever did."""
    elsewhere = profile.place.remote and (profile.moved or profile.by_hand)
    return elsewhere and profile.base_url not in addresses.known(paths)


def permitted(profile: Profile, paths: Paths, user: User) -> bool:
    """Whether the conversation may go where a session's file sends it; what is agreed to is known from then on."""
    if not is_foreign(profile, paths):
        return True
    agreed = user.permit(f"{_foreign(profile)}. Send the conversation there?")
    if agreed:
        addresses.keep(paths, profile.base_url)
    return agreed


def refuse_foreign(profile: Profile, paths: Paths, user: User) -> None:
    """Complain of such an address where no one can be asked, and no flag agrees."""
    if is_foreign(profile, paths) and not user.says_yes:
        hint = f"--base-url URL sends the conversation there, --yes too; -p {profile.name} goes to the profile's own."
        raise CommandError(_foreign(profile), hint.partition("; -p")[0] + "." if profile.by_hand else hint)


def _foreign(profile: Profile) -> str:
    whose = "" if profile.by_hand else f", which is not the address of the profile {profile.name!r}"
    return f"The session's file names the server {safe.line(urls.plain(profile.base_url), 400)}{whose}"


def _own(config: Config, name: str) -> Profile | None:
    """The profile as it will be known later too, which one by hand is not."""
    found = config.profiles.get(name)
    return None if found and found.by_hand else found


def _given(profile: Profile, config: Config, kept: Mapping[str, str]) -> Profile:
    """The profile with the model and the dialect that were kept."""
    dialect = kept.get("dialect")
    profile = replace(profile, dialect=dialect, elsewhere="") if dialect else settled(profile, {})
    model = kept.get("model", "")
    if not model or (profile.default_model and model in (profile.model, profile.default_model)):
        return profile  # nobody named it: what takes its place by now may do so here
    return config.with_model(profile, model)
