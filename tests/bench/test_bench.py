"""What the benchmark hooks into is there, and what it writes down can be read."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatrepl import sessions

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from tests.bench import floors, peers, sessions as many
from tests.bench.__main__ import Bench
from tests.bench.report import Figure, row
from tests.support.server import Server
from tests.support.terminal import environment


def test_the_scripts_find_what_they_measure(tmp_path: Path) -> None:
    command = [sys.executable, "-c", floors.FRAMES, str(tmp_path / "told"), "--list-profiles"]
    frames = subprocess.run(command, capture_output=True, check=False, env=environment(tmp_path))
    assert frames.returncode == 0, frames.stderr
    assert (tmp_path / "told").read_text() == "", "no frame was drawn"
    many.write(tmp_path / "sessions", "one", 2, 10)
    listed = subprocess.run([sys.executable, "-c", floors.LISTED, str(tmp_path / "sessions")], capture_output=True)
    assert len(listed.stdout.split()) == 2, listed.stderr


def test_its_sessions_are_those_of_the_program(tmp_path: Path) -> None:
    many.write(tmp_path, "one", 4, 40)
    assert [(each.title[:13], each.turns) for each in sessions.listed(tmp_path)] == [("one message 0", 2)]


def test_a_program_that_does_not_start_is_named_and_left_out(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = (sys.executable, "-c", "raise SystemExit('cannot start')")
    broken = peers.Peer(command, b"> ", "\n", lambda _url: ("settings", ""))
    monkeypatch.setattr(peers, "PEERS", {"broken": broken})
    bench = Bench(tmp_path, server, 1)
    assert list(bench.peers()) == []
    (left_out,) = bench.left_out
    assert left_out.startswith("broken")
    assert "cannot start" in left_out


def test_a_figure_is_a_row() -> None:
    figure = Figure("start", "s", [2, 4, 6], [1, 2, 3], "bare", "1.5")
    assert row(figure) == "| start | 4.00 s (2.00–6.00) | 2.00 s (1.00–3.00) bare | 2.00 | 1.5 |"
