"""chatrepl as a whole process."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.support.forkserver import CHATREPL, Child
from tests.support.server import PATIENCE
from tests.support.terminal import environment


def run(*words: str, home: Path, typed: str | bytes | None = None, **env: str) -> "subprocess.CompletedProcess[bytes]":
    """chatrepl with these arguments and that text piped in."""
    (stdin, keys), *told = (os.pipe() for _ in range(3))
    theirs = [os.open(os.devnull, os.O_RDONLY) if typed is None else os.dup(stdin), *(write for _, write in told)]
    child = Child([*CHATREPL, *words], environment(home, **env), theirs)
    for fd in (stdin, *theirs):
        os.close(fd)
    with ThreadPoolExecutor() as threads:
        threads.submit(_write, keys, typed.encode() if isinstance(typed, str) else typed or b"")
        out, err = (threads.submit(_read, read) for read, _ in told)
        try:
            status = child.wait(PATIENCE)
        except TimeoutError:
            child.kill(signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(["chatrepl", *words], status, out.result(), err.result())


def _write(fd: int, data: bytes) -> None:
    with suppress(BrokenPipeError), open(fd, "wb") as file:
        file.write(data)


def _read(fd: int) -> bytes:
    with open(fd, "rb") as file:
        return file.read()
