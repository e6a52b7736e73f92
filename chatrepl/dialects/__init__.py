"""The wire protocols: one module each, loaded when it is first used, by its name in the table of ``config.vendors``."""

from importlib import import_module

from chatrepl.config.config import DIALECTS, Profile, module_of
from chatrepl.conversation import Conversation
from chatrepl.dialects.dialect import Dialect, ModelInfo, Request

__all__ = ["DIALECTS", "Dialect", "ModelInfo", "Request", "dialect", "request"]


def dialect(name: str) -> Dialect:
    """The dialect of that name."""
    found: Dialect = import_module(f"chatrepl.dialects.{module_of(name)}").DIALECT
    return found


def request(profile: Profile, conversation: Conversation, key: str, *, stream: bool) -> Request:
    """The request for the next reply, its options as the profile's model and server take them."""
    from chatrepl.dialects import effort, repair, search, tool_choice  # not before the first question

    profile = tool_choice.spelled(effort.spelled(profile), conversation)
    encode = dialect(profile.dialect).encode
    return repair.mended(search.asked(profile, encode(profile, conversation, key, stream=stream)), profile.parameters)
