"""The flags of the command line, in the words of --help."""

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import NoReturn

from chatrepl import __version__, cli
from chatrepl.cli.options import Options
from chatrepl.config.config import DIALECTS
from chatrepl.errors import CommandError
from chatrepl.text.fuzzy import nearest

HINT = "chatrepl --help lists the flags."


_MISTAKE = re.compile(
    r"argument (?:(?P<lacks>\S+): expected .*|(?P<takes_none>\S+): ignored explicit argument .*"
    r"|(?P<other>\S+): invalid choice: '(?P<value>[^']*)'.* \(choose from .*)"
    r"|ambiguous option: (?P<short>\S+) could match (?P<names>.*)",
    re.DOTALL,
)
"""What argparse says of a mistake: nothing else of it tells which one it is."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Complain in a line, as of everything else."""
        said = _MISTAKE.fullmatch(message)
        if not said:
            raise CommandError(message[:1].upper() + message[1:], HINT)
        if said["short"]:
            names = _either(said["names"].split(", "))
            raise CommandError(f"{said['short'].partition('=')[0]} may mean {names}", HINT)
        flag = said["lacks"] or said["takes_none"] or said["other"]
        action = next(each for each in self._actions if "/".join(each.option_strings) == flag)
        name, takes = action.option_strings[-1], _takes(action)
        if said["lacks"]:
            line = f"{name} needs {' and '.join(takes)}"
        elif said["other"]:
            line = f"{name} takes {_either(action.choices or ())}, not {said['value']!r}"
        else:
            line = f"{name} takes nothing behind it"
        raise CommandError(line, f"{' '.join([name, *takes])}: {action.help}")


def _takes(action: argparse.Action) -> Sequence[str]:
    """What stands behind the flag, in the words of --help."""
    if action.nargs == 0:
        return ()
    return action.metavar if isinstance(action.metavar, tuple) else (action.metavar or action.dest.upper(),)


def _either(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}"


def read(words: Sequence[str]) -> Options:
    """What the flags say. CommandError if one is none, or lacks what belongs to it."""
    told = vars(_parsed(words))
    if told["paced"] and not told["replay"]:
        raise CommandError("--paced goes with --replay", "For example: chatrepl --replay DIR --paced")
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items() if value}
    return Options(
        **{
            **given,
            "prompt": " ".join(told["prompt"]),
            "words": tuple(told["prompt"]),
            "system": told["system"],
            "resume": told["resume"],
        }
    )


def completion(shell: str) -> str:
    """The script that completes these flags in that shell."""
    return cli.script(shell, parser(), {"dialect": sorted(DIALECTS)})


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    known = parser()
    found, others = known.parse_known_args(words)
    if others:
        name = others[0].partition("=")[0]  # behind which a secret may stand
        names = [each for action in known._actions for each in action.option_strings]
        raise CommandError(f"There is no flag {name}{nearest(name, names)}", HINT)
    return found


def parser() -> argparse.ArgumentParser:
    """The arguments, as --help shows them."""
    flags = _Parser(
        prog="chatrepl",
        description="Chat with a language model in the terminal. Without PROMPT and piped text: the REPL.",
        epilog="Exit status: 0 fine, 1 the request failed, 2 wrong usage or configuration, 130 interrupted. "
        "--help PAGE prints a page of the manual; the page start lists them.",
    )
    add = flags.add_argument
    add("prompt", nargs="*", metavar="PROMPT", help="ask this, print the reply and leave")
    add("-p", "--profile", metavar="NAME", default="", help="the profile: one of the config, or a built-in one")
    add("-m", "--model", default="", help="the model; for the profile local, the path of a GGUF file")
    add("-s", "--system", metavar="TEXT", help="the system prompt, or @FILE")
    add("-t", "--prompt", metavar="NAME", dest="prompt_file", default="", help="a prompt file; NAME=VALUE fills it")
    add(
        "--schema", metavar="SCHEMA", default="", help="answer in JSON of this schema: a file, JSON, or 'name, age int'"
    )
    add("-o", "--option", metavar="KEY=VALUE", action="append", default=[], help="an option of the request; repeatable")
    add("--dialect", metavar="NAME", default="", help="the protocol, instead of the profile's")
    add("--base-url", metavar="URL", default="", help="the address, instead of the profile's")
    add("-c", "--continue", action="store_true", dest="go_on", help="continue the newest session")
    add("-r", "--resume", metavar="ID", nargs="?", const="", help="continue a session: by its id, by words, or chosen")
    add(
        "-f",
        "--file",
        metavar="PATH",
        action="append",
        default=[],
        help="attach a file, folder, pattern or address, or - for what is piped in, however large; repeatable",
    )
    add("-i", "--interactive", action="store_true", help="answer PROMPT or the piped text first, then stay in the REPL")
    add("--raw", action="append_const", dest="option", const="raw=true", help="the same as -o raw=true")
    add("--no-stream", action="store_true", help="ask for the reply in one piece")
    add("--plain", action="store_true", help="no markdown rendering, no colours, no repainting")
    add("--screen-reader", action="store_true", help="--plain, and each reply in one piece with a bell (ACCESSIBLE=1)")
    add("--json", action="store_true", help="one-shot: print one JSON object")
    add("--yes", action="store_true", help="yes to sending what looks like a key, and to the server a session names")
    add("--tools", metavar="NAMES", action="append", default=[], help="let the model call these tools, or all")
    add("--search", action="store_true", help="let the vendor search the web, where it can")
    add("--no-tools", action="store_true", help="let the model call no tools")
    add("--allow", metavar="NAME", action="append", default=[], help="a tool or server that needs no yes; repeatable")
    add("--ephemeral", action="store_true", help="save no session")
    add("--export", metavar=("ID", "FILE"), nargs=2, help="write a session as .md .json .jsonl .html .txt")
    add("--import", metavar="FILE", dest="take_in", help="import the conversations in a file as sessions")
    add("--record", metavar="DIR", help="record every exchange in this folder, without secrets")
    add("--replay", metavar="DIR", help="answer from a recorded folder instead of the network")
    add("--paced", action="store_true", help="with --replay: at the speed of the recording")
    add("--config", metavar="FILE", help="the configuration file")
    add("--here", action="store_true", help="take in the chatrepl.toml of the folder you are in")
    add("--list-models", action="store_true", help="list what the server offers")
    add("--update-models", action="store_true", help="fetch the table of models: their prices, their sizes")
    add("--list-sessions", action="store_true", help="list the sessions, the newest first")
    add("--list-profiles", action="store_true", help="list the profiles, and which have their key")
    add("--doctor", action="store_true", help="check configuration, keys, servers, the embedded model and the terminal")
    add("--completion", metavar="SHELL", choices=("bash", "zsh", "fish"), help="print completion for bash, zsh or fish")
    add("--version", action="version", version=f"chatrepl {__version__}")
    return flags
