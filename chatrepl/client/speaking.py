"""Which protocol a server of this machine speaks, where it does not speak that of the profile."""

from chatrepl import replace
from chatrepl.client.client import Client
from chatrepl.config.config import Profile, Timeouts
from chatrepl.config.place import Url
from chatrepl.errors import ChatError, Hint, Refused
from chatrepl.text import urls

QUICK = Timeouts(connect=1, first_byte=2, silence=1, total=3)
"""Somebody waits for it who got an error already."""

_LISTS = {"openai-chat": "/v1", "ollama": ""}
"""The dialects that a list of models tells apart, and what stands before the path of it."""


def hint(client: Client, profile: Profile, error: Refused) -> Hint:
    """The dialect that would do, if the server of this machine has no such place as was asked for; else nothing."""
    if error.status not in (404, 405, 501) or "model" in error.said.lower() or not urls.is_loopback(profile.base_url):
        return Hint()
    for dialect, path in _LISTS.items():
        url = f"{urls.origin(profile.base_url)}{path}"
        asked = replace(profile, dialect=dialect, place=Url(url), model="any", headers={}, timeouts=QUICK)
        if dialect != profile.dialect and _answers(client, asked):
            return Hint(f"That server speaks the dialect {dialect}: --dialect {dialect} --base-url {url}")
    return Hint()


def _answers(client: Client, profile: Profile) -> bool:
    try:
        return bool(client.models(profile, ""))
    except ChatError:
        return False
