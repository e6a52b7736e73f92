"""What people call files: every name is a path, or a line that says why not."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from chatrepl.errors import CommandError
from chatrepl.files.writing import path_of
from tests.support.program import run
from tests.support.server import Server
from tests.support.terminal import Terminal, chatrepl, environment

NOBODY = "~nobody-is-called-so/x.md"


@given(st.text(st.characters()))
def test_a_name_is_a_path_that_can_be_looked_at_or_refused(name: str) -> None:
    try:
        path = path_of(name)
    except CommandError as error:
        assert "\n" not in str(error)
    else:
        with suppress(OSError):  # a name too long, say
            path.is_file()


@pytest.mark.parametrize(("name", "why"), [(NOBODY, "no such user"), ("a\0b", "can be called"), ("a\ud800", "called")])
def test_a_name_that_no_file_has_is_said(name: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        path_of(name)


def test_a_home_is_found_and_bytes_that_are_no_utf8_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert path_of("~/a") == tmp_path / "a"
    assert path_of("a\udcff") == Path("a\udcff")


@pytest.mark.parametrize(
    "words",
    [
        ["-f", NOBODY, "Hi"],
        ["-s", f"@{NOBODY}", "Hi"],
        ["--config", NOBODY, "Hi"],
        ["--export", "x", NOBODY],
        ["--import", NOBODY],
        ["--record", NOBODY, "Hi"],
        ["--replay", NOBODY, "Hi"],
    ],
    ids=lambda words: words[0],
)
def test_a_flag_whose_file_has_no_owner_is_a_line(home: Path, words: list[str]) -> None:
    done = run("--base-url", "http://127.0.0.1:9/v1", "-m", "m", *words, home=home)
    assert done.returncode == 2
    assert b"no such user" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_home_or_a_key_file_without_owner_is_a_line(home: Path) -> None:
    done = run("Hi", home=home, CHATREPL_HOME=NOBODY)
    assert (done.returncode, done.stderr.count(b"no such user")) == (2, 1)
    home.mkdir()
    profile = f'dialect = "openai-chat"\nbase_url = "https://127.0.0.1:9/v1"\nmodel = "m"\n{{}} = "{NOBODY}"\n'
    for setting in ("key_file", "ca_file"):
        (home / "config.toml").write_text("[profiles.work]\n" + profile.format(setting))
        done = run("-p", "work", "Hi", home=home)
        assert done.returncode
        assert done.stderr.count(b"no such user") == 1
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["/save {}", "/load {}", "/file {}", "/image {}", "/system @{}"])
@pytest.mark.parametrize("name", [NOBODY, "a\0.md"], ids=["nobody", "NUL"])
def test_a_command_whose_file_cannot_be_is_a_line_and_the_chat_goes_on(chat: Terminal, command: str, name: str) -> None:
    chat.line("Hi")
    chat.wait_for("Hello")
    chat.wait_for_prompt()
    chat.send(f"\x1b[200~{command.format(name)}\x1b[201~\r")  # pasted: Ctrl-@ is a key
    chat.wait_for("No file can be called")
    assert chat.process.isalive()


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    """chatrepl at its prompt, talking to the scripted server."""
    with chatrepl("--base-url", server.url, "-m", "test-model", env=environment(home)) as terminal:
        terminal.wait_for_prompt()
        yield terminal
