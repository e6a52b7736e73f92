"""A configuration that others can write: it is told, and runs nothing."""

import json
import os
import sys
from pathlib import Path

import pytest

from chatrepl.config import reading
from chatrepl.config.settings import text_or_file
from chatrepl.errors import CommandError, ConfigError
from chatrepl.files import attachments
from chatrepl.sessions import formats
from tests.support.program import run
from tests.support.server import Server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="who may write is told otherwise there")


@pytest.fixture
def work(server: Server, home: Path) -> Path:
    """A configuration with a key command and a tool that leave a trace."""
    home.mkdir(mode=0o700)
    trace = json.dumps(["sh", "-c", f"echo ran >> {home}/trace; echo 0123456789abcdef"])
    path = home / "config.toml"
    path.write_text(
        f'default = "work"\n[profiles.work]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "m"\n'
        f'key_command = {trace}\n[tools.t]\ncommand = {trace}\ndescription = "t"\n'
    )
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("place", ["file", "folder"])
def test_it_runs_no_command_and_is_told(server: Server, home: Path, work: Path, place: str) -> None:
    assert run("Hi", home=home).stdout == b"Hello\n"
    (home / "trace").unlink()
    (work if place == "file" else home).chmod(0o777)
    done = run("Hi", home=home)
    assert (done.returncode, done.stdout, len(server.requests)) == (2, b"", 1)
    assert f"others can write {work if place == 'file' else home}".encode() in done.stderr
    assert b"'sh' is not run" in done.stderr
    assert not (home / "trace").exists()
    assert reading.load(work).tools is None


@pytest.mark.parametrize("place", ["config.toml", ".", "sessions"])
def test_the_doctor_tells_what_others_can_write(home: Path, work: Path, place: str) -> None:
    (home / "sessions").mkdir(mode=0o700)
    assert b"others can write" not in run("--doctor", home=home).stdout
    (home / place).chmod(0o777)
    told = run("--doctor", home=home).stdout.decode()
    assert f"others can write {(home / place).resolve() if place == '.' else home / place}" in told
    assert "chmod go-w" in told


def test_what_is_no_file_or_has_no_end_is_told_and_not_read(home: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("pipe.json", "zero.json"):
        path = tmp_path / name if name.startswith("pipe") else Path("/dev/zero")
        for act in (
            lambda path=path: text_or_file(f"@{path}"),
            lambda path=path: reading.load(path, must_exist=True),
            lambda path=path: attachments.read(path),
        ):
            with pytest.raises((CommandError, ConfigError)):
                act()
    done = run("--import", str(tmp_path / "pipe.json"), home=home)
    assert b"it is a pipe" in done.stderr
    huge = tmp_path / "huge.toml"
    huge.write_text("")
    os.truncate(huge, 200 * 10**9)
    with pytest.raises(ConfigError, match="larger than"):
        reading.load(huge)
    with pytest.raises(CommandError, match="larger than"):
        text_or_file(f"@{huge}")
    with pytest.raises(CommandError, match="too large"):
        attachments.read(huge)
    for ending in (".json", ".jsonl", ".md"):
        huge.rename(huge := huge.with_suffix(ending))
        with pytest.raises(Exception, match="larger than"):
            formats.load_all(huge)
    dense = tmp_path / "dense.json"
    dense.write_text("[" + "{}," * 2_000_000 + "{}]")
    with pytest.raises(Exception, match="too many values"):
        formats.load_all(dense)
