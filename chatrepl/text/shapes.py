"""Poking in JSON of any shape: what stands at a path, as the type that is wanted, else None or nothing."""

from typing import Any

NONSENSE = 10**12
"""No server counts so many tokens."""


def dig(value: object, *path: str | int) -> Any:
    """What stands at that path of keys and indexes, None where the shape is another."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text(value: object) -> str:
    """The value if it is a text, else ""."""
    return value if isinstance(value, str) else ""


def count(value: object) -> int | None:
    """The value if it can be a number of tokens, else None: unknown, which is not 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < NONSENSE else None


def items(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def table(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
