"""What /set and the flags change: the [ui] settings, and the parameters of a request."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from chatrepl import files, safe
from chatrepl.config import Profile, Ui, load, nearest, unsendable
from chatrepl.errors import CommandError, ConfigError

PARAMETERS: dict[str, str] = {
    "temperature": "how free the words are chosen",
    "top_p": "how much of the likely words is considered",
    "max_tokens": "how long a reply may get, in tokens",
    "stop": "texts that end a reply",
    "seed": "makes a reply repeatable where the server can",
    "presence_penalty": "against coming back to a subject",
    "frequency_penalty": "against saying the same words",
    "reasoning_effort": "how long a reasoning model thinks",
    "template": "how openai-completions makes a prompt: chatml, llama3, plain or a text",
    "raw": "openai-completions sends the typed text as it is",
}
"""The parameters of a request that /set knows by name; -o and options in the configuration take any other too."""

_OPTION = "options."
_UI = {field.name: field for field in fields(Ui)}
_OFF = ("off", "none", "default")


def names() -> Iterable[tuple[str, str]]:
    """Every setting with what it does."""
    yield from ((name, field.metadata["about"]) for name, field in _UI.items())
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
    option = _option(key)
    return as_text(profile.options[option]) if option in profile.options else "not set"


def values_of(key: str) -> Sequence[str]:
    """The values that a setting may have, as far as they can be listed."""
    field = _UI.get(key)
    if field is None:
        return _VALUES.get(key, ("off",) if key in PARAMETERS else ())
    return ("on", "off") if field.type in (bool, "bool") else tuple(field.metadata["of"])


_VALUES = {"reasoning_effort": ("minimal", "low", "medium", "high", "off"), "raw": ("true", "off")}


def changed(key: str, value: str, ui: Ui, profile: Profile) -> tuple[Ui, Profile]:
    """Both with that setting changed."""
    if key in _UI:
        return replace(ui, **{key: _ui_value(key, value)}), profile
    option = _option(key)
    options = {name: kept for name, kept in profile.options.items() if name != option}
    if value not in _OFF:
        options[option] = parse(value)
    return ui, replace(profile, options=options)


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
    """A value the way TOML writes it, texts without quotes."""
    import tomli_w

    return value if isinstance(value, str) else tomli_w.dumps({"value": value}).partition(" = ")[2].strip()


def text_or_file(words: str) -> str:
    """The words, or what stands in the file they name with an @ before it."""
    if not words.startswith("@"):
        return words
    path = files.path_of(words[1:])
    try:
        return path.read_text("utf-8-sig").strip("\n")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not a text in UTF-8") from None


def save(path: Path, key: str, ui: Ui, profile: Profile) -> None:
    """Write one setting into the configuration file, whole or not at all. Its comments are lost, its meaning is not."""
    load(path)  # a file that cannot be used now is not made worse
    import tomllib

    data = tomllib.loads(path.read_text("utf-8-sig")) if os.path.exists(path) else {}
    if key in _UI:
        data.setdefault("ui", {})[key] = getattr(ui, key)
    else:
        options = data.setdefault("profiles", {}).setdefault(profile.name, {}).setdefault("options", {})
        options.pop(_option(key), None)
        if _option(key) in profile.options:
            options[_option(key)] = profile.options[_option(key)]
    import tomli_w

    try:
        files.private_folder(path.parent)
        # What would be refused at the next start is not put in place.
        files.write(path, tomli_w.dumps(data).encode(), check=load)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}", "The setting holds for this session."
        ) from None


def _option(key: str) -> str:
    """The name of the option behind a key; a key that is neither a setting nor a known parameter is refused."""
    if key in PARAMETERS:
        return key
    if key.startswith(_OPTION) and len(key) > len(_OPTION):
        return key.removeprefix(_OPTION)
    hint = f"/set lists them. Any other option of a request: /set {_OPTION}NAME VALUE"
    raise CommandError(f"There is no setting {key!r}{nearest(key, [*_UI, *PARAMETERS])}", hint)


def _ui_value(key: str, value: str) -> Any:
    field = _UI[key]
    if field.type in (bool, "bool"):
        if value.lower() not in _BOOLEANS:
            raise CommandError(f"{key} is on or off, not {value!r}")
        return _BOOLEANS[value.lower()]
    if value not in field.metadata["of"]:
        raise CommandError(f"{key} is one of {', '.join(field.metadata['of'])}, not {value!r}")
    return value


_BOOLEANS = {**dict.fromkeys(("on", "true", "yes"), True), **dict.fromkeys(("off", "false", "no"), False)}
