"""The scripts that complete the command line, in the shells themselves."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there are no such shells on Windows", allow_module_level=True)

from chatrepl.cli import flags
from chatrepl.conversation import Message, TextPart
from chatrepl.sessions.encoding import to_data
from chatrepl.sessions.entries import Entry, Header, Said
from chatrepl.sessions.formats.format import to_json
from tests.support.terminal import TAB, Terminal, environment

IDS = ["20260102-030405-aaaa", "20260203-040506-bbbb"]


@pytest.fixture
def env(home: Path, tmp_path: Path) -> dict[str, str]:
    """A home with two sessions, and a program called chatrepl."""
    for number, name in enumerate(IDS):
        said = [Message("user", (TextPart(f"It's 10:30, {number}"),)), Message("assistant", (TextPart("So it is"),))]
        path = home / "sessions" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        entries: list[Entry] = [Header(name, ""), *map(Said, said)]
        path.write_text("".join(to_json(to_data(entry)) + "\n" for entry in entries))
        os.utime(path, (number, number))
    program = tmp_path / "bin" / "chatrepl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m chatrepl "$@"\n')
    program.chmod(0o755)
    for name in ("notes.md", "two words.md"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    known = environment(home)
    packages = str(Path(flags.__file__).parents[2])
    return known | {"PATH": f"{program.parent}:{known['PATH']}", "PYTHONPATH": packages, "PWD": str(tmp_path)}


def needs(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed; .ci/run installs it where it is root")


def in_bash(line: str, wanted: set[str], env: dict[str, str], folder: Path) -> set[str]:
    body = f"""{flags.completion("bash")}
COMP_WORDS=({line}); [[ {line!r} == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); _chatrepl; printf '%s\\n' "${{COMPREPLY[@]}}" """
    return _words(["bash", "--norc", "-c", body], env, folder)


def in_fish(line: str, wanted: set[str], env: dict[str, str], folder: Path) -> set[str]:
    script = folder / "completion.fish"
    script.write_text(flags.completion("fish"))
    command = ["fish", "--no-config", "-c", f"source {script}; complete -C {line!r}"]
    return {each.partition("\t")[0].rstrip("/") for each in _words(command, env, folder)}


def in_zsh(line: str, wanted: set[str], env: dict[str, str], folder: Path) -> set[str]:
    script = folder / "completion.zsh"
    script.write_text(flags.completion("zsh"))
    terminal = Terminal(["zsh", "-f", "-i"], env | {"PS1": "$ ", "PROMPT_EOL_MARK": ""}, columns=100)

    def words() -> set[str]:
        return {word.rstrip("/") for word in terminal.text().split()}

    try:
        terminal.line(f"cd {folder}; autoload -U compinit; compinit -u -D; unsetopt list_ambiguous auto_menu")
        terminal.line(f"source {script}; clear; echo rea''dy")
        terminal.wait_for("ready")
        terminal.send(line + TAB)
        terminal.until(lambda: wanted <= words(), f"{wanted} in zsh")
        return words()
    finally:
        terminal.close()


def _words(command: list[str], env: dict[str, str], folder: Path) -> set[str]:
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert not done.stderr
    return {line.rstrip("/") for line in done.stdout.splitlines()}


Shell = Callable[[str, set[str], dict[str, str], Path], set[str]]
SHELLS: dict[str, Shell] = {"bash": in_bash, "zsh": in_zsh, "fish": in_fish}

LINES = {
    "flags": ("chatrepl --list-", {"--list-models", "--list-sessions", "--list-profiles"}),
    "profiles": ("chatrepl -p op", {"openai", "openrouter"}),
    "dialects": ("chatrepl --dialect openai-", {"openai-chat", "openai-responses"}),
    "sessions": ("chatrepl -r 2026", set(IDS)),
    "sessions by the long flag": ("chatrepl --resume 2026", set(IDS)),
    "sessions to export": ("chatrepl --export 2026", set(IDS)),
    "the file of an export": (f"chatrepl --export {IDS[0]} no", {"notes.md"}),
    "folders": ("chatrepl --record fo", {"folder"}),
    "files": ("chatrepl -f no", {"notes.md"}),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("case", LINES)
def test_a_line_completes(shell: str, case: str, env: dict[str, str], tmp_path: Path) -> None:
    needs(shell)
    line, wanted = LINES[case]
    assert wanted <= SHELLS[shell](line, wanted, env, tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_of_the_shell_alone(shell: str) -> None:
    assert "('" not in flags.completion(shell), "a tuple of Python"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_takes_the_script(shell: str, env: dict[str, str], tmp_path: Path) -> None:
    needs(shell)
    (tmp_path / "script").write_text(flags.completion(shell))
    done = subprocess.run([shell, "-n", "script"], env=env, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
