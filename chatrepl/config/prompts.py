"""Prompt files: ``prompts/NAME.md`` beside the configuration, run by ``/NAME`` and ``-t NAME``.

A file is front matter between two lines ``---`` (a ``key: value`` a line, the value read as TOML, else as text), and a
text with ``$input`` or ``$ARGUMENTS``, ``$1`` and ``$name``. So the command files of Claude Code and opencode are read
as they are; what they hold besides is skipped. A file without a text is a persona, which sets what it names.

Nothing in a file ever runs a program, and nothing is taken in from outside of the folder.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chatrepl.config import settings
from chatrepl.errors import CommandError
from chatrepl.files import reading
from chatrepl.text import safe
from chatrepl.text.fuzzy import nearest

MOST = 256_000
"""The most bytes of a prompt file."""

MANY = 5_000
"""The most prompt files that are looked for."""

VARIABLE = re.compile(r"\$(\$|ARGUMENTS\b|\d+|[A-Za-z_][A-Za-z0-9_]*)")
"""What is filled in a text; ``$$`` is a dollar."""

_NAME = re.compile(r"[A-Za-z0-9_-]+(?::[A-Za-z0-9_-]+)*")
_COMMAND = re.compile(r"!`[^`\n]+`")
_MODEL_WORDS = ("inherit", "default", "sonnet", "opus", "haiku")
"""What Claude Code's files call a model by; no server knows these names."""


class PromptFile(NamedTuple):
    """What a prompt file says. What it does not set is empty; ``line`` is where its text begins."""

    name: str
    path: Path
    description: str = ""
    hint: str = ""
    """Which arguments it takes, for completion."""
    profile: str = ""
    model: str = ""
    system: str = ""
    options: Mapping[str, Any] = {}
    tools: tuple[str, ...] | None = None
    search: bool | None = None
    schema: Any = None
    text: str = ""
    line: int = 1

    @property
    def is_persona(self) -> bool:
        """Whether it asks nothing, but sets who is talked to and how."""
        return not self.text

    @property
    def variables(self) -> list[str]:
        """The named variables of its text, in their order. Names in capitals, as in a piece of a shell script, are text
        unless they are given."""
        names = (match[1] for match in VARIABLE.finditer(self.text))
        return list(dict.fromkeys(each for each in names if re.fullmatch(r"[a-z][a-z0-9_]*", each) and each != "input"))

    @property
    def commands(self) -> list[str]:
        """What looks like a command that another program would run."""
        return _COMMAND.findall(self.text)


# in the folder


def is_name(words: str) -> bool:
    """Whether that may be the name of a prompt file: letters, digits, - and _, with a : for each folder."""
    return bool(_NAME.fullmatch(words))


def names(folder: Path) -> dict[str, Path]:
    """The prompt files in that folder and those below, by name. Links to folders are not followed; what has another
    kind of name is left out, see ``unfit``."""
    return {name: path for name, path in _found(folder) if is_name(name)}


def unfit(folder: Path) -> list[Path]:
    """The files that cannot be run because of their names."""
    return [path for name, path in _found(folder) if not is_name(name)]


def _found(folder: Path) -> Iterator[tuple[str, Path]]:
    count = 0
    for place, below, files in os.walk(folder):
        below[:] = sorted(each for each in below if not each.startswith("."))
        for file in sorted(files):
            if file.endswith(".md") and not file.startswith(".") and count < MANY:
                count += 1
                path = Path(place, file)
                yield ":".join(path.relative_to(folder).with_suffix("").parts), path


def place_of(folder: Path, name: str) -> Path:
    """Where the prompt file of that name is, or would be."""
    if not is_name(name):
        raise CommandError(f"No prompt file can be called {safe.line(name, 60)!r}", "Letters, digits, - and _ alone.")
    return folder.joinpath(*name.split(":")).with_suffix(".md")


def is_there(folder: Path, name: str) -> bool:
    """Whether there is a prompt file of that name, at the cost of one look."""
    return is_name(name) and len(name) < _LONG and place_of(folder, name).is_file()


_LONG = 200
"""File systems complain of names that are longer."""


