"""Servers that nobody here wrote, as child processes: aimock and LiteLLM on loopback, an MCP server of npm's.

llama.cpp's needs no help from here: ``chatrepl.client.embedded.server`` starts it.

aimock and the MCP server are packages for Node. They are found where they are on the PATH, or where an earlier run put
them; with CHATREPL_TEST_AIMOCK=1 they are installed into the user's cache, once. A test without its server is skipped
and says why.
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
from typing import NamedTuple

import pytest

from tests.support.server import PATIENCE

SWITCH = "CHATREPL_TEST_AIMOCK"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chatrepl-tests"


class Package(NamedTuple):
    """A package of npm's: what it is installed by, where its script is then, and its command on the PATH."""

    name: str
    version: str
    script: str
    command: str

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return CACHE / f"{self.name.rpartition('/')[2]}-{self.version}"

    def script_in(self, folder: Path) -> Path:
        return folder / "node_modules" / self.name / self.script


AIMOCK = Package("@copilotkit/aimock", "1.43.0", "dist/cli.js", "llmock")
EVERYTHING = Package("@modelcontextprotocol/server-everything", "2026.8.31", "dist/index.js", "mcp-server-everything")

_INSTALL = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")


def aimock() -> list[str]:
    """The command that runs aimock."""
    return _command(AIMOCK)


def everything() -> list[str]:
    """The command that runs the reference MCP server of all things."""
    return _command(EVERYTHING)


@cache
def _command(package: Package) -> list[str]:
    if found := shutil.which(package.command):
        return [found]
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node:
        pytest.skip(f"{package.name} needs Node")
    if not package.script_in(package.folder).exists():
        if os.environ.get(SWITCH) != "1" or not npm:
            pytest.skip(f"no {package.name}: set {SWITCH}=1 with npm on the PATH to fetch it, or npm install -g it")
        _install(npm, package)
    return [node, str(package.script_in(package.folder))]


def _install(npm: str, package: Package) -> None:
    """Install it into the cache, whole or not at all: another process may be doing the same."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        command = [npm, "install", *_INSTALL, "--prefix", folder, f"{package.name}@{package.version}"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"npm could not install {package.name}: {error}")
        if not package.script_in(Path(folder)).exists():
            pytest.skip(f"npm could not install {package.name}: {done.stderr[-300:]}")
        try:
            package.folder.mkdir(exist_ok=True)
            Path(folder, "node_modules").rename(package.folder / "node_modules")
        except OSError:
            assert package.script_in(package.folder).exists(), "not even the other process has it"


@contextmanager
def running(command: list[str], ready: str, log: Path, *, port: int = 0, **env: str) -> Iterator[str]:
    """The origin of a server on a free port, or on that one, once it answers at the path ``ready``.

    ``{port}`` in its arguments stands for the port.
    """
    if not port:
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
