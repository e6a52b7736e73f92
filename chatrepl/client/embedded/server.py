"""The embedded model: a child process that serves llama.cpp's HTTP server on loopback, for as long as we live."""

import json
import os
import queue
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

from chatrepl import files
from chatrepl.config.place import CONTEXT
from chatrepl.errors import ChatError, ConfigError, Hint, Unreachable
from chatrepl.text import safe
from chatrepl.text.environment import for_children


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A running server, which speaks ``openai-chat`` at ``base_url`` to who has the key."""

    base_url: str
    key: str = field(repr=False)
    model: str
    context: int
    """How many tokens it can hold."""
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the child. May be called more than once."""
        _stop(self.process)


def is_installed() -> bool:
    """Whether the runtime is there, without importing it."""
    return find_spec("xllamacpp") is not None


def start(
    model: Path,
    *,
    log: Path,
    context: int = CONTEXT,
    patience: float = 120.0,
    env: Mapping[str, str] | None = None,
) -> LocalServer:
    """A server for that GGUF file, when the model is loaded; ``patience`` in seconds. What it prints goes to the log.

    Raises ConfigError where something has to be installed or another file chosen, else Unreachable.
    """
    if not model.is_file():
        raise ConfigError(f"There is no model file {model}", "-m takes the path of a GGUF file.")
    key = secrets.token_urlsafe(32)
    process = _spawn(log, os.environ if env is None else env)
    try:
        _send(process, _settings(model, key, context))
        answer = _answer(process, patience, log)
        if "url" not in answer:
            raise _failure(answer["failure"], answer["reason"], model, log)
    except BaseException:
        process.kill()  # while it loads it does not see that its stdin is closed
        _stop(process)
        raise
    return LocalServer(f"{answer['url']}/v1", key, model.stem, context, process)


def _settings(model: Path, key: str, context: int) -> dict[str, Any]:
    """Fields of xllamacpp.CommonParams, those of older releases among them."""
    threads = min(max(_cores() - 1, 1), 4)  # as many as cores: another busy process makes it 5 to 30 times slower
    return {
        "model.path": str(model.absolute()),
        "model_alias": model.stem,
        "api_keys": key,
        "hostname": "127.0.0.1",
        "hostnames": "127.0.0.1",
        "port": 0,
        "cors_origins": "",  # the default lets any web page in
        "ui": False,
        "webui": False,
        "endpoint_slots": False,
        "offline": True,
        "n_parallel": 1,
        "n_ctx": context,
        "n_batch": 512,  # a cancelled prompt stops at the next batch
        "cache_ram_mib": 0,
        "cpuparams.n_threads": threads,
        "cpuparams_batch.n_threads": threads,
        "verbosity": 1,  # with 0 the log does not say why a model cannot be loaded
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# The process


def _spawn(log: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The child, in our process group, so that Ctrl-Z and fg mean it too; Ctrl-C it ignores by itself."""
    child = Path(__file__).with_name("child.py")
    with _fresh(log) as output:
        return subprocess.Popen(
            [sys.executable, "-P", str(child)],  # -P: a json.py in the current folder, or beside it, is not json
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            env={"GOMP_SPINCOUNT": "1000", **for_children(env)},
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Windows: no Ctrl-C from the console
        )


def _fresh(log: Path) -> BinaryIO:
    """The log, empty and for this user alone. Appended to, for another chatrepl may be writing to it."""
    try:
        files.private_folder(log.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        file = os.fdopen(os.open(log, flags, 0o600), "ab")
        log.chmod(0o600)
    except OSError as error:
        raise ConfigError(f"{log} cannot be written: {error.strerror}") from error
    return file


def _send(process: subprocess.Popen[bytes], settings: dict[str, Any]) -> None:
    assert process.stdin is not None
    with suppress(OSError):  # a child that is gone already is told of by its missing answer
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        process.stdin.flush()


def _answer(process: subprocess.Popen[bytes], patience: float, log: Path) -> dict[str, str]:
    """What the child made of its settings: its ``url``, or a ``failure`` and the ``reason``."""
    line = _first_line(process, patience)
    if line is None:
        raise Unreachable(f"The embedded model was not ready after {patience:g} seconds", f"The log is {log}")
    if not line:
        raise _death(process.wait(), log)
    answer: dict[str, str] = json.loads(line)
    if "failure" in answer:
        with suppress(subprocess.TimeoutExpired):
            process.wait(5.0)  # the log is complete when the child has ended, not before
    return answer


def _first_line(process: subprocess.Popen[bytes], patience: float) -> bytes | None:
    """The first line the child says: empty where it ends instead, None where the patience ends first."""
    assert process.stdout is not None
    # No SimpleQueue: a signal that takes longer than its timeout, as Ctrl-Z does, lets it wait for ever (Python 3.11).
    lines: queue.Queue[bytes] = queue.Queue()
    read = process.stdout.readline
    threading.Thread(target=lambda: lines.put(read()), daemon=True).start()
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with suppress(queue.Empty):
            return lines.get(timeout=0.1)  # Windows lets Ctrl-C through only between two waits
    return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the child and leave nothing of it."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(OSError):
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# What can go wrong


def _failure(kind: str, reason: str, model: Path, log: Path) -> ChatError:
    """What the child has told. For all that is wrong with a model llama.cpp raises one error; the log knows more."""
    if kind == "missing":
        return not_installed()
    if kind == "import" and "libgomp" in reason:
        return ConfigError("The embedded model needs libgomp, which this system lacks", "apt-get install libgomp1")
    if kind == "import":
        return ConfigError(f"xllamacpp cannot be loaded: {safe.line(reason)}", _INSTALL)
    first = re.search(r" E (?:[^:\n]*: )?(.+)", log.read_text("utf-8", "replace"))  # the later ones only repeat it
    return ConfigError(
        f"{model} cannot be loaded: {safe.line(first[1] if first else reason)}",
        f"Is it a whole GGUF file? The log is {log}",
    )


_INSTALL = "pip install 'chatrepl[local]'"


def not_installed() -> ConfigError:
    """The error for a machine without the runtime."""
    return ConfigError("The embedded model needs xllamacpp, which is not installed", _INSTALL)


def _death(status: int, log: Path) -> ChatError:
    """Why a child that gave no answer has ended."""
    if status in (-signal.SIGILL, 0xC000001D):  # the latter is Windows' word for it
        return ConfigError(
            "The embedded model cannot run here: the processor lacks instructions it needs (AVX2)",
            Hint("Choose another profile: -p NAME", "Choose another profile: /profile NAME"),
        )
    said = safe.line(log.read_text("utf-8", "replace").strip().rpartition("\n")[2])
    return Unreachable(
        f"The embedded model ended while it started ({_ending(status)}){said and f': {said}'}",
        f"There may be too little memory for it. The log is {log}",
    )


def _ending(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"status {status}"
