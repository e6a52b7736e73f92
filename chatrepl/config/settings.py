"""What /set and the flags change: the [ui] settings, and the parameters of a request."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatrepl import fields, files, replace
from chatrepl.config.config import Config, Profile, Ui
from chatrepl.config.facts import EFFORTS
from chatrepl.config.reading import load, unsendable
from chatrepl.config.vendors import PROFILES
from chatrepl.errors import CommandError, ConfigError, Hint
from chatrepl.files import reading
from chatrepl.text import safe
from chatrepl.text.fuzzy import nearest

PARAMETERS: dict[str, str] = {
    "temperature": "how free the words are chosen",
    "top_p": "how much of the likely words is considered",
    "max_tokens": "how long a reply may get, in tokens",
    "stop": "texts that end a reply",
    "n": "how many replies a request brings, for /replies to choose among",
    "seed": "makes a reply repeatable where the server can",
    "presence_penalty": "against coming back to a subject",
    "frequency_penalty": "against saying the same words",
    "effort": "how much the model thinks, in each protocol's words",
    "reasoning_effort": "the same by OpenAI's name, sent as it is",
    "tool_choice": "whether a tool has to be called first: auto, none, required, or its name",
    "verbosity": "how much the model says: low, medium, high, where the vendor has it",
    "service_tier": "how fast, and at which price: auto, default, flex, priority",
    "template": "how openai-completions makes a prompt: chatml, llama3, plain or a text",
    "cache": "how long Anthropic keeps what was asked, for the next question: 5m, 1h, off",
    "raw": "openai-completions sends the typed text as it is",
}
"""The parameters of a request that /set knows by name; -o and options in the configuration take any other too."""

_MODEL = "model"

_OPTION = "options."
_UI = {field.name: field for field in fields(Ui)}
_OFF = ("off", "none", "default")


def names() -> Iterable[tuple[str, str]]:
    """Every setting with what it does."""
    yield from ((name, field.metadata["about"]) for name, field in _UI.items())
    yield _MODEL, "the model that answers, as /model sets it"
    yield from PARAMETERS.items()


def shown(ui: Ui, profile: Profile) -> Iterable[tuple[str, str, str]]:
    """Every setting with its value and what it does, and the other options of the profile."""
    for name, about in names():
        yield name, value_of(name, ui, profile), about
    for name in profile.options:
        if name not in PARAMETERS:
            yield f"{_OPTION}{name}", as_text(profile.options[name]), ""


def value_of(key: str, ui: Ui, profile: Profile) -> str:
    """The value of a setting, as text."""
    if key in _UI:
        return as_text(getattr(ui, key))
    if key == _MODEL:
        return profile.model or "not set"
    option = _option(key)
    return as_text(profile.options[option]) if option in profile.options else "not set"


def values_of(key: str) -> Sequence[str]:
    """The values that a setting may have, as far as they can be listed."""
    field = _UI.get(key)
    if field is None:
        return _VALUES.get(key, ("off",) if key in PARAMETERS else ())
    return ("on", "off") if field.type in (bool, "bool") else tuple(field.metadata.get("of", ()))


_VALUES = {
    "effort": (*EFFORTS, "off"),
    "reasoning_effort": (*EFFORTS[1:], "off"),
    "verbosity": ("low", "medium", "high", "off"),
    "service_tier": ("auto", "default", "flex", "priority", "off"),
    "cache": ("5m", "1h", "off"),
    "tool_choice": ("auto", "none", "required", "off"),
    "raw": ("true", "off"),
}


def changed(key: str, value: str, ui: Ui, profile: Profile) -> tuple[Ui, Profile]:
    """Both with that setting changed."""
    if key in _UI:
        return replace(ui, **{key: _ui_value(key, value)}), profile
    if key == _MODEL:
        return ui, _with_model(profile, value)
    option = _option(key)
    options = {name: kept for name, kept in profile.options.items() if name != option}
    if value not in _OFF or (key, value) in _KEPT:
        options[option] = _checked(key, parse(value))
    return ui, replace(profile, options=options)


def with_option(options: Mapping[str, Any], key: str, value: str) -> dict[str, Any]:
    """The options with that one of the command line. ``off`` takes away a parameter that the profile sets, and
    ``options.NAME`` takes any value. CommandError where a known parameter cannot have it."""
    name = key.removeprefix(_OPTION)
    if key in PARAMETERS and value == "off" and (key, value) not in _KEPT:
        return {other: kept for other, kept in options.items() if other != name}
    return {**options, name: _checked(key, parse(value))}


def _with_model(profile: Profile, model: str) -> Profile:
    if model in _OFF:
        raise CommandError("A model is needed to answer", Hint(at_prompt="/models lists what the server offers."))
    same = model == profile.model  # what is known of another model does not hold for this one
    facts: dict[str, Any] = {} if same else {"context": 0, "price": ()}
    return replace(profile, model=model, default_model="", **facts)


def _checked(key: str, value: Any) -> Any:
    """The value, if it is of the kind that the parameter takes."""
    if key == "effort" and value not in EFFORTS:
        raise CommandError(f"effort is one of {', '.join(EFFORTS)}, not {safe.line(as_text(value), 40)!r}", _UNSET)
    kinds, means = _NUMBERS.get(key, (object, ""))
    if not isinstance(value, kinds) or (means and isinstance(value, bool)):
        any_other = f"{_OPTION}{key}=VALUE sends any other value.", f"/set {_OPTION}{key} VALUE sends any other value."
        hint = Hint(f"-o {any_other[0]}", any_other[1])
        raise CommandError(f"{key} is {means}, not {safe.line(as_text(value), 40)!r}", hint)
    return value


_KEPT = {("effort", "none"), ("cache", "off"), ("tool_choice", "none")}
"""Values that say something, though others of that name take a setting away."""

_UNSET = Hint("off leaves it to the model.", "/effort off leaves it to the model.")

_ANY, _WHOLE = ((int, float), "a number"), (int, "a whole number")
_NUMBERS: dict[str, tuple[Any, str]] = {
    **dict.fromkeys(("temperature", "top_p", "presence_penalty", "frequency_penalty"), _ANY),
    **dict.fromkeys(("max_tokens", "n", "seed"), _WHOLE),
}


def parse(value: str) -> Any:
    """A value as TOML reads it, else as the text it is. CommandError if no request can hold it."""
    try:
        found = _as_toml(value)
        wrong = unsendable(found)
    except (ValueError, RecursionError):  # too many digits or brackets
        wrong = "without measure"
    if wrong:
        raise CommandError(
            f"{safe.line(value, 40)} is {wrong}, which no request can hold", 'Quotes make it a text: "..."'
        )
    return found


def _as_toml(value: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return value


def as_text(value: Any) -> str:
    """A value on one line, the way TOML writes it; texts without quotes."""
    from chatrepl.config.toml_edit import inline  # not for the first key

    return value if isinstance(value, str) else inline(value)


MOST = 2**24
"""The most bytes of a file with a text for a setting."""


def text_or_file(words: str) -> str:
    """The words, or what stands in the file they name with an @ before it."""
    if not words.startswith("@"):
        return words
    return reading.text(files.path_of(words[1:]), MOST).strip("\n")


def save(path: Path, key: str, ui: Ui, profile: Profile) -> Path | None:
    """Write one setting into the configuration file, whole or not at all.

    What else stands there stays as it is. Where a change of a line cannot do it the file is written anew, without its
    comments, and the old one is kept: the path of that is returned.
    """
    if key not in _UI:
        _can_be_saved("" if key == _MODEL else _option(key), profile, load(path))
    from chatrepl.config import editing  # not before somebody saves

    return editing.edit(path, lambda data: iter([_set(data, key, ui, profile)]))


_HOLDS = "The setting holds for this session."


def _can_be_saved(option: str, profile: Profile, known: Config) -> None:
    """Complain of what the configuration has no place for."""
    if profile.name not in known.profiles:
        hint = f"A [profiles.NAME] in {known.path} would have a place for it. {_HOLDS}"
        raise ConfigError(f"{profile.name} is not in the configuration, so nothing can be saved for it", hint)
    if option not in profile.options and option in PROFILES.get(profile.name, {}).get("options", {}):
        hint = f"Another value can be saved in its place. {_HOLDS}"
        raise ConfigError(f"{option} is built into the profile {profile.name} and cannot be off for good", hint)


def _set(data: dict[str, Any], key: str, ui: Ui, profile: Profile) -> tuple[str, ...]:
    """Change the setting in what the file says; the path to it there."""
    if key in _UI:
        data.setdefault("ui", {})[key] = getattr(ui, key)
        return "ui", key
    if key == _MODEL:
        data.setdefault("profiles", {}).setdefault(profile.name, {})["model"] = profile.model
        return "profiles", profile.name, "model"
    at = "profiles", profile.name, "options", _option(key)
    if at[-1] in profile.options:
        for name in at[:-1]:
            data = data.setdefault(name, {})
        data[at[-1]] = profile.options[at[-1]]
    else:
        for name in at[:-1]:
            data = data.get(name, {})
        data.pop(at[-1], None)
    return at


def _option(key: str) -> str:
    """The name of the option behind a key; a key that is neither a setting nor a known parameter is refused."""
    if key in PARAMETERS:
        return key
    if key.startswith(_OPTION) and len(key) > len(_OPTION):
        return key.removeprefix(_OPTION)
    hint = Hint(at_prompt=f"/set lists them. Any other option of a request: /set {_OPTION}NAME VALUE")
    raise CommandError(f"There is no setting {key!r}{nearest(key, [*_UI, _MODEL, *PARAMETERS])}", hint)


def _ui_value(key: str, value: str) -> Any:
    field = _UI[key]
    if field.type in (bool, "bool"):
        if value.lower() not in _BOOLEANS:
            raise CommandError(f"{key} is on or off, not {value!r}")
        return _BOOLEANS[value.lower()]
    if field.type in (int, "int"):
        if not (value.isascii() and value.isdigit() and 0 < len(value) < 7):
            raise CommandError(f"{key} is a whole number from 0 to 999,999, not {safe.line(value, 40)!r}")
        return int(value)
    if "on" in field.metadata["of"] and value.lower() in _BOOLEANS:
        return "on" if _BOOLEANS[value.lower()] else "off"
    if value not in field.metadata["of"]:
        raise CommandError(f"{key} is one of {', '.join(field.metadata['of'])}, not {value!r}")
    return value


_BOOLEANS = {**dict.fromkeys(("on", "true", "yes"), True), **dict.fromkeys(("off", "false", "no"), False)}
