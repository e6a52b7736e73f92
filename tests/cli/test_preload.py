"""What a start loads: nothing but what the first key needs, and behind the prompt what the first question will."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatrepl.cli import preload
from tests.support.server import PATIENCE, Server
from tests.support.terminal import Terminal, environment

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

LATER = {
    "ctypes",
    "dataclasses",
    "httpx",
    "httpcore",
    "rich",
    "markdown_it",
    "pygments",
    "tomli_w",
    "tomllib",
    "json",
    "platformdirs",
    "xllamacpp",
    "chatrepl.client.client",
    "chatrepl.chat.commands",
    "chatrepl.client.connection",
    "chatrepl.dialects",
    "chatrepl.terminal.drawing",
    "chatrepl.sessions.formats",
    "chatrepl.terminal.screen.live",
    "chatrepl.client.embedded.server",
    "chatrepl.terminal.markdown",
    "chatrepl.chat.turn",
}
"""What the first key needs nothing of; how long it all takes, ``python -m tests.bench`` tells."""

OURS = """
from chatrepl.cli import preload
begin = preload.begin
def shown(then):
    tell(" ".join(sys.modules))
    begin(then)
preload.begin = shown
"""

WARM = """
import threading
from chatrepl.cli import preload
threading.Thread(target=lambda: (preload.over.wait(), tell(str(gc.isenabled()))), daemon=True).start()
"""

ASKED = """
from chatrepl.chat import turn
ask = turn.ask
def asked(*words):
    tell(str(gc.isenabled()))
    return ask(*words)
turn.ask = asked
"""

MAIN = """
from chatrepl.__main__ import main
sys.exit(main())
"""


def driver(body: str, told: Path) -> list[str]:
    """Python that runs this; what it tells is in the file then."""
    tell = f"lambda text: (open({str(told)!r} + '~', 'w').write(text), os.rename({str(told)!r} + '~', {str(told)!r}))"
    return [sys.executable, "-c", f"import gc, os, sys\ntell = {tell}\n{body}"]


@contextmanager
def running(body: str, tmp_path: Path, *words: str) -> Iterator[tuple[Terminal, Path]]:
    """That on a terminal, once it told something at its prompt."""
    told = tmp_path / "told"
    told.unlink(missing_ok=True)
    terminal = Terminal([*driver(body, told), *words], environment(tmp_path / "home"))
    try:
        terminal.wait_for_prompt()
        terminal.until(told.exists, "what it tells")
        yield terminal, told
    finally:
        terminal.close()


def flags(server: Server) -> list[str]:
    return ["--base-url", server.url, "-m", "m"]


def test_before_the_prompt_nothing_is_loaded_that_it_does_not_need(server: Server, tmp_path: Path) -> None:
    without_home = "del os.environ['CHATREPL_HOME']\n"  # as most people have it
    with running(without_home + OURS + MAIN, tmp_path, *flags(server)) as (_, told):
        ours = set(told.read_text().split())
    elsewhere = set() if sys.platform == "linux" else {"platformdirs"}  # which is asked there where files are
    assert ours & LATER - elsewhere == set()
    assert "chatrepl.terminal.prompt.prompt" in ours


def test_behind_the_prompt_all_is_loaded_and_garbage_collected_again(tmp_path: Path) -> None:
    script = (
        "import gc, sys\nfrom chatrepl.cli import preload\ngc.disable()\npreload.begin()\n"
        f"assert preload.over.wait({PATIENCE})\nassert gc.isenabled()\n"
        f"assert not set({preload.NEEDED!r}) - set(sys.modules)\n"
        "assert 'chatrepl.chat.commands' not in sys.modules, 'no question needs one'\n"
        "from chatrepl.text import code\n"
        "assert code.by_name.cache_info().currsize, 'the patterns of no language are compiled'\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, env=environment(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("words", [["Hi"], ["-i", "Hi"], ["--plain", "-i", "Hi"]], ids=" ".join)
def test_whatever_asks_first_garbage_is_collected(server: Server, tmp_path: Path, words: list[str]) -> None:
    told = tmp_path / "told"
    terminal = Terminal([*driver(ASKED + MAIN, told), *flags(server), *words], environment(tmp_path / "home"))
    try:
        terminal.wait_for("Hello")
        assert told.read_text() == "True"
    finally:
        terminal.close()


def test_what_cannot_be_loaded_is_told_where_it_is_needed(server: Server, tmp_path: Path) -> None:
    broken = "sys.modules['rich'] = None\n"
    with running(broken + WARM + MAIN, tmp_path, *flags(server)) as (terminal, told):
        assert told.read_text() == "True"
        terminal.send("Hi")
        terminal.wait_for_prompt("Hi")
        assert "rich" not in terminal.text()
        assert "Traceback" not in terminal.text()
        terminal.send("\r")
        terminal.wait_for("No module named 'rich")
