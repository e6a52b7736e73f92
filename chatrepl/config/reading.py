"""Reads a configuration file strictly: every mistake in it has its line, and the word that was meant."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatrepl import Field, NamedTuple, fields, replace
from chatrepl.config.config import Budget, Config, Profile, Timeouts, Ui, built_in
from chatrepl.errors import ConfigError
from chatrepl.files import ownership
from chatrepl.files.reading import bounded
from chatrepl.text import lookalikes
from chatrepl.text.fuzzy import nearest
from chatrepl.text.redaction import is_secret
from chatrepl.usage import Price

if TYPE_CHECKING:
    from chatrepl.config.tools import Tools


MOST = 2**20
"""The most bytes of a configuration."""


def load(path: Path, *, must_exist: bool = False) -> Config:
    """The configuration: the built-in profiles with the file at ``path`` over them. A ConfigError names the first
    mistake in the file."""
    if not must_exist and not os.path.exists(path):  # path.exists() raises for a name that is too long
        return built_in(path)
    found = _read(path, built_in(path).profiles)
    wrong = ownership.untrusted(path)
    return _distrusted(found, wrong) if wrong else found


def _distrusted(found: Config, wrong: str) -> Config:
    """The configuration without what it would run: whoever wrote it may be somebody else."""
    profiles = {name: replace(each, distrust=wrong) for name, each in found.profiles.items()}
    return found._replace(profiles=profiles, tools=None, distrust=wrong)


def _read(path: Path, built_in: Mapping[str, Profile]) -> Config:
    text, data = parsed(path)
    return Reader(path, text, []).config(data, built_in, Ui())


def parsed(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a TOML file, and what it says."""
    import tomllib  # not for the first key of who has no such file

    try:
        text = bounded(path, MOST).decode("utf-8-sig").replace("\r\n", "\n")
        data = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 (byte {error.start})") from None
    except tomllib.TOMLDecodeError as error:
        last = f"(at the end, line {text.rstrip().count(chr(10)) + 1})"
        said = str(error).replace("(at end of document)", last)
        raise ConfigError(f"{path} is not valid TOML: {said}", "Mend that line, or move the file away.") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets without end
        raise ConfigError(f"{path} holds what no configuration needs", "Move the file away.") from None
    return text, data


