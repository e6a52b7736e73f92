"""What every test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server, serving
from tests.talking import Talk, talking


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
