"""The wire protocols: one module each, loaded when it is first used, by its name in the table of ``config.vendors``."""

from importlib import import_module

from chatrepl.config.config import module_of
from chatrepl.config.vendors import DIALECTS
from chatrepl.dialects.dialect import Dialect, ModelInfo, Request

__all__ = ["DIALECTS", "Dialect", "ModelInfo", "Request", "dialect"]


def dialect(name: str) -> Dialect:
    """The dialect of that name."""
    found: Dialect = import_module(f"chatrepl.dialects.{module_of(name)}").DIALECT
    return found
