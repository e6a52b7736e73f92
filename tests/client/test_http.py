"""httpx comes without its command line, and what else uses it or click notices nothing of that."""

import subprocess
import sys
from pathlib import Path

import pytest

SPOILT = {"httpx": "raise ImportError('spoilt')", "click": "raise SystemExit('click was loaded')"}


def _loading(script: str, folder: Path, *spoilt: str) -> str:
    """What a new process tells in which those libraries are not as they should be."""
    for name in spoilt:
        (folder / f"{name}.py").write_text(SPOILT[name])
    words = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{script}"]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


def test_httpx_comes_without_its_command_line(tmp_path: Path) -> None:
    script = "from chatrepl.client import http; print(http.COMMAND_LINE in sys.modules, callable(http.httpx.main))"
    assert _loading(script, tmp_path, "click") == "False True\n"


def test_a_command_line_that_was_loaded_before_stays(tmp_path: Path) -> None:
    pytest.importorskip("click")
    script = "import httpx; from chatrepl.client import http; print(http.COMMAND_LINE in sys.modules)"
    assert _loading(script, tmp_path) == "True\n"


def test_nothing_stays_kept_away_where_httpx_cannot_be_loaded(tmp_path: Path) -> None:
    script = (
        "try: from chatrepl.client import http\nexcept ImportError as error: print(error, 'httpx._main' in sys.modules)"
    )
    assert _loading(script, tmp_path, "httpx") == "spoilt False\n"