class Reader(NamedTuple):
    """Turns the tables of one file into dataclasses; every complaint names the file, the line and the key."""

    path: Path
    text: str
    mistakes: list[tuple[int, ConfigError]]
    """What was complained of so far, and its line; the first in the file is told in the end."""

    def config(self, data: dict[str, Any], built_in: Mapping[str, Profile], ui: Ui) -> Config:
        data = dict(self.sound((), data, _TABLES))
        profiles = dict(built_in)
        for name, table in data.get("profiles", {}).items():
            self.demand(("profiles", name), isinstance(table, dict), "has to be a table")
            if isinstance(table, dict):
                profiles[name] = self.profile(name, table, profiles.get(name, Profile(name)))
        for name in profiles:
            self.check_fallback(name, profiles)
        default = data.get("default", "")
        known = not default or default in profiles
        self.demand(("default",), known, f"names no profile: {default!r}{nearest(default, profiles)}")
        ui = self.fill(("ui",), data.get("ui", {}), ui)
        size = data.get("compact", 0.0)
        self.demand(("compact",), size <= 1, "has to be a share of the context, as 0.9")
        keep = data.get("compact_keep", 4)
        self.demand(("compact_keep",), keep > 0, "has to be at least 1")
        compacting = {
            "budget": self.budget(data.get("budget")),
            "compact": float(size),
            "compact_keep": keep,
            "compact_model": data.get("compact_model", ""),
        }
        tools = self.tools(data) if data.keys() & {"tools", "mcp", "import_mcp", "allowed"} else None
        if self.mistakes:
            raise min(self.mistakes, key=lambda each: each[0])[1]
        return Config(self.path, default, ui, profiles, tools=tools, **compacting)

    def budget(self, said: object) -> Budget | None:
        """Dollars as a number above 0, or tokens as a text like "500k tokens"."""
        if said is None:
            return None
        found = re.fullmatch(r"(\d{1,9})([kM]?) ?tokens", said) if isinstance(said, str) else None
        tokens = int(found[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[found[2]] if found else 0
        good = tokens > 0 or (not isinstance(said, str) and _TYPES[float][0](said))
        wanted = 'has to be dollars above 0, as 2.00, or tokens, as "500k tokens"'
        if not self.demand(("budget",), good, f"{wanted}, not {said!r}"):
            return None
        return Budget(tokens=tokens) if tokens else Budget(float(str(said)))

    def tools(self, data: dict[str, Any]) -> "Tools":
        from chatrepl.config import reading_tools  # not for those who have none

        return reading_tools.read(self, data)

    def profile(self, name: str, table: dict[str, Any], start: Profile) -> Profile:
        at, before = ("profiles", name), len(self.mistakes)
        profile: Profile = self.fill(at, table, start)
        if len(self.mistakes) == before:  # else its dialect may be what is misspelt
            self.demand(at, bool(profile.dialect), "needs a dialect", 'For example: dialect = "openai-chat"')
        named = {"model": "default_model", "dialect": "elsewhere"}
        said: dict[str, Any] = {field: "" for key, field in named.items() if key in table}
        return replace(profile, **said)

    def fill(self, at: tuple[str, ...], table: dict[str, Any], start: Any) -> Any:
        """``start`` with the fields that the table names."""
        keys = ((item.metadata.get("key", item.name), item) for item in fields(start))
        known = {key: item for key, item in keys if key}
        for name, item in known.items():  # what has become a word may still be true or false
            if isinstance(table.get(name), bool) and "on" in item.metadata.get("of", ()):
                table = {**table, name: "on" if table[name] else "off"}
        kinds = {name: each.metadata.get("kind", type(getattr(start, name))) for name, each in known.items()}
        sound = self.sound(at, table, kinds)
        found = {key: self.value((*at, key), known[key], getattr(start, key), value) for key, value in sound}
        return replace(start, **{known[key].name: value for key, value in found.items()})

    def value(self, at: tuple[str, ...], known: "Field[Any]", now: Any, value: Any) -> Any:
        """What the field is to hold: ``now`` with what the file says."""
        if known.metadata.get("variable"):
            self.demand(at, not value or _is_name(value), "has to be the name of an environment variable")
        if choices := known.metadata.get("of"):
            self.demand(at, value in choices, f"has to be one of {', '.join(choices)}{nearest(value, choices)}")
        if read := known.metadata.get("read"):
            return read(value)
        if isinstance(now, Timeouts):
            return self.fill(at, value, now)
        if known.metadata.get("kind") is Price:
            return self.price(at, value) or now
        if isinstance(now, tuple):
            words = all(isinstance(word, str) for word in value)
            return tuple(value) if self.demand(at, words, "has to be a list of words") else now
        if isinstance(now, Mapping):
            texts = all(isinstance(text, str) for text in value.values())
            self.demand(at, texts or at[-1] == "options" or "free" in known.metadata, "has to hold texts")
            for name, item in value.items():
                wrong = unsendable(item)
                self.demand((*at, name), not wrong, f"is {wrong}, which no request can hold")
            return {**now, **value}
        return value

    def price(self, at: tuple[str, ...], value: Any) -> Price | None:
        """A price: a list of numbers, or a table of them in which the prices of longer questions stand ``above``."""
        table = dict(value) if isinstance(value, dict) else dict(zip(_PRICES, value, strict=False))
        above = table.pop("above", {}) if isinstance(value, dict) else {}
        numbers = [table.get(name) for name in _PRICES]
        good = all(_is_price(each) or (each is None and place > 1) for place, each in enumerate(numbers))
        good = good and (isinstance(value, dict) or len(value) <= len(_PRICES)) and not table.keys() - set(_PRICES)
        tiers: list[tuple[int, Price]] = []
        for limit, prices in above.items() if isinstance(above, dict) else [("", above)]:
            good = good and limit.isdigit() and len(limit) < 10 and isinstance(prices, list | dict)
            if good and (tier := self.price((*at, "above", limit), prices)):
                tiers.append((int(limit), tier))
        complaint = "has to be 2 to 5 numbers, 0 or more: dollars for a million tokens in, out, cached, written"
        if not self.demand(at, good, complaint, "For example: price = [0.25, 2.0]"):
            return None
        first, second, cached, written, long = (each if each is None else float(each) for each in numbers)
        return Price(first or 0.0, second or 0.0, cached, written, tuple(sorted(tiers)), written_long=long)

    def check_fallback(self, name: str, profiles: Mapping[str, Profile]) -> None:
        """Complain of a fallback that is no profile, or the profile itself."""
        for other in profiles[name].fallback:
            at = ("profiles", name, "fallback")
            self.demand(at, other in profiles, f"names no profile: {other!r}{nearest(other, profiles)}")
            self.demand(at, other != name, "names the profile itself")

    def sound(
        self, at: tuple[str, ...], table: dict[str, Any], wanted: Mapping[str, type]
    ) -> Iterator[tuple[str, Any]]:
        """The keys that are known and whose value is of the right type; the others are complained of."""
        for key, value in table.items():
            near = _NO_KEY if "key_env" in wanted and is_secret(key) else nearest(key, wanted)
            if self.demand((*at, key), key in wanted, f"is no known key{near}"):
                accepts, means = _TYPES[wanted[key]]
                instead = "" if key.startswith(("key", "headers")) else f", not {value!r}"  # nor does a key stand there
                if self.demand((*at, key), accepts(value), f"has to be {means}{instead}"):
                    yield key, value

    def demand(self, at: tuple[str, ...], good: bool, complaint: str, hint: str = "") -> bool:
        """Complain if it is not good; whether it is."""
        if not good:
            from chatrepl.config.toml_places import line_of  # where a mistake was made

            line = line_of(self.text, at)
            error = ConfigError(f"{self.path}, line {line}: {'.'.join(at)} {complaint}", hint)
            self.mistakes.append((line, error))
        return good


_TABLES = {
    "default": str,
    "ui": dict,
    "profiles": dict,
    "budget": object,
    "compact": float,
    "compact_keep": int,
    "compact_model": str,
    "tools": object,
    "mcp": dict,
    "import_mcp": tuple,
    "allowed": dict,
}
"""What stands at the top of a configuration; ``tools`` is a table or a list."""

_NO_KEY = ": the key itself never stands here; key_env, key_file or key_command says where it is"

_PRICES = ("input", "output", "cached", "written", "written_long")


def _is_price(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1_000_000


_TYPES: dict[type, tuple[Callable[[Any], bool], str]] = {
    str: (lambda value: isinstance(value, str), "a text"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
    float: (
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value > 0,
        "a number above 0",
    ),
    int: (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
        "a whole number, 0 or more",
    ),
    dict: (lambda value: isinstance(value, dict), "a table"),
    tuple: (lambda value: isinstance(value, list), "a list"),
    Timeouts: (lambda value: isinstance(value, dict), "a table"),
    Price: (lambda value: isinstance(value, list | dict), "a list of numbers, or a table of them"),
    object: (lambda _value: True, ""),
}


def _is_name(value: str) -> bool:
    """Whether it can be the name of an environment variable, and is not the key itself."""
    return bool(re.fullmatch(r"[A-Za-z_]\w*", value, re.ASCII)) and (value.isupper() or not lookalikes.kind(value))


def unsendable(value: object) -> str:
    """What a value is that has no place in a request, "" if it has one: JSON knows neither dates nor infinity."""
    import json  # not for the first key of who has no such file

    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except TypeError:
        return "a date or a time"
    except UnicodeEncodeError:
        return "half a character"
    except (ValueError, RecursionError):
        return "without measure"
    return ""
