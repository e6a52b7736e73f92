"""One run of a program on a pty: what it shows and when, and what it costs."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE = 60.0
"""How long, in seconds, a run may take."""

_SCHEDULED = 2
"""With the process in the bits above: Linux's clock of what a whole process ran, in nanoseconds."""


class Run:
    """A running program. Times are of ``time.perf_counter``, the same clock as the server's in this process."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], columns: int = 100, rows: int = 30) -> None:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=dict(env), start_new_session=True, close_fds=True
        )
        os.close(slave)
        self._master = master
        self.shown = bytearray()

    def send(self, keys: str) -> float:
        """Type; returns when."""
        now = time.perf_counter()
        os.write(self._master, keys.encode())
        return now

    def until(self, awaited: bytes, start: int = 0) -> float:
        """Read until that stands in what was shown from ``start`` on; returns when."""
        deadline = time.perf_counter() + PATIENCE
        start = max(start, 0)
        while self.shown.find(awaited, start) < 0:
            start = max(start, len(self.shown) - len(awaited) + 1)
            if time.perf_counter() > deadline or not self._read():
                self._process.kill()
                self._process.wait()
                raise RuntimeError(f"waited in vain for {awaited!r}: {bytes(self.shown[-2000:])!r}")
        return time.perf_counter()

    def cpu(self) -> float:
        """The processor seconds it used so far, those of threads that are over included."""
        return time.clock_gettime(~self._process.pid << 3 | _SCHEDULED)

    def memory(self, what: str = "VmRSS") -> float:
        """Resident memory in MB, now (VmRSS) or at its highest (VmHWM); 0 where it is not told."""
        try:
            lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:")), 0.0)

    def end(self, keys: str = "") -> float:
        """Let it end; returns the processor seconds of the whole run."""
        if keys:
            self.send(keys)
        while self._read():
            pass
        os.close(self._master)
        _, _, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = 0
        return usage.ru_utime + usage.ru_stime

    def _read(self) -> bool:
        """Take in what was shown; False once the program is over."""
        if not select.select([self._master], [], [], 1.0)[0]:
            return self._process.poll() is None
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return False
        self.shown += data
        if b"\x1b[6n" in data:  # prompt-toolkit asks where the cursor is
            os.write(self._master, b"\x1b[1;1R")
        return bool(data)


def cpu_of(command: Sequence[str], env: Mapping[str, str]) -> float:
    """The processor seconds of a program that ends by itself, without a terminal."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(env)
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return usage.ru_utime + usage.ru_stime
