"""What a function is called with, while it does what it always did."""

from typing import Any

import pytest


def calls(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[tuple[Any, ...]]:
    """The arguments of every call of ``owner.name`` from now on."""
    seen: list[tuple[Any, ...]] = []
    real = getattr(owner, name)

    def noted(*words: Any) -> Any:
        seen.append(words)
        return real(*words)

    monkeypatch.setattr(owner, name, noted)
    return seen
