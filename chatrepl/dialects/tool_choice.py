"""Whether a model has to call a tool: the option ``tool_choice``, in every protocol's words.

It is ``auto``, ``none``, ``required`` or the name of a tool, as OpenAI's chat completions have it; an object is sent as
it is. What forces a call holds for the first request of a turn: with it the model could never answer in words.
"""

from collections.abc import Callable
from typing import Any

from chatrepl import replace
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation

Options = dict[str, Any]

OPTION = "tool_choice"


def spelled(profile: Profile, conversation: Conversation) -> Profile:
    """The profile with that option as its protocol has it, and without where it means nothing."""
    if OPTION not in profile.options:
        return profile
    options = {name: value for name, value in profile.options.items() if name != OPTION}
    word, spell = profile.options[OPTION], _SPELLINGS.get(profile.dialect)
    if conversation.tools and spell and (word in _FREE or not _goes_on(conversation)):
        options |= spell(str(word)) if isinstance(word, str) else {OPTION: word}
    return replace(profile, options=options)


_FREE = ("auto", "none")
"""What forces nothing."""


def _goes_on(conversation: Conversation) -> bool:
    """Whether tools were called in the turn that goes on."""
    return any(message.role == "tool" for turn in conversation.turns[-1:] for message in turn)


def _chat(word: str) -> Options:
    return {OPTION: word if word in _WORDS else {"type": "function", "function": {"name": word}}}


def _responses(word: str) -> Options:
    return {OPTION: word if word in _WORDS else {"type": "function", "name": word}}


def _anthropic(word: str) -> Options:
    return {
        OPTION: {"type": "any" if word == "required" else word} if word in _WORDS else {"type": "tool", "name": word}
    }


def _gemini(word: str) -> Options:
    mode = {"required": "ANY", "auto": "AUTO", "none": "NONE"}.get(word, "ANY")
    names = {} if word in _WORDS else {"allowedFunctionNames": [word]}
    return {"toolConfig": {"functionCallingConfig": {"mode": mode, **names}}}


_WORDS = (*_FREE, "required")

_SPELLINGS: dict[str, Callable[[str], Options]] = {
    "openai-chat": _chat,
    "azure-inference": _chat,
    "openai-responses": _responses,
    "anthropic": _anthropic,
    "gemini": _gemini,
}
"""Ollama has nothing of the kind, and the others have no tools."""
