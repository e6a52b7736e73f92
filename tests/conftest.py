"""What every test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.server import Server, serving
from tests.support.talking import Talk, talking

settings.register_profile("long", max_examples=20_000, deadline=None)
"""For a run of an hour or so: ``pytest --hypothesis-profile=long tests/dialects/test_dialects.py``."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A scripted server on loopback."""
    with serving() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A fresh CHATREPL_HOME."""
    return tmp_path / "home"


@pytest.fixture
def talk(home: Path) -> Iterator[Talk]:
    """Makes sessions with a profile."""
    with talking(home) as begin:
        yield begin
