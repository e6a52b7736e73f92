"""The text of a prompt file filled: what was typed behind its name, values of variables, files of its folder."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from chatrepl.config.prompts import VARIABLE, PromptFile
from chatrepl.files.writing import split

_MENTION = re.compile(r"(?<!\S)@([\w./~-]*[\w/~-])")


class Filled(NamedTuple):
    """The text of a prompt file with its variables filled: ``missing`` ones stand there still. ``files`` are those of
    its folder that it names with an @, by the names that they have there, ``outside`` the names that lead elsewhere."""

    text: str
    missing: tuple[str, ...] = ()
    files: Mapping[str, Path] = {}
    outside: tuple[str, ...] = ()


def fill(
    prompt: PromptFile,
    words: str | Sequence[str] = "",
    values: Mapping[str, str] = {},
    folder: Path | None = None,
    below: str = "",
) -> Filled:
    """The text with the words that follow the name, and with the values of variables. ``key=value`` in a line of words
    gives the value of a variable of the file; words that were parted by a shell are what they are. ``below``
    stands below all of them. Without any place for them, the words stand at the end."""
    found, rest = _given(prompt, words) if isinstance(words, str) else ({}, " ".join(words))
    values = {**found, **values}
    parts = split(rest) if isinstance(words, str) else words
    rest = "\n\n".join(filter(None, (rest, below)))
    last = max((int(match[1]) for match in VARIABLE.finditer(prompt.text) if match[1].isdigit()), default=0)
    missing: list[str] = []

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name == "$":
            return "$"
        if name in ("input", "ARGUMENTS"):
            return values.get(name, rest)
        if name.isdigit():
            return _positional(parts, int(name), last) if name != "0" else match[0]
        if name not in values and name in prompt.variables:
            missing.append(name)
        return values.get(name, match[0])

    files, outside = _mentioned(prompt.text, folder)
    text = VARIABLE.sub(value, prompt.text)
    if rest and not last and not re.search(r"\$(?:input|ARGUMENTS)\b", prompt.text):
        text = f"{text}\n\n{rest}"
    return Filled(text, tuple(dict.fromkeys(missing)), files, outside)


def pairs(prompt: PromptFile, words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The values of variables among words that were parted by a shell, and the others."""
    known = {match[1] for match in VARIABLE.finditer(prompt.text)} - {"$", "input", "ARGUMENTS"}
    parted = [(word, *word.partition("=")) for word in words]
    values = {key: value for _, key, equals, value in parted if equals and key in known}
    return values, [word for word, key, equals, _ in parted if not (equals and key in known)]


def _given(prompt: PromptFile, words: str) -> tuple[dict[str, str], str]:
    """The values of variables among the words, and the words without them."""
    names = "|".join(map(re.escape, prompt.variables))
    if not names:
        return {}, words.strip()
    pair = re.compile(rf"(?<!\S)({names})=(\"[^\"]*\"|'[^']*'|\S*)")
    values = {match[1]: match[2].strip("\"'") for match in pair.finditer(words)}
    return values, re.sub(r" {2,}", " ", pair.sub("", words)).strip()


def _positional(parts: Sequence[str], number: int, last: int) -> str:
    """The word of that number; the last one that the text names takes all that follow, as in opencode."""
    return " ".join(parts[number - 1 :]) if number == last else "".join(parts[number - 1 : number])


def _mentioned(text: str, folder: Path | None) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The files of the folder that the text names with an @, and the names of files elsewhere. None of the names tells
    where the folder is."""
    inside: dict[str, Path] = {}
    outside: list[str] = []
    for name in dict.fromkeys(match[1] for match in _MENTION.finditer(text)):
        place = folder and within(folder, name)
        if folder and place and place.is_file():
            inside[str(place.relative_to(folder.resolve())) if Path(name).is_absolute() else name] = place
        elif "/" in name or "." in name:
            outside.append(name)
    return inside, tuple(outside)


def within(folder: Path, name: str) -> Path | None:
    """The place of that name below the folder; None where it leads out of it, by whatever way."""
    try:
        place = (folder / name).resolve()
        return place if place.is_relative_to(folder.resolve()) else None
    except (OSError, RuntimeError, ValueError):
        return None
