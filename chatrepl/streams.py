"""The standard streams: made ready for a chat, and the keys taken from the terminal where a pipe stood before."""

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress

from chatrepl import narrow


def make_ready(env: Mapping[str, str]) -> None:
    """Standard streams that one can rely on: they are there, they wait for slow readers, and take any character."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # the program was started with that one closed
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    narrow.register()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = narrow.encoding(env, stream.encoding) if stream.isatty() else stream.encoding
            stream.reconfigure(encoding=encoding, errors=narrow.HANDLER)  # for narrow locales and half a surrogate pair
            if sys.platform != "win32":
                os.set_blocking(stream.fileno(), True)


def piped() -> str:
    """The text that another program pipes in."""
    if sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "replace").strip("\r\n")


def keys_from_the_terminal() -> None:
    """Standard input was a pipe, which has ended; from now on it is the terminal, where there is one."""
    for name in _terminals():
        with suppress(OSError):
            terminal = os.open(name, os.O_RDWR)
            break
    else:
        return
    os.dup2(terminal, 0)
    os.close(terminal)
    sys.stdin = open(0, encoding=sys.stdin.encoding, errors=sys.stdin.errors, closefd=False)  # noqa: SIM115


def _terminals() -> Iterator[str]:
    """The names of the terminal, the best first: macOS cannot wait for keys from /dev/tty."""
    if sys.platform == "win32":
        yield "CONIN$"
        return
    for descriptor in (1, 2):
        with suppress(OSError):
            yield os.ttyname(descriptor)
    yield "/dev/tty"
