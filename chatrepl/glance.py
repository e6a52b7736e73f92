"""A glance at what a server offers, behind the prompt: for completion, where nobody waits for it."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from chatrepl.config import LOCAL, Profile, Timeouts
from chatrepl.connection import Connection
from chatrepl.dialects import ModelInfo

PATIENCE = Timeouts(connect=3, first_byte=5, silence=5, total=10)


def look(profile: Profile, env: Mapping[str, str]) -> list[ModelInfo]:
    """A list that fills itself, or stays empty. No password store is opened and no model loaded for it."""
    found: list[ModelInfo] = []
    if profile.base_url != LOCAL and not profile.key_command:
        asked = replace(profile, model=profile.model or "any", timeouts=PATIENCE)
        threading.Thread(target=_fill, args=(found, asked, env), daemon=True).start()
    return found


def _fill(found: list[ModelInfo], profile: Profile, env: Mapping[str, str]) -> None:
    connection = Connection(env, Path(), say=lambda _line: None)  # of its own: nothing is shared with the main thread
    try:
        found.extend(connection.models(profile))
    except Exception:  # whatever it is, the next question will tell
        return
    finally:
        connection.close()
