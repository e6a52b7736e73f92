"""Programs that are run for a tool: each in a group of its own, with nothing of ours but what it is given.

A child finds a short environment, no open file above its three, and never the terminal. Its whole group goes when the
call is over, when it is cancelled, and when this program goes, however that ends: a keeper, started with the first
child, holds the other end of a pipe and kills what is left when the pipe closes.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from chatrepl.errors import CommandError

PASSED_ON = frozenset(
    "HOME LANG LANGUAGE LC_ALL LC_CTYPE LOGNAME PATH SHELL TERM TMPDIR TZ USER XDG_RUNTIME_DIR "
    "APPDATA COMSPEC HOMEDRIVE HOMEPATH LOCALAPPDATA PATHEXT PROCESSOR_ARCHITECTURE PROGRAMDATA PROGRAMFILES "
    "SYSTEMDRIVE SYSTEMROOT TEMP TMP USERNAME USERPROFILE WINDIR".split()
)
"""All that a child finds of our environment, beside what the configuration gives it: no keys, no proxies."""

GRACE = 0.5
"""The seconds between asking a group to end and ending it."""

DRAIN = 0.3
"""The seconds that output may still take to arrive after its program has ended."""

_PIECE = 1 << 16


def environment(env: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What a child finds."""
    return {name: value for name, value in env.items() if name.upper() in PASSED_ON} | dict(given)


class Keeper:
    """Knows the groups that run, and sees to it that none outlives this program."""

    def __init__(self) -> None:
        self._pipe: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Be there before anything runs."""
        self._say("")

    def add(self, group: int) -> None:
        """That one runs."""
        self._say(f"+{group}\n")

    def remove(self, group: int) -> None:
        """That one is gone."""
        self._say(f"-{group}\n")

    def close(self) -> None:
        """No more are run; what still does is ended."""
        with self._lock:
            keeper, self._pipe = self._pipe, None
        if keeper and keeper.stdin:
            keeper.stdin.close()
            keeper.wait()

    def _say(self, line: str) -> None:
        if sys.platform == "win32":  # a process is all there is to end, and no group of them
            return
        with self._lock, suppress(OSError):
            if self._pipe is None:
                self._pipe = _started(_KEEP, {}, None, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert self._pipe.stdin
            self._pipe.stdin.write(line.encode())


_KEEP = [
    sys.executable,
    "-I",
    "-S",
    "-c",
    """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
groups = set()
for line in iter(sys.stdin.buffer.readline, b""):
    (groups.add if line[:1] == b"+" else groups.discard)(int(line[1:]))
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        pass
""",
]


class Child:
    """A program that runs. Its output is read by threads, so that it never waits for us. It is made in a thread where
    Ctrl-C cannot come: a process that was just started would be lost.

    ``out`` and ``err`` are called with each piece, and ``gone`` when all is over, from those threads.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        folder: Path | None,
        keeper: Keeper,
        out: Callable[[bytes], object],
        err: Callable[[bytes], object],
        gone: Callable[[], object] = lambda: None,
    ) -> None:
        self._keeper, self._gone = keeper, gone
        self._lock = threading.Lock()
        self._released = False
        """Whether its number may be another's by now."""
        self.ended = threading.Event()
        """Set when the program has ended and all its output was read, or was waited for long enough."""
        keeper.begin()  # first: nothing runs that is not kept
        try:
            self._process = _started(command, env, folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except (OSError, ValueError) as error:
            raise CommandError(_unstartable(command[0], error)) from None
        keeper.add(self._process.pid)
        self._readers = [_thread(_read, self._process.stdout, out), _thread(_read, self._process.stderr, err)]
        _thread(self._watch)

    @property
    def status(self) -> int | None:
        """How the program ended, None while it runs; below 0 is the signal that ended it."""
        return self._process.returncode

    @property
    def pid(self) -> int:
        """The number of its process, and of its group."""
        return self._process.pid

    def write(self, data: bytes) -> None:
        """Put that into its standard input; blocks while it reads nothing. OSError when it has gone."""
        assert self._process.stdin
        rest = memoryview(data)
        while rest:
            rest = rest[self._process.stdin.write(rest) :]

    def close_input(self) -> None:
        """Nothing more will be written."""
        with suppress(OSError):
            assert self._process.stdin
            self._process.stdin.close()

    def end(self, grace: float = GRACE) -> None:
        """End the whole group, kindly at first. However this is left, nothing of it goes on."""
        try:
            if grace and not self.ended.is_set():
                self._signal(_TERM)
                self.ended.wait(grace)
        finally:
            self._signal(_KILL)
            self.ended.wait(2)

    def leave(self) -> None:
        """Let it end by itself, which most do when their input closes; then end it."""
        self.close_input()
        self.ended.wait(GRACE)
        self.end()

    def kill(self) -> None:
        """End the whole group, without waiting for that."""
        self._signal(_KILL)

    def _signal(self, number: int) -> None:
        """Send that to the group, unless it is known to be gone."""
        with self._lock, suppress(OSError):
            if self._released:
                return
            if sys.platform == "win32":
                tree = ["taskkill", "/F", "/T", "/PID", str(self._process.pid)]
                subprocess.run(tree, capture_output=True, check=False)
            else:
                os.killpg(self._process.pid, number)

    def _watch(self) -> None:
        """Wait for its end. What it started goes with it."""
        if not _has_ended(self._process.pid):
            self._process.wait()
        self._join()
        self._signal(_KILL)
        with self._lock:
            self._process.wait()
            self._released = True
        self._keeper.remove(self._process.pid)
        self._join()  # who left the group may still hold the pipe, and is not waited for
        self.close_input()
        self._gone()
        self.ended.set()

    def _join(self) -> None:
        deadline = time.monotonic() + DRAIN
        for reader in self._readers:
            reader.join(max(0.0, deadline - time.monotonic()))


def _read(pipe: IO[bytes], told: Callable[[bytes], object]) -> None:
    with pipe, suppress(OSError, ValueError):
        while piece := os.read(pipe.fileno(), _PIECE):
            told(piece)


def _started(
    command: Sequence[str],
    env: Mapping[str, str],
    folder: Path | None,
    *,
    stdout: int,
    stderr: int = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    """A process in a session of its own: no terminal, so neither Ctrl-C nor a password prompt reaches it."""
    program = shutil.which(command[0], path=env.get("PATH")) or command[0]
    return subprocess.Popen(
        [program, *command[1:]],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        env=env,
        cwd=folder,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _has_ended(pid: int) -> bool:
    """Wait until the process has ended, and leave its number taken, for it is the name of its group too. False where
    that cannot be waited for."""
    if sys.platform == "win32" or not hasattr(os, "waitid"):
        return False
    with suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return True


def _unstartable(program: str, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else "its name holds what no name can"
    return f"{json.dumps(program)} cannot be started: {reason}"


def _thread(run: Callable[..., object], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=run, args=arguments, daemon=True)
    thread.start()
    return thread


_TERM, _KILL = signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)
