"""How much a model thinks: one word for every protocol, the option ``effort``, put into what the model understands.

The words are ``vendors.EFFORTS``. Which of them a model takes is known from the name of its family, as the vendors'
pages and SDKs of 2026-11 have it; the nearest one that it takes is sent. Of a model that is not known here any word is
sent as it is, and what its server refuses is mended (``repaired``).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from chatrepl import replace
from chatrepl.config.config import Profile
from chatrepl.config.facts import EFFORTS
from chatrepl.errors import ConfigError, Refused

OFF = "off"
"""In place of a word: nothing is sent."""

BUDGETS = {"minimal": 1024, "low": 4096, "medium": 8192, "high": 16_384, "xhigh": 32_768, "max": 49_152}
"""The tokens for thinking, where a model counts them instead of taking a word."""

Options = dict[str, Any]

_LEVELS: tuple[tuple[str, str], ...] = (
    (r"o[134]\b.*", "low medium high"),
    (r"(.*-)?chat-latest", "medium"),
    (r"gpt-5-pro.*", "high"),
    (r"gpt-5\.\d+-pro.*", "medium high xhigh"),
    (r"gpt-5(-mini|-nano|-codex)?(-\d.*)?", "minimal low medium high"),
    (r"gpt-5\.1\b.*", "none low medium high"),
    (r"gpt-5\.[2-5]\b.*", "none low medium high xhigh"),
    (r"gpt-6-(astra|rosalind).*|gpt-6\.1-sol.*", "low medium high xhigh max"),
    (r"gpt-(5\.[6-9]|6).*", "none low medium high xhigh max"),
    (r"gpt-oss.*", "low medium high"),
    (r"claude-(fable|mythos|opus-5-5).*", "low medium high xhigh max"),
    (r"claude-opus-4-5.*", "none low medium high"),
    (r"claude-(sonnet|opus)-4-6.*", "none low medium high max"),
    (r"claude-.*", "none low medium high xhigh max"),
    (r"gemini-4-hydrogen.*", "low medium high xhigh"),
    (r"gemini-(3\.[78]-flash|3\.1-pro)(-preview)?(-\d.*)?|gemini-[4-9].*", "low medium high"),
    (r"gemini-3-pro.*", "low high"),
    (r"gemini-2\.5-pro.*", "minimal low medium high xhigh max"),
    (r"gemini-2\.5.*", "none minimal low medium high xhigh max"),
    (r"gemini-.*", "minimal low medium high"),
    (r"grok-3-mini.*", "none low high"),
    (r"grok-4\.[56]\b.*", "low medium high"),
    (r"grok-4\.7.*", "low medium high xhigh"),
    (r"grok-(4\.3.*|latest)", "none low medium high"),
    (r"deepseek-.*", "none low high max"),
    (r"kimi-k3.*|(zai-)?glm-5[.p-]3.*", "low high max"),
    (r"(magistral|mistral|devstral)-.*", "none high"),
    (r"qwen-?3\.8-27b.*", "none low medium high"),
)
"""The families, and the words that their models take."""


def levels(profile: Profile) -> tuple[str, ...]:
    """The words that the profile's model is known to take; all where nothing is known; none where its protocol has
    nothing of the kind."""
    if profile.dialect not in _SPELLINGS:
        return ()
    name = _bare(profile)
    known = next((tuple(words.split()) for family, words in _LEVELS if re.fullmatch(family, name)), EFFORTS)
    chat = profile.dialect in ("openai-chat", "azure-inference") and name.startswith("gpt-")
    return tuple(each for each in known if not (chat and each == "max"))  # OpenAI takes it in its Responses alone


def _bare(profile: Profile) -> str:
    return profile.model.rpartition("/")[2].lower()


def checked(word: object) -> str:
    """The word, small; one that is none is a ConfigError."""
    found = str(word).strip().lower()
    if found not in (*EFFORTS, OFF):
        raise ConfigError(f"effort is one of {', '.join(EFFORTS)}, not {word!r}", "off leaves it to the model.")
    return found


def nearest(word: str, among: tuple[str, ...]) -> str:
    """The word that is meant of those: itself, else the next one up, else the highest."""
    place = EFFORTS.index(word)
    known = [each for each in EFFORTS if each in among]
    return next((each for each in known if EFFORTS.index(each) >= place), known[-1] if known else OFF)


def spelled(profile: Profile) -> Profile:
    """The profile with the option ``effort`` in the words of its protocol and model. What else its options say of the
    same stays."""
    if "effort" not in profile.options:
        return profile
    options = {name: value for name, value in profile.options.items() if name != "effort"}
    word = checked(profile.options["effort"])
    spell = _SPELLINGS.get(profile.dialect)
    if spell and word != OFF and (word := nearest(word, levels(profile))) != OFF:
        options = _under(spell(replace(profile, options=options), word), options)
    return replace(profile, options=options)


def _under(ours: Mapping[str, Any], given: Mapping[str, Any]) -> Options:
    """Both, what is given before what is ours; so too in the objects that both have."""
    found = {**ours, **given}
    for name in ours.keys() & given.keys():
        if isinstance(ours[name], dict) and isinstance(given[name], dict):
            found[name] = _under(ours[name], given[name])
    return found


# the protocols


def _chat(profile: Profile, word: str) -> Options:
    name = _bare(profile)
    if profile.name == "openrouter" or "openrouter.ai" in profile.base_url:
        return {"reasoning": {"effort": word}}
    if profile.name == "dashscope" or "dashscope" in profile.base_url:
        return {"enable_thinking": word != "none"} | ({"thinking_budget": BUDGETS[word]} if word in _SHORT else {})
    if re.match(r"kimi-k2|deepseek-|glm-", name):
        thinking: Options = {"thinking": {"type": "disabled" if word == "none" else "enabled"}}
        return thinking if word == "none" or name.startswith("kimi-k2") else thinking | {"reasoning_effort": word}
    found: Options = {"reasoning_effort": word}
    if profile.name in ("llamacpp", "local", "vllm"):  # what their templates call it
        found["chat_template_kwargs"] = {"enable_thinking": word != "none"}
    return found


_SHORT = ("minimal", "low", "medium")


def _anthropic(profile: Profile, word: str) -> Options:
    """Adaptive thinking and an effort; older models, and imitators, have a budget. Its tokens count as the reply's."""
    name = _bare(profile)
    adaptive = name.startswith("claude-") and not re.match(_BY_BUDGET, name)
    if word == "none":
        if re.match(r"claude-sonnet-5-5", name):  # which cannot be turned off
            return {"thinking": {"type": "between_tools"}, "output_config": {"effort": "low"}}
        return {"thinking": {"type": "disabled"}}
    room = BUDGETS[word]
    if adaptive:
        shown = {} if re.match(r"claude-(sonnet|opus)-4-6", name) else {"display": "summarized"}
        effort: Options = {"thinking": {"type": "adaptive", **shown}, "output_config": {"effort": word}}
        return effort | {"max_tokens": 8192 + room}
    found: Options = {"thinking": {"type": "enabled", "budget_tokens": room}}
    return found | ({"output_config": {"effort": word}} if "opus-4-5" in name else {})


