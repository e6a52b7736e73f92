"""The rules of the house: who may import whom, and which module opens the door to which library."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatrepl

HOUSE = Path(chatrepl.__file__).parent
MODULES = sorted(HOUSE.rglob("*.py"))

FLOORS = [
    {"cells"},
    {"safe", "tally", "errors", "locking", "secrets_found", "redaction", "waiting", "narrow", "fuzzy", "profiles"},
    {"files", "capabilities", "streams", "modes", "toml_places", "events", "unopened", "lexing"},
    {
        "terminal",
        "framing",
        "gathering",
        "hiding",
        "conversation",
        "config",
        "markdown",
        "urls",
        "retrying",
        "filenames",
        "shell_completion",
    },
    {
        "reply",
        "config_reading",
        "dialects",
        "journal",
        "credentials",
        "drawing",
        "weights",
        "llama_child",
        "attachments",
        "clipboard",
        "toml_lines",
    },
    {"transcript", "export", "painter", "pictures", "usage", "settings"},
    {"client", "local", "live", "prompt", "sessions"},
    {"choice", "embedded", "screen", "editor", "plain_prompt"},
    {"connection"},
    {"glance", "doctor"},
    {"session"},
    {"asking", "toolbar"},
    {"commands", "sending"},
    {"repl", "errands", "flags", "warming", "statuses"},
    {"interactive", "one_shot"},
    {"cli"},
    {"__main__"},
]
"""Bottom first: a module imports from lower floors alone."""

DOORS = {
    "prompt_toolkit": {"prompt"},
    "httpx": {"client"},
    "httpcore": {"client"},
    "rich": {"drawing"},
    "markdown_it": {"markdown", "export"},
    "pygments": {"lexing", "export"},
    "xllamacpp": {"llama_child"},
    "platformdirs": {"config"},
    "tomli_w": {"toml_lines"},
}
"""Each outside library has one door; what a page for the browser needs of markdown it renders itself."""


def name_of(path: Path) -> str:
    """The module at the top of the house that a file belongs to."""
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def floor_of(module: str) -> int:
    return next(number for number, modules in enumerate(FLOORS) if module in modules)


def imports(path: Path) -> Iterator[str]:
    """Every import in the file, wherever it stands, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    module = name_of(path)
    if module == "__init__":
        return
    for imported in imports(path):
        package, _, rest = imported.partition(".")
        other = rest.partition(".")[0]
        if package != "chatrepl" or other in ("__version__", "", module):
            continue
        assert floor_of(other) < floor_of(module), f"{module} imports {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_library_is_imported_at_its_door_alone(path: Path) -> None:
    for imported in imports(path):
        library = imported.partition(".")[0]
        if library in sys.stdlib_module_names or library == "chatrepl":
            continue
        assert name_of(path) in DOORS.get(library, set()), f"{path.name} imports {library}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_module_says_its_job_and_stays_small(path: Path) -> None:
    source = path.read_text("utf-8")
    if source:
        assert ast.get_docstring(ast.parse(source)), "no docstring"
    assert source.count("\n") <= 350, "two jobs in one module?"


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy", "--platform=linux"],
        ["mypy", "--platform=win32", "--cache-dir=.mypy_cache/win32", "chatrepl"],
    ],
    ids=" ".join,
)
def test_the_linters_have_nothing_to_say(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=HOUSE.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_version_needs_nothing_that_is_slow_to_load() -> None:
    script = (
        "import sys; sys.argv = ['chatrepl', '--version']\n"
        "from chatrepl.__main__ import main\n"
        "main()\n"
        "print(*sorted(set(sys.modules) & {'prompt_toolkit', 'rich', 'httpx', 'asyncio', 'argparse', 'tomllib'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[1] == ""
