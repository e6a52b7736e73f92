"""README, the manual, /help, --help, the example configuration and the code agree."""

import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

import chatrepl
from chatrepl import errors
from chatrepl.chat.commands import COMMANDS
from chatrepl.cli import flags
from chatrepl.config import Profile, Ui, reading
from chatrepl.config.settings import PARAMETERS
from chatrepl.sessions.entries import VERSION

TOP = Path(chatrepl.__file__).parents[1]
README = (TOP / "README.md").read_text("utf-8")
MANUAL = {page.stem: page.read_text("utf-8") for page in sorted((TOP / "chatrepl" / "manual").glob("*.md"))}
PAGES = """start commands keys configuration vendors sessions files tools prompts long-conversations network terminals
scripting security speed coming-from changes""".split()
BLOCKS = [
    (name, kind, block)
    for name, text in {**MANUAL, "README": README}.items()
    for kind, block in re.findall(r"^ *```(\w*)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
]


def told(pattern: str, *, pages: dict[str, str] = MANUAL) -> list[str]:
    """The pages that have a row of a table which begins so."""
    return [name for name, text in pages.items() if re.search(rf"^\| (?:`[^|]*?`, )*`?{pattern}", text, re.MULTILINE)]


def test_the_pages_are_there_and_linked() -> None:
    assert sorted(MANUAL) == sorted(PAGES)
    assert {f"chatrepl/manual/{page}.md" for page in PAGES} <= set(re.findall(r"\]\(([^)]+\.md)\)", README))
    assert all(text.startswith("# ") for text in MANUAL.values())


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    assert README.count("\n") <= 150
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (TOP / link).exists(), link


def test_every_command_stands_in_one_table_and_no_other() -> None:
    rows = "".join(line for line in MANUAL["commands"].splitlines(True) if line.startswith("| `/"))
    assert sorted(set(re.findall(r"(?:`|, )(/\w+)", rows))) == sorted(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_is_shown_with_its_arguments(name: str) -> None:
    usage = COMMANDS[name].usage.replace("|", r"\|")
    assert name != COMMANDS[name].name or f"`{usage}`" in MANUAL["commands"]
    assert COMMANDS[name].about
    assert COMMANDS[name].help.endswith(".")


def test_every_flag_stands_in_one_table_and_no_other() -> None:
    named = {each for action in flags.parser()._actions for each in action.option_strings}
    rows = "".join(line for line in MANUAL["scripting"].splitlines(True) if re.match(r"\| `(-|PROMPT)", line))
    assert set(re.findall(r"(?<![\w-])(--?[a-z][\w-]*)", rows)) == named - {"-h"}


@pytest.mark.parametrize("name", [*(field.name for field in fields(Ui)), *PARAMETERS])
def test_every_setting_stands_on_one_page(name: str) -> None:
    pages = [page for page, text in MANUAL.items() if re.search(rf"^\| `{name}` \|", text, re.MULTILINE)]
    assert pages == ["configuration"]


def test_every_setting_of_a_profile_is_explained() -> None:
    hidden = {"name", "place"} | {field.name for field in fields(Profile) if "key" in field.metadata}
    for name in {field.name for field in fields(Profile)} - hidden | {"base_url"}:
        assert f"`{name}`" in MANUAL["configuration"], name


@pytest.mark.parametrize("name", sorted(reading._TABLES))
def test_what_stands_at_the_top_of_the_configuration_is_explained(name: str) -> None:
    table = MANUAL["configuration"].partition("## The top")[2].partition("\n## ")[0]
    assert re.search(rf"^\| .*`\[?{name}[\].`]", table, re.MULTILINE)


@pytest.mark.parametrize(
    ("kind", "page"), [(r"/\w+", "commands"), (r"--?[a-z]", "scripting"), ("(?:Ctrl|Alt)-", "keys")]
)
def test_what_is_typed_is_explained_on_one_page(kind: str, page: str) -> None:
    assert told(kind) == [page]


def test_the_commands_of_readme_are_there_and_ci_runs_the_second() -> None:
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[local]' && .venv/bin/chatrepl\n" in README
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/python -m pytest\n" in README


def test_the_version_of_the_journal_is_the_one_described() -> None:
    assert f'{{"chatrepl": {VERSION}, ' in MANUAL["sessions"]


def test_help_names_every_exit_status_and_one_page_does() -> None:
    done = subprocess.run([sys.executable, "-m", "chatrepl", "--help"], capture_output=True, text=True, check=True)
    for status in (errors.FINE, errors.FAILED, errors.USAGE, errors.INTERRUPTED):
        assert re.search(rf"\b{status}\b", done.stdout)
        assert told(rf"{status} \|") == ["scripting"]


@pytest.mark.parametrize("block", [block for _, kind, block in BLOCKS if kind == "toml"])
def test_an_example_of_the_configuration_is_one(tmp_path: Path, block: str) -> None:
    assert tomllib.loads(block)
    path = tmp_path / "config.toml"
    path.write_text(block, "utf-8")
    path.chmod(0o600)
    reading.load(path)


@pytest.mark.parametrize(("page", "line"), [(page, line) for page, _, block in BLOCKS for line in block.splitlines()])
def test_an_example_uses_flags_and_commands_that_exist(page: str, line: str) -> None:
    """A line that runs chatrepl, or that is typed at its prompt."""
    known = {each for action in flags.parser()._actions for each in action.option_strings}
    if match := re.search(r"(?:^|[ |])chatrepl ((?:(?! {3}|\|).)*)", line):
        words = re.sub(r"'[^']*'|\"[^\"]*\"", "", match[1]).split()
        assert {word for word in words if re.fullmatch(r"--?[a-z][\w-]*", word)} <= known, page
    if match := re.match(r" *> (/\w+)", line):
        of_a_server = line[match.end() :].startswith(":")
        assert match[1] in COMMANDS or page == "prompts" or of_a_server, page
