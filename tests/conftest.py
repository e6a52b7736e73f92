"""What every test may ask for."""

import ctypes
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.server import Server, serving
from tests.support.talking import Talk, talking

settings.register_profile("usual", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("usual")  # how long one example takes says how busy the machine is
settings.register_profile("long", max_examples=20_000)
"""For a run of an hour or so: ``pytest --hypothesis-profile=long tests/dialects/test_dialects.py``."""

_M_MMAP_THRESHOLD = -3


def pytest_configure() -> None:
    """Hear Ctrl-C also where the tests run behind a shell, which lets what it starts there ignore it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform == "linux":  # give back what replies of many MB took: glibc would keep it, a GB in the end
        with suppress(AttributeError):
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 4 * 2**20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the one test that takes long, so that no core waits for it in the end."""
    items.sort(key=lambda item: item.name != "test_no_turn_is_lost_and_nothing_piles_up")


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
