"""chatrepl: an interactive chat REPL for the terminal."""

from collections.abc import Callable
from importlib import import_module
from operator import itemgetter
from sys import modules

TYPE_CHECKING = False  # typing.TYPE_CHECKING, without typing, which takes longer than all else of --version
if TYPE_CHECKING:
    from dataclasses import dataclass
    from typing import Any, NamedTuple

__all__ = ["NamedTuple", "dataclass", "lazy"]
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


if not TYPE_CHECKING:

    def dataclass(
        *, frozen: bool = False, slots: bool = False, eq: bool = True, repr: bool = True
    ) -> Callable[[type], type]:
        """As ``dataclasses.dataclass``, at a tenth of its price: that writes and compiles six methods for each class at
        every start, a third of a millisecond. Here they are shared. ``slots`` says that there will be many instances:
        the ``__init__`` is written when the first is made. That nobody changes what is frozen the type checker sees."""
        import dataclasses  # not for --version

        def make(cls: type) -> type:
            if eq:
                cls.__eq__, cls.__hash__ = _equal, _hash if frozen else None
            if repr:
                cls.__repr__ = _shown
            made = dataclasses.dataclass(init=False, eq=False, repr=False)(cls)
            made.__init__ = (_written if slots else _filling)(made, dataclasses)
            return made

        return make

    class NamedTuple(tuple):
        """As ``typing.NamedTuple``, at a sixth of its price: that writes and compiles a ``__new__`` for each class. For
        what a start needs and of which there are few: each instance takes longer to make."""

        def __init_subclass__(cls) -> None:
            cls._fields = cls.__match_args__ = tuple(cls.__annotations__)
            cls._field_defaults = {name: vars(cls)[name] for name in cls._fields if name in vars(cls)}
            for index, name in enumerate(cls._fields):
                setattr(cls, name, property(itemgetter(index)))

        def __new__(cls, *values: object, **named: object) -> object:
            fields = cls._fields
            if named or len(values) != len(fields):
                given = dict(zip(fields, values, strict=False))
                known = {**cls._field_defaults, **given, **named}
                if len(values) > len(fields) or named.keys() & given.keys() or known.keys() != set(fields):
                    raise TypeError(f"{cls.__qualname__} has the fields {', '.join(fields)}")
                values = tuple(known[name] for name in fields)
            return tuple.__new__(cls, values)

        def __getnewargs__(self) -> tuple[object, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            return _shown(self)

        def _asdict(self) -> dict[str, object]:
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **changes: object) -> "NamedTuple":
            return type(self)(**{**self._asdict(), **changes})


def _written(cls: "Any", dataclasses: "Any") -> Callable[..., None]:
    """An ``__init__`` that has ``dataclasses`` write the one in its place."""

    def write(self: object, *values: object, **named: object) -> None:
        heir = type(cls.__name__, (cls,), {"__doc__": cls.__doc__})
        cls.__init__ = dataclasses.dataclass(eq=False, repr=False)(heir).__init__
        cls.__init__(self, *values, **named)

    return write


def _filling(cls: "Any", dataclasses: "Any") -> Callable[..., None]:
    """One that takes the fields from what it is given: nothing to write, but each instance takes longer."""
    fields, missing = cls.__dataclass_fields__, dataclasses.MISSING
    defaults = {name: field.default for name, field in fields.items() if field.default is not missing}
    makers = {name: field.default_factory for name, field in fields.items() if field.default_factory is not missing}

    def fill(self: "Any", *values: object, **named: object) -> None:
        given = dict(zip(fields, values, strict=False))
        if len(values) > len(fields) or named.keys() & given.keys() or named.keys() - fields.keys():
            raise TypeError(f"{cls.__qualname__} has the fields {', '.join(fields)}")
        made = {name: make() for name, make in makers.items() if name not in given and name not in named}
        vars(self).update(defaults | made | given | named)
        if len(vars(self)) < len(fields):
            raise TypeError(f"{cls.__qualname__} lacks {', '.join(fields.keys() - vars(self).keys())}")
        if hasattr(cls, "__post_init__"):
            self.__post_init__()

    return fill


def _values(self: object) -> tuple[object, ...]:
    return tuple(getattr(self, name) for name in type(self).__match_args__)  # type: ignore[attr-defined]


def _equal(self: object, other: object) -> bool:
    return _values(self) == _values(other) if type(self) is type(other) else NotImplemented


def _hash(self: object) -> int:
    return hash(_values(self))


def _shown(self: object) -> str:
    fields = type(self).__match_args__  # type: ignore[attr-defined]
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in fields)})"
