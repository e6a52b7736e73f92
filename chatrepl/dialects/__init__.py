"""The wire protocols: one module each, loaded when it is first used, by its name in the table of ``config.vendors``."""

from importlib import import_module

from chatrepl.config.vendors import DIALECTS
from chatrepl.dialects.dialect import Dialect, ModelInfo, Request
from chatrepl.errors import ConfigError
from chatrepl.text.fuzzy import nearest

__all__ = ["DIALECTS", "Dialect", "ModelInfo", "Request", "dialect"]


def dialect(name: str) -> Dialect:
    """The dialect of that name."""
    try:
        module = DIALECTS[name]
    except KeyError:
        hint = f"The dialects are {', '.join(DIALECTS)}."
        raise ConfigError(f"There is no dialect {name!r}{nearest(name, DIALECTS)}", hint) from None
    found: Dialect = import_module(f"chatrepl.dialects.{module}").DIALECT
    return found
