"""What every test may ask for."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.server import Server, serving
from tests.support.talking import Talk, talking

settings.register_profile("usual", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("usual")  # how long one example takes says how busy the machine is
settings.register_profile("long", max_examples=20_000)
"""For a run of an hour or so: ``pytest --hypothesis-profile=long tests/dialects/test_dialects.py``."""


def pytest_configure() -> None:
    """Hear Ctrl-C also where the tests run behind a shell, which lets what it starts there ignore it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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
