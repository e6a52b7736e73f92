"""A command of the user's in the shell, on a terminal of its own that the real one stands for.

What it prints is shown as it comes, and what is typed reaches it, Ctrl-C too; the beginning and the end of what it
printed are kept. On Windows there is no such terminal: what it prints is shown when it is over.
"""

import os
import re
import select
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple, TextIO

from chatrepl.errors import CommandError
from chatrepl.terminal import modes
from chatrepl.terminal.signals import handling
from chatrepl.text import safe
from chatrepl.text.environment import for_children
from chatrepl.text.excerpt import capped

KEPT = 1 << 20
"""So many bytes at the beginning of what a command prints are kept, and as many at its end."""

LATE = 0.05
"""What comes so many seconds after its end still belongs to a command; what goes on in the background does not."""

_TAKES_THE_TERMINAL = 'exec "$1" -c "$2" <>"$0" >&0 2>&1'
"""Whoever opens a terminal as the first of a session owns it: Ctrl-C there reaches what is run."""

_OTHER_SCREEN = re.compile(r"\x1b\[\?(?:1049|47)h.*?(?:\x1b\[\?(?:1049|47)l|\Z)", re.DOTALL)
_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]?"
)


class Ran(NamedTuple):
    """What a command printed, as a person would have seen it in the end, and its exit status."""

    text: str
    status: int


def run(command: str, env: Mapping[str, str], keys: TextIO, out: TextIO) -> Ran:
    """Run it until it ends."""
    try:
        return _run(command, for_children(env), keys, out)
    except OSError as error:
        raise CommandError(
            f"The shell cannot be run: {error.strerror}", "Set SHELL to a shell that is there."
        ) from None


def printed(data: bytes) -> str:
    """What stands on a terminal after that was printed, without colours, and safe: of a line that was written over, as
    progress bars do, what came last."""
    text = _SEQUENCE.sub("", _OTHER_SCREEN.sub("", data.decode("utf-8", "replace"))).replace("\r\n", "\n")
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return capped(safe.text("\n".join(map(_without_backspaces, lines))).strip("\n"))


def _without_backspaces(line: str) -> str:
    kept: list[str] = []
    for character in line if "\b" in line else ():
        if character != "\b":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept) if "\b" in line else line


if sys.platform == "win32":

    def _run(command: str, env: Mapping[str, str], _keys: TextIO, out: TextIO) -> Ran:
        pipe, same = subprocess.PIPE, subprocess.STDOUT
        done = subprocess.run(command, shell=True, env=env, stdout=pipe, stderr=same, check=False)
        text = printed(done.stdout)
        out.write(f"{text}\n" if text else "")
        out.flush()
        return Ran(text, done.returncode)

else:
    import fcntl
    import termios

    def _run(command: str, env: Mapping[str, str], keys: TextIO, out: TextIO) -> Ran:
        ours, theirs = os.openpty()
        _take_size(out, theirs)
        words = ["/bin/sh", "-c", _TAKES_THE_TERMINAL, os.ttyname(theirs), env.get("SHELL") or "/bin/sh", command]
        begin, restore = modes.changing(keys, modes.raw)
        try:
            begin()  # first: a Ctrl-C at once is for the command
            process = subprocess.Popen(
                words, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
            )
            with handling(lambda *_: _take_size(out, ours), "SIGWINCH"):
                data = _pass_on(process, ours, keys.fileno(), out.fileno())
        finally:
            restore()
            os.close(theirs)
            os.close(ours)
        if data and not data.endswith(b"\n"):
            os.write(out.fileno(), b"\r\n")
        status = process.wait()
        return Ran(printed(data), 128 - status if status < 0 else status)  # as shells tell of signals

    def _pass_on(process: "subprocess.Popen[bytes]", ours: int, keys: int, out: int) -> bytes:
        """Hand on what is typed and what is printed, until the command is over; what it printed."""
        head, tail, over = bytearray(), bytearray(), False
        while True:
            ready, _, _ = select.select([ours] if over else [ours, keys], [], [], LATE)
            if over and not ready:
                break
            over = process.poll() is not None
            if keys in ready and (typed := os.read(keys, 1 << 12)):
                os.write(ours, typed)
            if ours in ready:
                piece = _read(ours)
                if not piece:
                    break
                _write(out, piece)
                room = max(KEPT - len(head), 0)
                head += piece[:room]
                tail += piece[room:]
                del tail[: max(len(tail) - KEPT, 0)]
        return bytes(head + tail)

    def _read(ours: int) -> bytes:
        with suppress(OSError):  # nobody has the other end open any more
            return os.read(ours, 1 << 16)
        return b""

    def _write(out: int, piece: bytes) -> None:
        while piece:
            piece = piece[os.write(out, piece) :]

    def _take_size(out: TextIO, terminal: int) -> None:
        with suppress(OSError):
            size = fcntl.ioctl(out.fileno(), termios.TIOCGWINSZ, b"\0" * 8)
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
