"""Completion of the command line for bash, zsh and fish, made from the argument parser."""

import argparse
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence

_PROFILES = "chatrepl --list-profiles 2>/dev/null | sed 's/^[* ] //; s/ .*//'"
_FILES = ("FILE", "PATH")


def script(shell: str, parser: argparse.ArgumentParser, words: Mapping[str, Sequence[str]]) -> str:
    """The script for that shell. ``words`` are what may stand behind some arguments, by their ``dest``."""
    shown = [action for action in parser._actions if action.option_strings]
    return SHELLS[shell](shown, words)


def _bash(actions: Iterable[argparse.Action], words: Mapping[str, Sequence[str]]) -> str:
    cases = []
    for action in actions:
        if action.nargs == 0:
            continue
        reply = {"files": '-f -- "$word"', "profiles": f'-W "$({_PROFILES})" -- "$word"'}.get(_kind(action))
        if given := _words(action, words):
            reply = f'-W "{" ".join(given)}" -- "$word"'
        lines = "local IFS=$'\\n'; " if _kind(action) == "files" else ""  # names may hold blanks
        then = f"{lines}COMPREPLY=($(compgen {reply})); return" if reply else "return"
        cases.append(f"    {'|'.join(action.option_strings)}) {then} ;;")
    options = " ".join(option for action in actions for option in action.option_strings)
    return "\n".join(
        [
            "_chatrepl() {",
            '  local word="${COMP_WORDS[COMP_CWORD]}"',
            '  case "${COMP_WORDS[COMP_CWORD-1]}" in',
            *cases,
            "  esac",
            f'  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "{options}" -- "$word"))',
            "  else local IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"$word\")); fi",
            "}",
            "complete -o filenames -F _chatrepl chatrepl",
        ]
    )


def _zsh(actions: Iterable[argparse.Action], words: Mapping[str, Sequence[str]]) -> str:
    lines = []
    for action in actions:
        about = (action.help or "").translate(str.maketrans("[]:", "();", "'"))
        value = ""
        if action.nargs != 0:
            how = {"files": "_files", "profiles": "_chatrepl_profiles"}.get(_kind(action), " ")
            how = f"({' '.join(given)})" if (given := _words(action, words)) else how
            value = f":{(action.metavar or action.dest)!s}:{how}"
        many = "*" if isinstance(action, argparse._AppendAction) else ""
        lines += [f"    '{many}{option}[{about}]{value}' \\" for option in action.option_strings]
    return "\n".join(
        [
            "#compdef chatrepl",
            '_chatrepl_profiles() { compadd -- ${(f)"$(' + _PROFILES + ')"} }',
            "_chatrepl() {",
            "  _arguments -s \\",
            *lines,
            "    '*:prompt:_files'",
            "}",
            "compdef _chatrepl chatrepl",
        ]
    )


def _fish(actions: Iterable[argparse.Action], words: Mapping[str, Sequence[str]]) -> str:
    lines = []
    for action in actions:
        line = ["complete -c chatrepl"]
        line += [f"-l {o[2:]}" if o.startswith("--") else f"-s {o[1:]}" for o in action.option_strings]
        if given := _words(action, words):
            line.append(f"-x -a {shlex.quote(' '.join(given))}")
        elif action.nargs != 0:
            line.append({"files": "-r -F", "profiles": f'-x -a "({_fish_profiles()})"'}.get(_kind(action), "-x"))
        lines.append(" ".join([*line, f"-d {shlex.quote(action.help or '')}"]))
    return "\n".join(lines)


def _fish_profiles() -> str:
    return _PROFILES.replace("$", r"\$")


def _kind(action: argparse.Action) -> str:
    if action.dest == "profile":
        return "profiles"
    return "files" if str(action.metavar) in _FILES else ""


def _words(action: argparse.Action, words: Mapping[str, Sequence[str]]) -> Sequence[str]:
    return [str(choice) for choice in action.choices or words.get(action.dest, ())]


SHELLS: dict[str, Callable[[Iterable[argparse.Action], Mapping[str, Sequence[str]]], str]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}
