"""The arguments of a call, from the text that a model wrote: an object, read so that it can mean one thing only."""

import json
from typing import Any

from chatrepl.config.reading import unsendable

DEEPEST = 64
"""Values within values."""


class BadArguments(ValueError):
    """The text is no object; str() tells the model why."""


def parse(text: str) -> dict[str, Any]:
    """The object in the text. Nothing, and null, are an empty one, as some servers write it."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except BadArguments:
        raise
    except RecursionError:
        raise BadArguments("The arguments are nested too deep.") from None
    except ValueError as error:
        raise BadArguments(f"The arguments are not valid JSON: {error}.") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadArguments("The arguments have to be a JSON object.")
    if depth(found) > DEEPEST:
        raise BadArguments("The arguments are nested too deep.")
    if wrong := unsendable(found):
        raise BadArguments(f"The arguments hold {wrong}.")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, if each of its keys stands there once: else what is shown may not be what is run."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
        raise BadArguments(f"The arguments name {twice[:40]!r} twice.")
    return found


def _no_number(word: str) -> Any:
    raise BadArguments(f"The arguments hold {word}, which is not JSON.")


def depth(value: object, limit: int = 10_000) -> int:
    """How many values deep it goes, looked at without recursion."""
    level, here = 0, [value]
    while here and level < limit:
        level += 1
        here = [item for each in here for item in _inside(each)]
    return level


def _inside(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []
