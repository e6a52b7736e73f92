"""A newer table of models: whole, or the old one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chatrepl.client import models_table
from chatrepl.config import facts
from chatrepl.errors import RequestError
from tests.support.open_table import OPEN
from tests.support.program import run
from tests.support.server import Exchange, Script, Server

NEWER = {**OPEN, "gpt-y": {**OPEN["gpt-x"], "max_input_tokens": 5}}


def page(body: bytes) -> Script:
    def script(exchange: Exchange) -> None:
        exchange.head(200, "text/plain")
        exchange.send(body)

    return script


def env(server: Server) -> dict[str, str]:
    return {models_table.URL_ENV: f"{server.url}/models.json"}


def test_the_table_is_renewed(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "data" / "models.json"
    server.listing = page(json.dumps(NEWER).encode())
    table = models_table.update(env(server), path)
    assert table.facts("openai", "gpt-y").context == 5
    assert facts.parsed(path.read_bytes()) == table
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"<html>", b"[]", b"{}", b"[" * 200_000, json.dumps({"gpt-x": OPEN["gpt-x"]}).encode(), b"\xff"],
    ids=range(8),
)
def test_what_is_no_table_leaves_the_old_one(server: Server, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "models.json"
    path.write_bytes(b"the old one")
    server.listing = page(body)
    with pytest.raises(RequestError, match="holds no table of models"):
        models_table.update(env(server), path)
    assert [each.name for each in tmp_path.iterdir()] == ["models.json"]
    assert path.read_bytes() == b"the old one"


def test_a_table_without_end_or_without_network_leaves_the_old_one(server: Server, tmp_path: Path) -> None:
    def endless(exchange: Exchange) -> None:
        exchange.head(200, "text/plain")
        while not exchange.received.closed.is_set():
            exchange.send(b" " * 1_000_000)

    server.listing = endless
    with pytest.raises(RequestError, match="holds more than 20 MB"):
        models_table.update(env(server), tmp_path / "models.json")
    with pytest.raises(RequestError, match=r"cannot be fetched|does not answer"):
        models_table.update({models_table.URL_ENV: "http://127.0.0.1:9/"}, tmp_path / "models.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_killed_half_way_the_old_one_stays(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "models.json"
    path.write_bytes(b"the old one")
    process: list[int] = []

    def half(exchange: Exchange) -> None:
        exchange.head(200, "text/plain")
        exchange.send(json.dumps(NEWER)[:300])
        os.kill(process[0], signal.SIGKILL)

    server.listing = half
    script = (
        "import os, sys; from pathlib import Path; from chatrepl.client import models_table\n"
        f"sys.stdin.readline(); models_table.update(os.environ, Path({str(path)!r}))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, env={**os.environ, **env(server)}
    ) as child:
        process.append(child.pid)
        child.communicate(b"go\n")
    assert child.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"the old one"


def test_the_flag_fetches_it_and_tells_how_much_there_is(server: Server, tmp_path: Path) -> None:
    server.listing = page(json.dumps(OPEN).encode())
    found = run("--update-models", home=tmp_path, CHATREPL_MODELS_URL=server.url)
    assert found.returncode == 0, found.stderr
    assert b"6 models of 4 vendors, as of 20" in found.stdout
    assert facts.parsed((tmp_path / "models" / "table.json").read_bytes()).facts("openai", "gpt-x").context == 900_000
    server.listing = page(b"no table")
    broken = run("--update-models", home=tmp_path, CHATREPL_MODELS_URL=server.url)
    assert broken.returncode == 1
    assert b"holds no table of models" in broken.stderr
    assert b"The table stays as it was." in broken.stderr
