"""Whoever follows CONTRIBUTING to the letter has added a command, a vendor and a format; a dialect has its own test."""

import ast
import re
from pathlib import Path

import pytest

import chatrepl
from chatrepl.chat import commands
from chatrepl.config import config, vendors
from chatrepl.conversation import Conversation, question
from chatrepl.sessions import formats
from chatrepl.sessions.formats import FORMATS, Way
from tests.support.stored import reply
from tests.support.talking import Talk, shown

TOP = Path(chatrepl.__file__).parents[1]
CONTRIBUTING = (TOP / ".github" / "CONTRIBUTING.md").read_text("utf-8")


def example(of: str) -> str:
    """The code that it shows for that."""
    return CONTRIBUTING.partition(f"```python {of}\n")[2].partition("```\n")[0]


def test_a_command_is_a_function(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(commands.COMMANDS, "/shout", commands.COMMANDS["/help"])  # put back in the end
    exec(example("command"), {})
    assert commands.COMMANDS["/shout"].about == "Say the words in capital letters"
    session = talk(config.Profile("test", dialect="openai-chat", model="m"))
    commands.run(session, "/shout hello")
    assert "HELLO" in shown(session)


def test_a_vendor_is_an_entry_of_a_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, table in ast.literal_eval(example("vendor")).items():
        monkeypatch.setitem(vendors.PROFILES, name, table)
    profile = config.built_in(tmp_path / "none").profile("example")
    assert config.address(profile, {}) == "https://api.example.org/v1"
    assert (profile.dialect, profile.needs_key) == ("openai-chat", True)


def test_a_format_is_a_module_and_a_line_of_a_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    line = re.search(r"`\"(\.csv)\": Way\(\"csv\", read=False\),`", CONTRIBUTING)
    assert line
    (tmp_path / "csv.py").write_text(example("format"))
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])
    monkeypatch.setitem(FORMATS, line[1], Way("csv", read=False))
    monkeypatch.setattr(formats, "WRITTEN", (*formats.WRITTEN, line[1]))
    formats.save(tmp_path / "talk.csv", Conversation(turns=[(question("Hi"), reply("Hello"))]), "")
    assert (tmp_path / "talk.csv").read_text().split() == ["user,Hi", "assistant,Hello"]


def test_its_map_names_every_package() -> None:
    packages = {path.name for path in (TOP / "chatrepl").iterdir() if (path / "__init__.py").exists()}
    map_ = CONTRIBUTING.partition("## The map")[2].partition("Words, one")[0]
    assert packages <= {name for row in map_.splitlines() for name in re.split("  +", row)[0].split()}
