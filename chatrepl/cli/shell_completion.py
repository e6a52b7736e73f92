"""Completion of the command line for bash, zsh and fish, made from the argument parser."""

import argparse
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence

_PROFILES = "chatrepl --list-profiles 2>/dev/null | sed 's/^[* ] //; s/ .*//'"
_SESSIONS = "chatrepl --list-sessions 2>/dev/null | head -n 100"
_KINDS = {"FILE": "files", "PATH": "files", "DIR": "folders", "ID": "sessions"}
"""What an argument of that name is."""

Words = Mapping[str, Sequence[str]]


def script(shell: str, parser: argparse.ArgumentParser, words: Words) -> str:
    """The script for that shell. ``words`` are what may stand behind some arguments, by their ``dest``."""
    shown = [action for action in parser._actions if action.option_strings]
    return SHELLS[shell](shown, words)


def _arguments(action: argparse.Action) -> list[str]:
    """The names of the arguments that a flag takes."""
    if action.nargs == 0:
        return []
    if isinstance(action.metavar, tuple):
        return list(action.metavar)
    return [action.metavar or action.dest]


def _kind(action: argparse.Action, argument: str) -> str:
    """What that argument of the flag is: profiles, sessions, files, folders, or "" for what cannot be known."""
    return "profiles" if action.dest == "profile" else _KINDS.get(argument, "")


def _given(action: argparse.Action, words: Words) -> Sequence[str]:
    return [str(choice) for choice in action.choices or words.get(action.dest, ())]


# bash

_IN_BASH = {
    "profiles": f'-W "$({_PROFILES})" -- "$word"',
    "sessions": f'-W "$({_SESSIONS} | sed \'s/ .*//\')" -- "$word"',
    "files": '-f -- "$word"',
    "folders": '-d -- "$word"',
}


def _bash(actions: Iterable[argparse.Action], words: Words) -> str:
    actions = list(actions)
    options = " ".join(option for action in actions for option in action.option_strings)
    return "\n".join(
        [
            "_chatrepl() {",
            '  local word="${COMP_WORDS[COMP_CWORD]}"',
            *_bash_cases(actions, words, 0),
            *_bash_cases(actions, words, 1),
            f'  if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "{options}" -- "$word"))',
            "  else local IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"$word\")); fi",
            "}",
            "complete -o filenames -F _chatrepl chatrepl",
        ]
    )


def _bash_cases(actions: Iterable[argparse.Action], words: Words, place: int) -> list[str]:
    """What completes the argument at that place behind a flag."""
    cases = [
        f"    {'|'.join(action.option_strings)}) {_bash_reply(action, words, place)} ;;"
        for action in actions
        if len(_arguments(action)) > place
    ]
    return [f'  case "${{COMP_WORDS[COMP_CWORD-{place + 1}]}}" in', *cases, "  esac"]


def _bash_reply(action: argparse.Action, words: Words, place: int) -> str:
    kind = _kind(action, _arguments(action)[place])
    given = _given(action, words)
    reply = f'-W "{" ".join(given)}" -- "$word"' if given else _IN_BASH.get(kind, "")
    lines = "local IFS=$'\\n'; " if kind in ("files", "folders") else ""  # names may hold blanks
    return f"{lines}COMPREPLY=($(compgen {reply})); return" if reply else "return"


# zsh

_IN_ZSH = {
    "profiles": "_chatrepl_profiles",
    "sessions": "_chatrepl_sessions",
    "files": "_files",
    "folders": "_files -/",
}


def _zsh(actions: Iterable[argparse.Action], words: Words) -> str:
    lines = []
    for action in actions:
        about = (action.help or "").translate(str.maketrans("[]:", "();", "'"))
        optional = ":" * (action.nargs == "?")
        behind = "".join(f"{optional}:{name}:{_in_zsh(action, name, words)}" for name in _arguments(action))
        many = "*" if isinstance(action, argparse._AppendAction) else ""
        lines += [f"    '{many}{option}[{about}]{behind}' \\" for option in action.option_strings]
    return "\n".join(
        [
            "#compdef chatrepl",
            '_chatrepl_profiles() { compadd -- ${(f)"$(' + _PROFILES + ')"} }',
            "_chatrepl_sessions() {",
            "  local -a sessions",
            '  sessions=(${(f)"$(' + _SESSIONS + " | sed 's/:/\\\\:/g; s/  /:/')\"})",
            "  _describe -V session sessions",
            "}",
            "_chatrepl() {",
            "  _arguments -s \\",
            *lines,
            "    '*:prompt:_files'",
            "}",
            'if [[ $funcstack[1] == _chatrepl ]]; then _chatrepl "$@"; else compdef _chatrepl chatrepl; fi',
        ]
    )


def _in_zsh(action: argparse.Action, argument: str, words: Words) -> str:
    given = _given(action, words)
    return f"({' '.join(given)})" if given else _IN_ZSH.get(_kind(action, argument), " ")


# fish

_IN_FISH = {
    "profiles": f'-x -a "({_PROFILES.replace("$", chr(92) + "$")})"',
    "sessions": f"-x -k -a \"({_SESSIONS} | string replace -r '  ' '\\t')\"",
    "files": "-r -F",
    "folders": '-x -a "(__fish_complete_directories)"',
}


def _fish(actions: Iterable[argparse.Action], words: Words) -> str:
    lines = []
    for action in actions:
        line = ["complete -c chatrepl"]
        line += [f"-l {o[2:]}" if o.startswith("--") else f"-s {o[1:]}" for o in action.option_strings]
        if given := _given(action, words):
            line.append(f"-x -a {shlex.quote(' '.join(given))}")
        elif arguments := _arguments(action):  # the others stand for themselves, and are files
            line.append(_IN_FISH.get(_kind(action, arguments[0]), "-x"))
        lines.append(" ".join([*line, f"-d {shlex.quote(action.help or '')}"]))
    return "\n".join(lines)


SHELLS: dict[str, Callable[[Iterable[argparse.Action], Words], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
