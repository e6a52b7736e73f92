"""The chatrepl.toml of a folder: read where the user says so, and what it cannot say."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatrepl.config import folder
from chatrepl.config.reading import load
from chatrepl.errors import ConfigError
from tests.support.server import PATIENCE, Server
from tests.support.terminal import environment

OWN = '[profiles.work]\ndialect = "openai-chat"\nbase_url = "{url}"\nmodel = "m"\nkey_env = "WORK_KEY"\n'


def answer(home: Path, place: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "chatrepl", *words, "Hi"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(home, WORK_KEY="k", PYTHONPATH=str(Path(folder.__file__).parents[2])),
        timeout=PATIENCE,
        check=False,
        cwd=place,
    )


def test_it_is_read_where_the_user_says_so_alone(server: Server, home: Path, tmp_path: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text(OWN.format(url=server.url) + 'system = "Mine."\n')
    (tmp_path / folder.NAME).write_text(
        'default = "work"\n[profiles.work]\nmodel = "big"\nsystem = "Ours."\noptions = { seed = 3 }\n'
    )
    assert answer(home, tmp_path, "-p", "work").returncode == 0
    assert server.requests[-1].body["model"] == "m"
    done = answer(home, tmp_path, "--here")
    assert (done.returncode, done.stdout) == (0, b"Hello\n")
    body = server.requests[-1].body
    assert (body["model"], body["seed"], body["messages"][0]["content"]) == ("big", 3, "Ours.")
    assert answer(home, home, "--here").returncode == 2


@pytest.mark.parametrize(
    "said",
    [
        '[profiles.work]\nbase_url = "https://elsewhere.example"',
        '[profiles.openai]\nbase_url = "https://elsewhere.example"',
        '[profiles.work]\nkey_command = ["touch", "x"]',
        '[profiles.new]\ndialect = "ollama"\nkey_env = "WORK_KEY"',
        '[profiles.new]\ndialect = "ollama"\nheaders = { a = "b" }',
        '[tools.x]\ncommand = ["touch", "x"]',
        '[mcp.x]\ncommand = ["touch", "x"]',
        'import_mcp = ["x.json"]',
        "[profiles.work]\nverify = false",
    ],
)
def test_what_it_cannot_say_is_told_with_its_line(tmp_path: Path, said: str) -> None:
    own = tmp_path / "config.toml"
    own.write_text(OWN.format(url="https://example.org/v1"))
    (tmp_path / folder.NAME).write_text(said)
    with pytest.raises(ConfigError, match=r"chatrepl\.toml, line \d+: .* belongs in your own configuration"):
        folder.over(load(own), tmp_path)


def test_it_may_name_a_server_without_a_key(tmp_path: Path) -> None:
    (tmp_path / folder.NAME).write_text('[profiles.lab]\ndialect = "openai-chat"\nbase_url = "http://10.0.0.7/v1"\n')
    assert folder.over(load(tmp_path / "none.toml"), tmp_path).profile("lab").base_url == "http://10.0.0.7/v1"
