"""A glance at what a server offers, behind the prompt: for completion, where nobody waits for it."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from chatrepl import replace
from chatrepl.client.connection import LOOK, Connection
from chatrepl.config.config import Config, Profile
from chatrepl.dialects import ModelInfo


def look(
    profile: Profile, env: Mapping[str, str], configuration: Config, then: Callable[[], object]
) -> list[ModelInfo]:
    """A list that fills itself, or stays empty, and does that ``then``, in a thread of its own. No password store is
    opened and no model loaded for it."""
    found: list[ModelInfo] = []
    if profile.place.remote and not profile.key_command:
        asked = replace(profile, model=profile.model or "any", timeouts=LOOK)
        # of its own: nothing is shared with the main thread
        connection = Connection(env, Path(), lambda _line: None, configuration.profiles)
        threading.Thread(target=_fill, args=(found, asked, connection, then), name="looking", daemon=True).start()
    return found


def _fill(found: list[ModelInfo], profile: Profile, connection: Connection, then: Callable[[], object]) -> None:
    try:
        found.extend(connection.models(profile))
        then()
    except Exception:  # whatever it is, the next question will tell
        return
    finally:
        connection.close()
