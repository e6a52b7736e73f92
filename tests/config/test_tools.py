"""What the configuration says of tools, and what it is refused for."""

import os
import tomllib
from pathlib import Path

import pytest

from chatrepl.config import editing, reading
from chatrepl.config.tools import Allowed, Tools, expanded, variables
from chatrepl.errors import ConfigError
from chatrepl.files.ownership import untrusted

WHOLE = """
import_mcp = ["~/.cursor/mcp.json"]
[tools.weather]
command = ["python3", "weather.py"]
description = "The weather."
parameters = { city = "string", unit = "string = celsius" }
timeout = 20
approve = "allow"
env = { KEY = "${WEATHER_KEY}" }
[tools]
on = ["weather"]
[mcp.files]
command = ["npx", "-y", "files", "~/notes"]
tools = ["read_*"]
[mcp.work]
url = "https://mcp.example.org/mcp"
headers = { Authorization = "Bearer ${WORK_TOKEN}" }
"""


def load(folder: Path, text: str) -> Tools:
    """What that configuration says."""
    (folder / "config.toml").write_text(text, "utf-8")
    tools = reading.load(folder / "config.toml").tools
    assert tools
    return tools


def test_all_of_it_is_read(tmp_path: Path) -> None:
    tools = load(tmp_path, WHOLE)
    weather = tools.programs["weather"]
    assert (weather.name, weather.command, weather.timeout) == ("weather", ("python3", "weather.py"), 20)
    assert (weather.description, weather.approve) == ("The weather.", "allow")
    assert weather.parameters == {"city": "string", "unit": "string = celsius"}
    assert weather.env == {"KEY": "${WEATHER_KEY}"}
    assert tools.servers["files"].command == ("npx", "-y", "files", "~/notes")
    assert tools.servers["files"].tools == ("read_*",)
    assert tools.servers["files"].approve == "ask"
    assert tools.servers["work"].headers == {"Authorization": "Bearer ${WORK_TOKEN}"}
    assert tools.imports == ("~/.cursor/mcp.json",)
    assert tools.on == ("weather",)


def test_a_list_at_the_top_says_what_is_on(tmp_path: Path) -> None:
    assert load(tmp_path, 'tools = ["files"]\n[mcp.files]\ncommand = ["x"]\n').on == ("files",)


def test_a_profile_says_what_is_on_too(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[profiles.local]\ntools = ["files"]\n')
    config = reading.load(tmp_path / "config.toml")
    assert config.profile("local").tools == ("files",)
    assert config.tools is None


COMPLAINTS = {
    "an unknown key": (
        '[tools.x]\ncomand = ["a"]\n',
        "line 2: tools.x.comand is no known key: did you mean",
    ),
    "no command": ('[tools.x]\ndescription = "a"\n', "line 1: tools.x needs a command"),
    "a command that is no list": ('[tools.x]\ncommand = "a"\n', "line 2: tools.x.command has to be a list"),
    "an approval that is none": (
        '[tools.x]\ncommand = ["a"]\napprove = "always"\n',
        "line 3: tools.x.approve has to be one of ask, allow",
    ),
    "neither": ("[mcp.x]\ntimeout = 3\n", "line 1: mcp.x needs a command or a url, and not both"),
    "both": ('[mcp.x]\ncommand = ["a"]\nurl = "http://h"\n', "line 1: mcp.x needs a command or a url, and not both"),
    "no address": ('[mcp.x]\nurl = "ftp://h"\n', "line 1: mcp.x needs a url that begins with http:// or https://"),
    "two underlines": ('[mcp.a__b]\ncommand = ["a"]\n', "line 1: mcp.a__b has to be letters, digits, - and single _"),
    "a letter of another script": ('[mcp."fіles"]\ncommand = ["a"]\n', "has to be letters, digits, - and single _"),
    "a long name": (f'[tools.{"a" * 33}]\ncommand = ["a"]\n', "has to be letters, digits, - and single _"),
    "a twin": (
        '[mcp.files]\ncommand = ["a"]\n[mcp.Files]\ncommand = ["a"]\n',
        "line 3: mcp.Files differs from files in its case alone",
    ),
    "one name twice": ('[tools.x]\ncommand = ["a"]\n[mcp.x]\ncommand = ["a"]\n', "mcp.x is the name of a tool already"),
    "a tool that is no table": ("[tools]\nx = 3\n", "line 2: tools.x has to be a table"),
    "tools that are neither": ("tools = 3\n", "line 1: tools has to be a table, or a list of names"),
    "names that are none": ("tools = [1]\n", "line 1: tools has to be a list of names"),
    "names in a table that are none": ("[tools]\non = 3\n", "line 2: tools.on has to be a list of names"),
    "files that are none": ("import_mcp = [1]\n", "line 1: import_mcp has to be a list of names"),
    "env that holds no texts": ('[mcp.x]\ncommand = ["a"]\nenv = { A = 1 }\n', "line 3: mcp.x.env has to hold texts"),
}


@pytest.mark.parametrize("case", COMPLAINTS)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, case: str) -> None:
    text, complaint = COMPLAINTS[case]
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("Bearer ${TOKEN}", "Bearer t0ken"),
        ("${LEVEL:-info}", "info"),
        ("${EMPTY:-info}", "info"),
        ("${TOKEN:-x}${LEVEL:-}", "t0ken"),
        ("$TOKEN ${} ${a b}", "$TOKEN ${} ${a b}"),
    ],
)
def test_variables_are_replaced(text: str, means: str) -> None:
    env = {"TOKEN": "t0ken", "EMPTY": ""}
    assert expanded(text, env, "it") == means


