"""The architecture: which package imports which, where each outside library comes in, and how long things are."""

import ast
import re
import statistics
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests import architecture
from tests.architecture import LAYER, Import, Sized

DOORS: dict[str, tuple[str, ...]] = {
    "prompt_toolkit": ("terminal.prompt",),
    "rich": ("terminal.drawing",),
    "markdown_it": ("text.markdown", "terminal.markdown", "sessions.formats"),
    "jsonschema": ("text.schema",),
    "latex2mathml": ("sessions.formats",),
    "pygments": ("text.code", "sessions.formats"),
    "httpx": ("client.http",),
    "httpcore": ("client",),
    "xllamacpp": ("client.embedded",),
    **dict.fromkeys(("mcp", "mcp_types", "anyio", "httpx2", "pydantic"), ("tools.mcp",)),
    **dict.fromkeys(("pypdf", "trafilatura", "PIL"), ("files.foreign",)),
    "platformdirs": ("config",),
    "tomli_w": ("config",),
    "wcwidth": ("text.width",),
}
"""Each outside library is imported in one place; what a page for the browser needs of markdown it renders itself."""


def too_long(sized: list[Sized], most: int) -> list[Sized]:
    return [each for each in sized if each.lines > most]


def test_a_package_imports_only_from_the_layers_below_it() -> None:
    wrong = {ends: where for ends, where in architecture.arrows().items() if LAYER[ends[0]] <= LAYER[ends[1]]}
    assert not wrong
    assert not architecture.circle()


def test_the_packages_hang_together_loosely() -> None:
    assert len(architecture.arrows()) <= 75
    assert architecture.floors() <= 10


def test_at_the_root_stand_the_packages_and_what_all_of_them_speak_of() -> None:
    names = [name.removesuffix(".py") for name in architecture.entries()]
    assert len(names) <= 18
    assert set(names) <= {"__init__", "__main__", "manual", *LAYER}


@pytest.mark.parametrize("library", sorted(DOORS))
def test_a_library_is_imported_in_its_place_alone(library: str) -> None:
    places = tuple(f"chatrepl.{place}" for place in DOORS[library])
    assert not [
        each
        for each in architecture.imports()
        if each.imported.partition(".")[0] == library
        and not f"{each.module}.".startswith(tuple(f"{place}." for place in places))
    ]


def test_no_other_library_is_imported() -> None:
    known = {*sys.stdlib_module_names, *DOORS, "chatrepl"}
    assert not [each for each in architecture.imports() if each.imported.partition(".")[0] not in known]


def test_a_package_lends_what_the_type_checker_is_told_of() -> None:
    for face, lent, told in architecture.faces():
        assert lent == told, face
        package = import_module(face)
        for module, names in lent.items():
            assert all(getattr(package, name) is not None for name in names or {module}), face


def test_modules_and_classes_have_one_job() -> None:
    assert not too_long(architecture.modules(), 300)
    assert not too_long(architecture.classes(), 200)


def test_functions_are_short() -> None:
    lines = [each.lines for each in architecture.functions()]
    assert statistics.median(lines) <= 8
    assert architecture.percentile(lines, 0.9) <= 25


def test_every_module_says_its_job() -> None:
    assert not [name for name, tree in architecture.sources().items() if tree.body and not ast.get_docstring(tree)]


def test_no_test_imports_another() -> None:
    files = Path(__file__).parent.rglob("test_*.py")
    assert not [
        path for path in files if re.search(r"^\s*(from|import) tests\.\S*test_", path.read_text("utf-8"), re.M)
    ]


def test_a_wrong_import_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Import("chatrepl.text.safe", "chatrepl.cli.main"), Import("chatrepl.cli.main", "chatrepl.text.safe")
    monkeypatch.setattr(architecture, "imports", lambda: wrong)
    assert architecture.circle() == ["cli", "text"]
    with pytest.raises(AssertionError):
        test_a_package_imports_only_from_the_layers_below_it()


def test_version_needs_nothing_that_is_slow_to_load() -> None:
    script = (
        "import sys; sys.argv = ['chatrepl', '--version']\n"
        "from chatrepl.__main__ import main\n"
        "main()\n"
        "print(*sorted(set(sys.modules) & {'prompt_toolkit', 'rich', 'httpx', 'asyncio', 'argparse', 'tomllib'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[1] == ""
