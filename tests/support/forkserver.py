"""Starts programs. chatrepl is forked from a process that has loaded already what it imports from elsewhere.

To load httpx, rich and prompt-toolkit is most of what a start costs, and no test that needs a start is about that.
chatrepl's own modules each process loads itself, as it asks for them, so a lacking import shows. In all else it is as
started from nothing: environment, folder, streams, terminal, signals, the way it ends.

Any other program is executed, and so is chatrepl where its environment asks for another interpreter, or where
CHATREPL_TEST_STARTS=real says so.

    test -> server: four file descriptors: a channel of this start alone, stdin, stdout, stderr
    test -> channel: what to start, as JSON; channel -> test: the process id, later the status, as C's ints
"""

import atexit
import fcntl
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[2]
CHATREPL = [sys.executable, "-m", "chatrepl"]
LOCALE = {"LC_ALL": "C.UTF-8"}
_INT = struct.Struct("i")
_LOADED = """
import sys
import chatrepl.cli.main, chatrepl.terminal.prompt.prompt
from chatrepl.cli.preload import NEEDED
for name in NEEDED:
    __import__(name)
print(*(name for name in sys.modules if name.partition(".")[0] not in ("chatrepl", "__main__")))
"""


# On the side of the tests


class Child:
    """A program that runs with that environment and those streams, on the terminal that is its stdin, if it is one."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], streams: Sequence[int]) -> None:
        self._channel, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(_server(), [b"."], [theirs.fileno(), *streams])
        self._channel.sendall(json.dumps([_own(command, env), list(command), dict(env), os.getcwd()]).encode())
        self._channel.shutdown(socket.SHUT_WR)
        self.pid = self._told()
        self._status: int | None = None

    def wait(self, seconds: float) -> int:
        """The exit status once it is over, the negative number of a signal that ended it; TimeoutError before."""
        if self._status is None:
            if not select.select([self._channel], [], [], seconds)[0]:
                raise TimeoutError(f"process {self.pid} did not end in {seconds} s")
            self._status = os.waitstatus_to_exitcode(self._told())
            self._channel.close()
        return self._status

    def isalive(self) -> bool:
        with suppress(TimeoutError):
            self.wait(0)
        return self._status is None

    def kill(self, number: int) -> None:
        """Send it that signal, unless it is over."""
        if self.isalive():
            os.kill(self.pid, number)

    def _told(self) -> int:
        told = self._channel.recv(_INT.size, socket.MSG_WAITALL)
        assert len(told) == _INT.size, "the fork server is gone"
        return int(_INT.unpack(told)[0])


def _own(command: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether to execute the program, instead of running it in the interpreter there is."""
    other = any(name.startswith(("PYTHON", "LC_", "LANG")) and LOCALE.get(name) != env[name] for name in env)
    return list(command[:3]) != CHATREPL or other or os.environ.get("CHATREPL_TEST_STARTS") == "real"


@cache
def _server() -> socket.socket:
    """What to ask for a start; one server serves all tests of this process."""
    ours, theirs = socket.socketpair()
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV") if name in os.environ}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forkserver", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            env=kept | LOCALE,
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


# On the side of the server


class Start(NamedTuple):
    """What a process has to become."""

    streams: Sequence[int]
    own: bool
    command: list[str]
    env: dict[str, str]
    folder: str


def _serve(control: socket.socket) -> Start | None:
    """What to become, in a process that was forked for it; None in the server, once nobody asks any more."""
    while fds := socket.recv_fds(control, 1, 4)[1]:
        if os.fork() == 0:
            control.close()
            return _watched(socket.socket(fileno=fds[0]), fds[1:])
        for fd in fds:
            os.close(fd)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    return None


def _watched(channel: socket.socket, streams: Sequence[int]) -> Start:
    """What to become, in a process of its own, whose parent tells the test of it and ends with it."""
    with channel, channel.makefile() as told:
        start = Start(streams, *json.load(told))
        if (pid := os.fork()) == 0:
            return start
        for fd in streams:
            os.close(fd)
        channel.sendall(_INT.pack(pid))
        status = os.waitpid(pid, 0)[1]
        with suppress(OSError):  # a test that asks no more
            channel.sendall(_INT.pack(status))
    os._exit(0)


def _become(start: Start) -> None:
    """The program, up to its end."""
    for number, fd in enumerate(start.streams):
        os.dup2(fd, number)
    os.closerange(3, max(start.streams) + 1)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as in a terminal, also where the tests run under nohup
    if os.isatty(0):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(start.folder)
    if start.own:
        os.execvpe(start.command[0], start.command, start.env)
    os.environ.clear()
    os.environ.update(start.env)
    time.tzset()
    sys.stdin, sys.stdout, sys.stderr = map(_stream, range(3))
    sys.argv = start.command[2:]
    sys.path[0] = start.folder
    runpy.run_module("chatrepl", run_name="__main__", alter_sys=True)


def _stream(number: int) -> IO[str]:
    """stdin, stdout or stderr as Python opens it in this locale."""
    errors = "backslashreplace" if number == 2 else "surrogateescape"
    by_line = 1 if number == 2 or os.isatty(number) else -1
    return open(number, "w" if number else "r", by_line, "utf-8", errors, closefd=False)


def _load() -> None:
    for name in subprocess.run([sys.executable, "-c", _LOADED], stdout=subprocess.PIPE, text=True).stdout.split():
        with suppress(ImportError):  # names that are modules only for who put them there
            import_module(name)


if __name__ == "__main__":
    _load()
    if start := _serve(socket.socket(fileno=int(sys.argv[1]))):
        _become(start)