def load(folder: Path, name: str) -> PromptFile:
    """The prompt file of that name. A CommandError says what is wrong with it, and where."""
    path = place_of(folder, name)
    if not is_there(folder, name):
        near = nearest(name, names(folder))
        raise CommandError(f"There is no prompt file {safe.line(name, 60)!r}{near}", f"Its place is {path}")
    return read(path, name)


def read(path: Path, name: str) -> PromptFile:
    """The prompt file at that path."""
    return parsed(source(path), name, path)


def source(path: Path) -> str:
    """What stands in the prompt file at that path."""
    return reading.text(path, MOST, "The prompt file")


# what a file says


def parsed(text: str, name: str, path: Path) -> PromptFile:
    """What the text of a prompt file says."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return PromptFile(name, path, text=text.strip("\n"))
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), 0)
    if not end:
        raise _mistake(path, 1, "the front matter has no end", "A line --- ends it.")
    fields = dict(_field(path, *each) for each in _pairs(path, lines[1:end]))
    known = {key: value for key, value in fields.items() if key}
    return PromptFile(name, path, text="\n".join(lines[end + 1 :]).strip("\n"), line=end + 2, **known)


def _pairs(path: Path, lines: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Number, key and value of each line. What follows indented, or as the items of a list, belongs to the key before
    it, as in YAML."""
    number, key, value = 0, "", ""
    for place, line in enumerate(lines, 2):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] in " \t" or line.startswith("- "):
            value = f"{value} {line.strip()}".strip()
            continue
        if key:
            yield number, key, value
        number, (key, colon, value) = place, line.partition(":")
        key, value = key.strip(), value.strip()
        if not colon or not re.fullmatch(r"[A-Za-z][\w -]*", key):
            raise _mistake(
                path, place, f"{safe.line(line, 60)!r} is no key: value", "One a line, as in: model: gpt-6-luna"
            )
    if key:
        yield number, key, value


_TEXTS = {"description": "description", "argument-hint": "hint", "profile": "profile", "system": "system"}


def _field(path: Path, line: int, key: str, value: str) -> tuple[str, Any]:
    """The field that a line sets, and to what; the field is "" for what other programs' files hold besides."""
    try:
        found = settings.parse(value) if value else ""
    except CommandError as error:
        raise _mistake(path, line, str(error), error.hint.text) from None
    match key.lower():
        case "model":
            words = _text(found, value)
            return ("", None) if words in _MODEL_WORDS else ("model", words)
        case "options":
            return "options", _demanded(path, line, found, dict, "{ temperature = 0.2 }")
        case "search":
            return "search", _demanded(path, line, found, bool, "true")
        case "tools":
            return "tools", _words(found)
        case "schema":
            return "schema", found
        case name if name in _TEXTS:
            return _TEXTS[name], _text(found, value)
    return "", None


def _text(found: Any, value: str) -> str:
    return found if isinstance(found, str) else value


def _words(found: Any) -> tuple[str, ...]:
    """The names of a list: with commas, or as TOML or YAML write one."""
    if isinstance(found, list):
        return tuple(str(each) for each in found)
    return tuple(each for each in re.split(r"""[\s,"'[\]]+""", str(found)) if each.strip("-"))


def _demanded(path: Path, line: int, found: Any, kind: type, example: str) -> Any:
    if not isinstance(found, kind):
        raise _mistake(
            path, line, f"{safe.line(str(found), 40)!r} is not what belongs there", f"For example: {example}"
        )
    return found


def _mistake(path: Path, line: int, what: str, hint: str) -> CommandError:
    return CommandError(f"{safe.line(str(path))}, line {line}: {what}", hint)


def written(fields: Mapping[str, Any], text: str = "") -> str:
    """A prompt file that says this. ``parsed`` reads it back."""
    lines = [f"{key}: {_line(value)}" for key, value in fields.items() if value not in ("", None, {}, ())]
    return "\n".join(["---", *lines, "---", *([text] if text else []), ""])


def _line(value: Any) -> str:
    from chatrepl.config.toml_edit import inline  # needs tomli-w, which nothing else here does

    plain = isinstance(value, str) and "\n" not in value and settings.parse(value) == value and value == value.strip()
    return str(value) if plain and value[:1] not in "\"'#-" else inline(value)
