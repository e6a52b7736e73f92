"""Servers that nobody here wrote, as child processes on loopback: aimock and LiteLLM.

llama.cpp's needs no help from here: ``chatrepl.client.embedded.server`` starts it.

aimock is a package for Node. It is found where ``llmock`` is on the PATH, or where an earlier run put it; with
CHATREPL_TEST_AIMOCK=1 it is installed into the user's cache, once. A test without its server is skipped and says why.
"""

import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from socket import create_server

import pytest

from tests.support.server import PATIENCE

AIMOCK = "@copilotkit/aimock@1.43.0"
SWITCH = "CHATREPL_TEST_AIMOCK"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chatrepl-tests" / "aimock-1.43.0"

_INSTALL = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")


@cache
def aimock() -> list[str]:
    """The command that runs aimock."""
    if found := shutil.which("llmock"):
        return [found]
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node:
        pytest.skip("aimock needs Node")
    if not _script(CACHE).exists():
        if os.environ.get(SWITCH) != "1" or not npm:
            pytest.skip(f"no aimock: set {SWITCH}=1 with npm on the PATH to fetch it, or npm install -g {AIMOCK}")
        _install(npm)
    return [node, str(_script(CACHE))]


def _script(folder: Path) -> Path:
    return folder / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"


def _install(npm: str) -> None:
    """Install aimock into the cache, whole or not at all: another process may be doing the same."""
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as folder:
        command = [npm, "install", *_INSTALL, "--prefix", folder, AIMOCK]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"npm could not install aimock: {error}")
        if not _script(Path(folder)).exists():
            pytest.skip(f"npm could not install aimock: {done.stderr[-300:]}")
        try:
            CACHE.mkdir(exist_ok=True)
            Path(folder, "node_modules").rename(CACHE / "node_modules")
        except OSError:
            assert _script(CACHE).exists(), "not even the other process has it"


@contextmanager
def running(command: list[str], ready: str, log: Path, **env: str) -> Iterator[str]:
    """The origin of a server on a free port, once it answers at the path ``ready``.

    ``{port}`` in its arguments stands for the port.
    """
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [word.replace("{port}", str(port)) for word in command]
    origin = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output, env={**os.environ, **env})
    try:
        _await(process, f"{origin}{ready}", log)
        yield origin
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 4 * PATIENCE
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"{process.args!r} does not answer:\n{log.read_text('utf-8', 'replace')[-2000:]}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