def test_a_variable_that_is_not_set_is_an_error_and_no_text() -> None:
    with pytest.raises(ConfigError, match="it needs NOPE, which is not set"):
        expanded("x${NOPE}", {}, "it")
    assert list(variables("${A} ${B:-c}", {"A": "1"})) == [("A", "1")]


@pytest.mark.skipif(os.name != "posix", reason="modes of files are of POSIX")
@pytest.mark.parametrize(
    ("mode", "folder_mode", "good"),
    [(0o600, 0o700, True), (0o644, 0o755, True), (0o646, 0o755, False), (0o600, 0o707, False), (0o600, 0o1777, True)],
)
def test_commands_are_run_from_a_file_alone_that_others_cannot_write(
    tmp_path: Path, mode: int, folder_mode: int, good: bool
) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    path = folder / "config.toml"
    path.touch()
    path.chmod(mode)
    folder.chmod(folder_mode)
    assert (untrusted(path) == "") == good
    if not good:
        assert untrusted(path).startswith("others can write ")
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    assert (untrusted(link) == "") == good


ALLOWED = Allowed("a1", '["x"]', 'says "hi"\n\tand \x1b more', '{"type":"object"}')


@pytest.mark.parametrize(
    "before",
    [
        "",
        '# mine\ndefault = "local" # yes\n',
        "[ui]\nmarkdown = false\n",
        '[allowed."a.b"]\ndigest = "old"\norigin = "o"\n# more\n\n[ui]\nmarkdown = false\n',
        '[allowed]\n"other" = { digest = "x" }\n',
        'allowed = { other = { digest = "x" } }\r\n',
    ],
)
def test_what_is_allowed_for_good_is_kept_and_all_else_stays(tmp_path: Path, before: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(before.encode())
    assert editing.allow(path, "a.b", ALLOWED) is None, "no comment is lost"
    tools = reading.load(path).tools
    assert tools
    assert tools.allowed["a.b"] == ALLOWED
    assert ("other" in before) == ("other" in tools.allowed)
    kept = {key: value for key, value in tomllib.loads(before).items() if key != "allowed"}
    assert {key: value for key, value in tomllib.loads(path.read_text()).items() if key != "allowed"} == kept
    assert all(line in path.read_text() for line in before.splitlines() if line.startswith("#"))
