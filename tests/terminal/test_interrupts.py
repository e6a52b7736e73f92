"""Ctrl-C where it is awaited, and nowhere else."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from chatrepl.terminal.interrupts import Interrupts
from tests.support.server import PATIENCE


@pytest.fixture
def interrupts() -> Interrupts:
    return Interrupts()


@contextmanager
def interrupted() -> Iterator[None]:
    """What is done here is ended by KeyboardInterrupt."""
    try:
        yield
    except KeyboardInterrupt:
        return
    pytest.fail("no KeyboardInterrupt came")


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_it_is_raised_where_it_is_awaited(interrupts: Interrupts) -> None:
    with interrupts.caught(), interrupted(), interrupts.awaited():
        press()


def test_it_waits_for_the_next_place_that_awaits_it(interrupts: Interrupts) -> None:
    done = []
    with interrupts.caught(), interrupted():
        press()
        done.append("whole")
        with interrupts.awaited():
            done.append("begun")
    assert done == ["whole"]


def test_an_import_is_whole_before_it_is_raised(
    interrupts: Interrupts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "interrupted_module.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\nwhole = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    began = time.monotonic()
    with interrupts.caught(), interrupted(), interrupts.awaited():
        import_module("interrupted_module")
        time.sleep(PATIENCE)  # a wait that it has to end
    assert time.monotonic() - began < PATIENCE / 2
    assert sys.modules.pop("interrupted_module").whole


def test_one_that_was_put_off_is_not_taken_twice(
    interrupts: Interrupts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "interrupted_module.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    came = []
    monkeypatch.setattr("chatrepl.terminal.interrupts._interrupt_main", lambda: came.append("again"))
    with interrupts.caught():
        with interrupted(), interrupts.awaited():
            import_module("interrupted_module")
            with interrupts.shielded():
                pass  # what awaits it next
        del sys.modules["interrupted_module"]
        while not came:
            time.sleep(0.001)
        press()  # as the timer would
        with interrupts.awaited():
            came.append("went on")
    assert came == ["again", "went on"]
