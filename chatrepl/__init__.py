"""chatrepl: an interactive chat REPL for the terminal."""

from collections.abc import Callable
from importlib import import_module
from sys import modules

from chatrepl.records import Field, NamedTuple, dataclass, field, fields, replace, values

__all__ = ["Field", "NamedTuple", "dataclass", "field", "fields", "lazy", "replace", "values"]
__version__ = "0.2.0"


def lazy(package: str, **names: str) -> Callable[[str], object]:
    """The ``__getattr__`` of a package: for each of its modules the names it lends the package, between blanks.

    A module is loaded when it, or one of its names, is first used. Importing a package at the top of a file so costs
    nothing at the start, and what a feature needs is loaded by the feature.
    """
    homes = {name: module for module, lent in names.items() for name in lent.split()}

    def load(name: str) -> object:
        if name in names and name not in homes:
            return import_module(f"{package}.{name}")
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(modules[package], name, found)  # asked for once
        return found

    return load