_BY_BUDGET = r"claude-(\d|instant|(haiku|sonnet|opus)-4(-[0-5])?(-\d{8}|$))"
"""The models of Anthropic that have a budget for thinking."""


def _gemini(profile: Profile, word: str) -> Options:
    thinking: Options = {"thinkingLevel": word.upper(), "includeThoughts": True}
    if name := re.match(r"(models/)?gemini-2\.5-(pro|flash-lite|flash)", profile.model.lower()):
        least, most = {"pro": (128, 32_768), "flash": (0, 24_576), "flash-lite": (512, 24_576)}[name[2]]
        budget = 0 if word == "none" else min(max(BUDGETS[word], least), most)
        thinking = {"thinkingBudget": budget, "includeThoughts": word != "none"}
    return {"generationConfig": {"thinkingConfig": thinking}}


def _ollama(profile: Profile, word: str) -> Options:
    """True for most models; those of OpenAI want a word, and cannot be without."""
    if "gpt-oss" in _bare(profile):
        return {"think": word}
    return {"think": {"none": False, "minimal": "low", "xhigh": "high"}.get(word, word)}


_SPELLINGS: dict[str, Callable[[Profile, str], Options]] = {
    "openai-chat": _chat,
    "azure-inference": _chat,
    "openai-responses": lambda _profile, word: {"reasoning": {"effort": word}},
    "anthropic": _anthropic,
    "gemini": _gemini,
    "ollama": _ollama,
}


# what a server refuses

FIELDS = {
    *("reasoning_effort", "reasoning", "thinking", "output_config", "think", "thinkingConfig", "generationConfig"),
    *("enable_thinking", "thinking_budget", "chat_template_kwargs"),
}
"""The parameters that say how much a model thinks."""


def repaired(error: Refused, profile: Profile) -> str:
    """The word to send instead of one that was refused: the nearest of those that the server names, else OFF; "" where
    it complains of something else."""
    told = f"{error.parameter} {error.said}"
    if error.status not in (400, 422) or not (_ABOUT.search(told) and _REFUSES.search(told)):
        return ""
    asked = profile.options.get("effort")
    if asked is None:  # the server's own default may be what does not go with the tools
        return "none" if _ONLY_NONE.search(error.said) else ""
    word = checked(asked)
    if word == OFF:
        return ""
    offered = set(_WORD.findall(error.said)) - {word, nearest(word, levels(profile))}
    return nearest(word, tuple(offered)) if offered else OFF


_ABOUT = re.compile(r"effort|thinking|reasoning|\bthink\b", re.IGNORECASE)
_REFUSES = re.compile(
    r"support|invalid|unknown|unrecogni[sz]ed|unexpected|extra (inputs|fields)|deprecated|mandatory|disabled|"
    r"not (permitted|allowed)|cannot|must be|\buse\b",
    re.IGNORECASE,
)
_WORD = re.compile(rf"\b(?:{'|'.join(EFFORTS)})\b")
_ONLY_NONE = re.compile(r"set reasoning.effort to ['\"`]?none", re.IGNORECASE)
