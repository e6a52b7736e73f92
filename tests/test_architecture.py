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

DOORS = {
    "prompt_toolkit": {"prompt"},
    "httpx": {"client"},
    "httpcore": {"client"},
    "rich": {"drawing"},
    "markdown_it": {"markdown", "export", "formats"},
    "pygments": {"code", "export", "formats"},
    "xllamacpp": {"llama_child", "child"},
    "platformdirs": {"config"},
    "wcwidth": {"width"},
    "tomli_w": {"toml_lines", "toml_edit"},
    **{library: {"mcp"} for library in ("mcp", "mcp_types", "anyio", "httpx2", "pydantic")},
}
"""Each outside library has one door; what a page for the browser needs of markdown it renders itself."""


def name_of(path: Path) -> tuple[str, ...]:
    """The packages that a file belongs to, and its own name."""
    return path.relative_to(HOUSE).with_suffix("").parts


def imports(path: Path) -> Iterator[str]:
    """Every import in the file, wherever it stands, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_library_is_imported_at_its_door_alone(path: Path) -> None:
    for imported in imports(path):
        library = imported.partition(".")[0]
        if library in sys.stdlib_module_names or library == "chatrepl":
            continue
        assert DOORS.get(library, set()) & set(name_of(path)), f"{path.name} imports {library}"


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
