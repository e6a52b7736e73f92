"""Which model takes the place of a built-in default that its vendor no longer knows, and the file that remembers it.

The rule: the next name of the vendor's line in ``SUCCESSORS`` that the server lists, else the newest model of the same
family that it lists, else none. A model that the user named has no ``default_model``, and nothing takes its place.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from chatrepl import files, replace
from chatrepl.config.config import Config, Profile, address
from chatrepl.config.place import Url
from chatrepl.text import safe
from chatrepl.text.shapes import table, text

SUCCESSORS: dict[str, tuple[str, ...]] = {
    "openai": ("gpt-6.1-terra", "gpt-6-sol", "gpt-5.6-luna", "gpt-5.4-mini"),
    "openai-chat": ("gpt-6.1-terra", "gpt-6-sol", "gpt-5.6-luna", "gpt-5.4-mini"),
    "openai-responses": ("gpt-6.1-terra", "gpt-6-sol", "gpt-5.6-luna", "gpt-5.4-mini"),
    "anthropic": ("claude-haiku-5-5", "claude-sonnet-5", "claude-opus-5-5"),
    "gemini": ("gemini-3.7-flash", "gemini-3.6-flash", "gemini-3.5-flash-lite"),
    "groq": ("openai/gpt-oss-20b", "qwen/qwen3.8-27b"),
    "deepseek": ("deepseek-v4-flash", "deepseek-v4-pro"),
    "mistral": ("mistral-medium-latest", "mistral-large-latest"),
    "xai": ("grok-4.6", "grok-4.5"),
    "together": ("moonshotai/Kimi-K3", "deepseek-ai/DeepSeek-V4.1-Flash"),
    "fireworks": ("accounts/fireworks/models/deepseek-v4p1-flash", "accounts/fireworks/models/kimi-k3"),
    "cerebras": ("qwen-3.8-27b",),
    "moonshot": ("kimi-k3.1-pro", "kimi-k2.6"),
    "zai": ("glm-5.3-flash", "glm-5.2"),
    "dashscope": ("qwen3.8-max", "qwen3.8-flash"),
    "minimax": ("MiniMax-M2.7", "MiniMax-M2"),
    "cohere": ("command-a-03-2025",),
    "sambanova": ("MiniMax-M2.7",),
}
"""The models that are asked for, in this order, when a vendor no longer knows the default of the profile."""

FILE = "successors.json"
"""The file that remembers them, in the folder of the models."""

LONGEST = 200
"""No model has a longer name, in characters; nor one that would be changed to be shown."""


def chosen(profile: Profile, offered: Iterable[str], refused: Collection[str]) -> str:
    """The model in the place of the profile's, of those that are offered and were not refused; "" for none."""
    usable = dict.fromkeys(each for each in offered if each not in refused and _is_name(each))
    named = next((each for each in SUCCESSORS.get(profile.name, ()) if each in usable), "")
    family, _ = kin(profile.model)
    return named or max((each for each in usable if kin(each)[0] == family), key=lambda each: kin(each)[1], default="")


def _is_name(model: str) -> bool:
    return 0 < len(model) <= LONGEST and safe.line(model, LONGEST) == model


Age = tuple[tuple[int, ...], bool, str]
"""How new a model is among its family: its version; of the same one that without a date, then the latest."""


def kin(model: str) -> tuple[tuple[str, ...], Age]:
    """The family of a model, which are the words of its name without versions and dates; and how new it is in it."""
    name = model.rpartition("/")[2].lower().removesuffix("-latest")
    bare = _DATE.sub("", name)
    words: list[str] = []
    version: list[int] = []
    for piece in re.split(r"[-_:@ ]", bare):
        found = _VERSION.fullmatch(piece)
        words += [found[1] if found else piece] if not found or found[1] else []
        version += [int(number) for number in re.split("[.p]", found[2])] if found else []
    date = name[len(bare) :]
    month = re.fullmatch(r"-(\d\d)-(\d{4})", date)
    return tuple(words), (tuple(version), not date, f"{month[2]}{month[1]}" if month else re.sub(r"\D", "", date))


_DATE = re.compile(r"[-@](?:\d{4}-?\d{2}-?\d{2}|\d{2}-\d{4})$")
_VERSION = re.compile(r"([a-z]*?)(\d{1,6}(?:[.p]\d{1,6})*)")


# what is remembered


def remembered(config: Config, path: Path, env: Mapping[str, str]) -> Config:
    """The configuration with the models that took the place of defaults, at the addresses where they did."""
    known = _read(path)
    if not known:
        return config
    profiles = {name: taken(profile, known, env) for name, profile in config.profiles.items()}
    return config._replace(profiles=profiles, successors=known)


def taken(profile: Profile, known: Mapping[str, object], env: Mapping[str, str]) -> Profile:
    """The profile with the model that is known to have taken the place of its default, at its address."""
    kept = table(known.get(profile.name))
    new = text(kept.get("model"))
    same = kept.get("default") == profile.default_model and kept.get("base_url") == address(profile, env)
    return replace(profile, model=new) if profile.default_model and same and _is_name(new) else profile


def remember(path: Path, profile: Profile) -> None:
    """Keep that the profile asks for its model, in the place of its default, at its address. An address that may hold a
    secret is kept nowhere. OSError if it cannot be written."""
    if where := Url(profile.base_url).kept:
        entry = {"default": profile.default_model, "base_url": where, "model": profile.model}
        files.private_folder(path.parent)
        files.write(path, json.dumps({**_read(path), profile.name: entry}, indent=1).encode())


def _read(path: Path) -> dict[str, object]:
    try:
        return table(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return {}
