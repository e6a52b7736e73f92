"""Tools that are programs: arguments as JSON on standard input, the result on standard output."""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

from chatrepl.config.tools import Program, expanded
from chatrepl.errors import ChatError, CommandError
from chatrepl.tools import results, schemas
from chatrepl.tools.children import Child, Keeper, environment
from chatrepl.tools.tool import Result, Tool, Watch

COMPLAINT = 2_000
"""The bytes of its standard error that a model reads of a program that failed."""

_SLICE = 0.1
"""Ctrl-C is looked for so often, in seconds."""

_PATIENCE = 3
"""How long, in seconds, the end of a program is waited for that was told to end."""


class Surroundings(NamedTuple):
    """What a tool needs of the world."""

    env: Mapping[str, str]
    keeper: Keeper
    beside: Path
    """The folder of the configuration, where the files are that a command names."""
    hide: Callable[[str], str] = str
    """Takes the secrets out of a text."""


def tool(program: Program, around: Surroundings) -> Tool:
    """The program as a tool. CommandError where its parameters are no schema."""
    try:
        schema = schemas.of_parameters(program.parameters)
    except schemas.NoSchema as error:
        raise CommandError(f"The tool {program.name} cannot be used: {error}") from None

    def run(arguments: Mapping[str, Any], _watch: Watch) -> Result:
        return _run(program, arguments, around)

    origin = json.dumps(list(program.command), ensure_ascii=False)
    return Tool(program.name, "", program.name, program.description, schema, origin, run, program.approve)


def command(words: Sequence[str], around: Surroundings, whose: str) -> list[str]:
    """A command of the configuration as it is run: its variables and ~ replaced, and the files that stand beside the
    configuration found there, wherever the user is."""
    return [_word(expanded(word, around.env, whose), around.beside) for word in words]


def _word(word: str, beside: Path) -> str:
    if word.startswith("~"):
        return os.path.expanduser(word)
    there = os.path.join(beside, word)
    return there if ("." in word or "/" in word) and os.path.isfile(there) else word


def _run(program: Program, arguments: Mapping[str, Any], around: Surroundings) -> Result:
    """Run it in another thread, which Ctrl-C leaves alone; here it breaks the wait off, and that ends the program."""
    stop, done = Event(), Future[Result]()

    def work() -> None:
        try:
            done.set_result(_ran(program, arguments, around, stop))
        except BaseException as error:
            done.set_exception(error)

    try:
        Thread(target=work, daemon=True).start()
        while not done.done():
            wait([done], _SLICE)
        return done.result()
    finally:
        stop.set()
        wait([done], _PATIENCE)


def _ran(program: Program, arguments: Mapping[str, Any], around: Surroundings, stop: Event) -> Result:
    output, complaint = results.Kept(), results.Tail(COMPLAINT)
    started = time.monotonic()
    try:
        given = {name: expanded(value, around.env, program.name) for name, value in program.env.items()}
        words = command(program.command, around, program.name)
        child = Child(words, environment(around.env, given), None, around.keeper, output.feed, complaint.feed)
    except ChatError as error:
        return results.failure(str(error))
    Thread(target=_feed, args=(child, json.dumps(arguments).encode()), daemon=True).start()
    stopped = _wait(child, output, stop, started + program.timeout)
    child.end()
    failed = stopped.format(program.timeout) if stopped else _ended(child.status or 0)
    made = _result(failed, output.text.removesuffix("\n"), complaint.text.strip(), around.hide)
    return made._replace(seconds=time.monotonic() - started)


_LATE = "Stopped after {:g} s"
_FLOODED = f"Stopped: it wrote more than {results.WHOLE >> 20} MiB"


def _wait(child: Child, output: results.Kept, stop: Event, deadline: float) -> str:
    """Wait for its end. Why it is to be ended before that, "" where it is not."""
    while not output.full and not stop.is_set():
        left = deadline - time.monotonic()
        if child.ended.wait(max(0.0, min(_SLICE, left))):
            break
        if left <= 0:
            return _LATE
    return results.CANCELLED if stop.is_set() else _FLOODED if output.full else ""


def _feed(child: Child, data: bytes) -> None:
    with suppress(OSError, ValueError):  # it did not want to know
        child.write(data)
    child.close_input()


def _ended(status: int) -> str:
    """How it failed, "" if it did not."""
    return f"exit {status}" if status > 0 else f"ended by signal {-status}" if status else ""


def _result(failed: str, text: str, complaint: str, hide: Callable[[str], str]) -> Result:
    """What the model reads: the output, or why there is none, and what there was until then."""
    if not failed:
        return results.result(text, hide=hide)
    said = f"{failed}: {complaint}" if complaint else failed
    return results.result(f"{said}\n\nIts output:\n{text}" if text.strip() else said, error=True, hide=hide)
