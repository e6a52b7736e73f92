"""What the programs that chatrepl starts find in their environment: no key but one they were promised."""

import os
import sys
from pathlib import Path

import pytest

from chatrepl.client import keys
from chatrepl.config import Profile
from chatrepl.errors import ConfigError
from tests.support.chatting import ask
from tests.support.server import Server
from tests.support.terminal import chatrepl, environment

if sys.platform == "win32":
    pytest.skip("shells and a pty", allow_module_level=True)

SECRET = {"OPENAI_API_KEY": "sk-not-for-children", "VAULT_TOKEN": "hvs-for-the-key-command"}


def told(command: str) -> str:
    env = {**os.environ, **SECRET}
    return keys.read(Profile("p", key_command=("sh", "-c", command)), env)


def test_a_key_command_finds_what_it_names() -> None:
    assert told("echo [$VAULT_TOKEN$(printenv OPENAI_API_KEY)]") == "[hvs-for-the-key-command]"
    assert told("printenv VAULT_TOKE? || echo none") == "none"


def test_what_a_key_command_says_is_shown_without_escapes(capfd: pytest.CaptureFixture[str]) -> None:
    assert told("printf '\\033[2JPassphrase: ' >&2; echo key") == "key"
    assert "Passphrase: " in (errors := capfd.readouterr().err)
    assert "\x1b" not in errors


@pytest.mark.parametrize("command", ["yes", "cat /dev/zero"])
def test_a_key_command_without_end_is_a_line(command: str) -> None:
    with pytest.raises(ConfigError, match="prints more than"):
        told(command)


def test_a_key_file_without_end_is_a_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    for name, why in (
        ("/dev/zero", "device"),
        (str(tmp_path / "pipe"), "pipe"),
        (str(tmp_path / "large"), "larger than"),
    ):
        with pytest.raises(ConfigError, match=why):
            keys.read(Profile("p", key_file=name), {})


def test_the_editor_and_the_clipboard_find_no_key(server: Server, home: Path, tmp_path: Path) -> None:
    seen = {name: tmp_path / name for name in ("editor", "wl-copy")}
    for name, place in seen.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\nenv > {place}\ncat > /dev/null < /dev/null\n")
        program.chmod(0o700)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    env = environment(home, PATH=path, EDITOR=str(tmp_path / "bin" / "editor"), WAYLAND_DISPLAY="w", **SECRET)
    with chatrepl("--base-url", server.url, "-m", "m", env=env) as chat:
        chat.wait_for_prompt()
        ask(chat, "Hi", "Hello")
        chat.line("/copy")
        chat.until(seen["wl-copy"].exists, "the clipboard")
        chat.wait_for_prompt()
        chat.line("/editor")
        chat.until(seen["editor"].exists, "the editor")
    for place in seen.values():
        text = place.read_text()
        assert "PATH=" in text
        assert not any(value in text for value in SECRET.values())
