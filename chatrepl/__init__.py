"""chatrepl: an interactive chat REPL for the terminal.

What its packages all need: loading one another when first named, and dataclasses and named tuples whose classes cost
little to make, for the program makes sixty of them at every start. The standard library writes and compiles the methods
of each, a third of a millisecond. Here they are shared, and it is asked only for what cannot be: the ``__init__`` of a
class of many instances, and what ``dataclasses.fields`` tells.
"""

from collections.abc import Callable
from importlib import import_module
from itertools import count
from operator import itemgetter
from sys import modules

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without typing, which takes longer than all else of --version
if TYPE_CHECKING:
    from dataclasses import Field, dataclass, field, fields, replace
    from typing import Any, NamedTuple

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


def values(record: object) -> "dict[str, Any]":
    """The fields of a record by name, as they are: no copies, and nothing inside them is taken apart."""
    return {name: getattr(record, name) for name in type(record).__match_args__}  # type: ignore[attr-defined]


class _Field:
    """What is said of a field of a dataclass: its name, its type, and what ``field`` was given."""

    def __init__(self, **given: "Any") -> None:
        self.name, self.type = "", object
        self.given = given
        self.metadata = given.get("metadata", {})


if not TYPE_CHECKING:

    def dataclass(*, frozen: bool = False, eq: bool = True, repr: bool = True) -> Callable[[type], type]:
        """As ``dataclasses.dataclass``. That nobody changes what is frozen the type checker sees."""

        def make(cls: type) -> type:
            if eq:
                cls.__eq__, cls.__hash__ = _equal, _hash if frozen else None
            if repr:
                cls.__repr__ = _shown
            bases = [vars(base).get("__said__", {}) for base in reversed(cls.__mro__[1:])]
            cls.__said__ = {name: each for known in (*bases, _said(cls)) for name, each in known.items()}
            cls.__match_args__ = tuple(name for name, each in cls.__said__.items() if each.given.get("init", True))
            cls.__dataclass_fields__ = _Standard()
            cls.__init__ = _filling(cls)
            return cls

        return make

    Field = field = _Field

    def fields(record: object) -> list[_Field]:
        """As ``dataclasses.fields``, of what was made here."""
        return list(record.__said__.values())

    def replace(record: object, **changes: object) -> object:
        """As ``dataclasses.replace``."""
        return type(record)(**{**values(record), **changes})

    class NamedTuple(tuple):
        """As ``typing.NamedTuple``. For what a start needs and of which there are few: each takes longer to make."""

        def __init_subclass__(cls) -> None:
            cls._fields = cls.__match_args__ = tuple(cls.__annotations__)
            cls._field_defaults = {name: vars(cls)[name] for name in cls._fields if name in vars(cls)}
            for index, name in enumerate(cls._fields):
                setattr(cls, name, property(itemgetter(index)))

        def __new__(cls, *given: object, **named: object) -> object:
            if named or len(given) != len(cls._fields):
                known = cls._field_defaults | _by_name(cls, given, named, cls._field_defaults)
                given = tuple(known[name] for name in cls._fields)
            return tuple.__new__(cls, given)

        def __getnewargs__(self) -> tuple[object, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            return _shown(self)

        def _asdict(self) -> dict[str, object]:
            return values(self)

        def _replace(self, **changes: object) -> "NamedTuple":
            return replace(self, **changes)


class _Standard:
    """What the functions of ``dataclasses`` ask a class for: its fields, in their tongue."""

    def __get__(self, instance: object, cls: type) -> "dict[str, Any]":
        known: dict[str, Any] = _made(cls).__dataclass_fields__
        cls.__dataclass_fields__ = known  # type: ignore[attr-defined]  # asked for once
        return known


def _made(cls: "Any") -> "Any":
    """The dataclass that the standard library makes of the same fields."""
    import dataclasses  # not for the start

    known = [(name, each.type, dataclasses.field(**each.given)) for name, each in cls.__said__.items()]
    own = {name: getattr(cls, name) for name in ("__doc__", "__post_init__") if hasattr(cls, name)}
    return dataclasses.make_dataclass(cls.__name__, known, namespace=own, eq=False, repr=False)


def _said(cls: type) -> dict[str, _Field]:
    """The fields that a class declares itself. It keeps their defaults, as a dataclass does."""
    said = {}
    for name, kind in vars(cls).get("__annotations__", {}).items():
        found = vars(cls).get(name, _Field())
        said[name] = each = found if isinstance(found, _Field) else _Field(default=found)
        each.name, each.type = name, kind
        if "default" in each.given:
            setattr(cls, name, each.given["default"])
        elif name in vars(cls):
            delattr(cls, name)
    return said


_FEW = 100
"""So many instances of a class are made before it is worth an ``__init__`` of its own."""


def _filling(cls: "Any") -> Callable[..., None]:
    """An ``__init__`` that takes the fields from what it is given, and after a few instances puts in its place the one
    that the standard library writes: that takes longer to make than they do."""
    given = {name: each.given for name, each in cls.__said__.items()}
    defaults = {name: each["default"] for name, each in given.items() if "default" in each}
    makers = {name: each["default_factory"] for name, each in given.items() if "default_factory" in each}
    optional, made = defaults | makers, count(1)

    def fill(self: "Any", *given: object, **named: object) -> None:
        found = _by_name(cls, given, named, optional)
        own = {name: make() for name, make in makers.items() if name not in found}
        vars(self).update(defaults | own | found)
        if hasattr(cls, "__post_init__"):
            self.__post_init__()
        if next(made) == _FEW:
            cls.__init__ = _made(cls).__init__

    return fill


def _by_name(
    cls: "Any", given: tuple[object, ...], named: dict[str, object], optional: dict[str, object]
) -> dict[str, object]:
    """The values by the names of their fields. TypeError for one too many, unknown, given twice or missing."""
    names = cls.__match_args__
    known = dict(zip(names, given, strict=False))
    if len(given) > len(names) or named.keys() & known.keys() or named.keys() - set(names):
        raise TypeError(f"{cls.__qualname__} has the fields {', '.join(names)}")
    known |= named
    if missing := [name for name in names if name not in known and name not in optional]:
        raise TypeError(f"{cls.__qualname__} needs {', '.join(missing)}")
    return known


def _equal(self: object, other: object) -> bool:
    return values(self) == values(other) if type(self) is type(other) else NotImplemented


def _hash(self: object) -> int:
    return hash(tuple(values(self).values()))


def _shown(self: object) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in values(self).items())})"
