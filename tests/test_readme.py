"""README, /help, --help, the example configuration and the code agree."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import chatrepl
from chatrepl import errors
from chatrepl.chat.commands import COMMANDS
from chatrepl.cli import flags
from chatrepl.sessions.entries import VERSION

TOP = Path(chatrepl.__file__).parents[1]
README = (TOP / "README.md").read_text("utf-8")


def rows(title: str) -> str:
    """The section of the README under that heading."""
    return README.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_every_command_is_in_the_table_and_no_other() -> None:
    table = re.findall(
        r"(?:`|, )(/\w+)", "".join(line for line in rows("Commands").splitlines(True) if line.startswith("| `/"))
    )
    assert sorted(set(table)) == sorted(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_is_shown_with_its_arguments(name: str) -> None:
    usage = COMMANDS[name].usage.replace("|", r"\|")
    assert name != COMMANDS[name].name or f"`{usage}`" in README
    assert COMMANDS[name].about
    assert COMMANDS[name].help.endswith(".")


def test_every_flag_is_in_the_table_and_no_other() -> None:
    named = {each for action in flags.parser()._actions for each in action.option_strings}
    assert set(re.findall(r"(?<![\w-])(--?[a-z][\w-]*)", rows("Flags"))) == named - {"-h"}


def test_the_two_commands_are_there_and_ci_runs_the_second() -> None:
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[local]' && .venv/bin/chatrepl\n" in README
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/python -m pytest\n" in README


def test_the_version_of_the_journal_is_the_one_described() -> None:
    assert f'{{"chatrepl": {VERSION}, ' in README


def test_help_names_every_exit_status() -> None:
    done = subprocess.run([sys.executable, "-m", "chatrepl", "--help"], capture_output=True, text=True, check=True)
    for status in (errors.FINE, errors.FAILED, errors.USAGE, errors.INTERRUPTED):
        assert re.search(rf"\b{status}\b", done.stdout)
        assert f"| {status} |" in README
