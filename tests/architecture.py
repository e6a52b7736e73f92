"""The architecture in figures, which ``python -m tests.architecture`` prints and ``test_architecture.py`` bounds."""

import ast
import statistics
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import chatrepl

ROOT = Path(chatrepl.__file__).parent

LAYERS = (
    ("text", "errors", "usage"),
    ("events", "conversation"),
    ("files",),
    ("config", "sessions"),
    ("dialects", "terminal"),
    ("client", "tools"),
    ("chat",),
    ("cli",),
)
"""The packages and the modules beside them, the lowest first: each imports only from the layers below its own."""

LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}


class Import(NamedTuple):
    """Where something is imported: by which module, and what, both as dotted names."""

    module: str
    imported: str


class Sized(NamedTuple):
    """A module, class or function, and how many lines it has."""

    name: str
    lines: int


@cache
def sources() -> Mapping[str, ast.Module]:
    """Every module of the program by its dotted name, as a tree."""
    return {dotted(path): ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def dotted(path: Path) -> str:
    """The name of the module in that file."""
    return ".".join(("chatrepl", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


def package(name: str) -> str:
    """The package below the root that a module belongs to, or the module itself that stands there; "" for the root,
    and for what is not ours."""
    ours, _, below = name.partition(".")
    return below.partition(".")[0] if ours == "chatrepl" else ""


@cache
def imports() -> tuple[Import, ...]:
    """Every import, wherever in a file it stands."""
    return tuple(
        Import(name, imported)
        for name, tree in sources().items()
        for node in ast.walk(tree)
        for imported in _imported(node)
    )


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "a relative import"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows() -> dict[tuple[str, str], list[str]]:
    """Which package imports which other one, and in which modules."""
    found: dict[tuple[str, str], list[str]] = {}
    for module, imported in imports():
        ends = package(module), package(imported)
        if ends[0] != ends[1] and ends[0] in LAYER and ends[1] in LAYER:
            found.setdefault(ends, []).append(module)
    return found


def circle() -> list[str]:
    """The packages that import each other in a circle; none is as it has to be."""
    left = set(LAYER)
    while left:
        free = {name for name in left if not any(below in left for above, below in arrows() if above == name)}
        if not free:
            return sorted(left)
        left -= free
    return []


def floors() -> int:
    """How many packages stand on each other at the most."""
    below = {name: [lower for upper, lower in arrows() if upper == name] for name in LAYER}

    @cache
    def height(name: str) -> int:
        return 1 + max(map(height, below[name]), default=0)

    return 0 if circle() else max(map(height, LAYER))


def modules() -> list[Sized]:
    """The modules and their lines."""
    return [Sized(dotted(path), path.read_text("utf-8").count("\n")) for path in sorted(ROOT.rglob("*.py"))]


def classes() -> list[Sized]:
    """The classes and their lines."""
    return _sized(ast.ClassDef)


def functions() -> list[Sized]:
    """The functions and methods, and their lines."""
    return _sized(ast.FunctionDef, ast.AsyncFunctionDef)


def _sized(*kinds: type[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]) -> list[Sized]:
    return [
        Sized(f"{name}.{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    ]


def entries() -> list[str]:
    """What stands at the root of the package."""
    return sorted(path.name for path in ROOT.iterdir() if path.name not in ("__pycache__", "py.typed"))


def faces() -> Iterator[tuple[str, dict[str, set[str]], dict[str, set[str]]]]:
    """Of every package that loads what it lends when it is named: its name; by module, what it lends; and what the
    type checker is told of."""
    for name, tree in sources().items():
        for node in tree.body:
            if isinstance(node, ast.If) and (lent := _lent(node.orelse)):
                yield name, lent, _told(node.body, name)


def _lent(body: list[ast.stmt]) -> dict[str, set[str]]:
    for call in (node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id == "lazy":
            words = {each.arg: each.value for each in call.keywords}
            return {str(name): set(str(ast.literal_eval(value)).split()) for name, value in words.items()}
    return {}


def _told(body: list[ast.stmt], package: str) -> dict[str, set[str]]:
    """By module the names that are imported from it for the type checker; a module itself has no names."""
    told: dict[str, set[str]] = {}
    for node in body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module, names = (alias.name, set()) if node.module == package else (str(node.module), {alias.name})
                told.setdefault(module.removeprefix(f"{package}."), set()).update(names)
    return told


def percentile(values: list[int], share: float) -> int:
    """The value that this share of them does not exceed."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def main() -> None:
    between = arrows()
    print(f"{len(entries())} entries at the root: {' '.join(entries())}")
    print(f"{len({package(name) for name in sources()} & LAYER.keys())} packages and modules beside them")
    print(f"{len(between)} arrows between them on {floors()} floors; circle: {' '.join(circle()) or 'none'}")
    for number, names in enumerate(LAYERS):
        for name in names:
            print(f"  {number} {name}: {' '.join(sorted(below for above, below in between if above == name))}")
    print(f"{len(modules())} modules, {sum(each.lines for each in modules())} lines")
    for what, found in (("modules", modules()), ("classes", classes()), ("functions", functions())):
        lines = [each.lines for each in found]
        print(
            f"{what}: median {statistics.median(lines):.0f} lines, 9 of 10 at most {percentile(lines, 0.9)}; longest:"
        )
        for each in sorted(found, key=lambda each: -each.lines)[:5]:
            print(f"  {each.lines} {each.name}")


if __name__ == "__main__":
    main()
