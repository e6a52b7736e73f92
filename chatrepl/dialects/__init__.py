"""The wire protocols: one module each, and this table. A new one is a file, a line here and its captures."""

from importlib import import_module

from chatrepl.dialects.dialect import Dialect, ModelInfo, Request
from chatrepl.errors import ConfigError
from chatrepl.text.fuzzy import nearest

__all__ = ["DIALECTS", "Dialect", "ModelInfo", "Request", "dialect"]

DIALECTS = {
    "openai-chat": "openai_chat",
    "openai-completions": "openai_completions",
    "openai-responses": "openai_responses",
    "azure-inference": "azure_inference",
    "scale-egp": "scale_egp",
    "anthropic": "anthropic",
    "ollama": "ollama",
    "gemini": "gemini",
}
"""The name of each dialect and its module, which is loaded when first used."""


def dialect(name: str) -> Dialect:
    """The dialect of that name."""
    try:
        module = DIALECTS[name]
    except KeyError:
        hint = f"The dialects are {', '.join(DIALECTS)}."
        raise ConfigError(f"There is no dialect {name!r}{nearest(name, DIALECTS)}", hint) from None
    found: Dialect = import_module(f"chatrepl.dialects.{module}").DIALECT
    return found
