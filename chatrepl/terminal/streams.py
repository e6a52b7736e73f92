"""The standard streams: made ready for a chat, and the keys taken from the terminal where a pipe stood before."""

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TextIO

from chatrepl import files
from chatrepl.errors import CommandError
from chatrepl.text import charset
from chatrepl.text.amounts import size


class Unwritable(Exception):
    """Standard output takes nothing more; ``reason`` is what the system says."""

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Output(io.TextIOWrapper):
    """Standard output. That it cannot be written to is told from all other failures."""

    def write(self, text: str) -> int:
        with self._guarded():
            return super().write(text)

    def flush(self) -> None:
        with self._guarded():
            super().flush()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            to_nowhere(self)
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        raise Unwritable(error) from None


class _Notes(_Output):
    """Standard error. What cannot be written there is dropped: no answer is to be lost over it."""

    def _failed(self, error: OSError) -> None:
        pass


def to_nowhere(stream: TextIO) -> None:
    """Let what is still buffered, and all that comes, go nowhere instead of into a complaint at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def make_ready(env: Mapping[str, str]) -> None:
    """Standard streams that one can rely on: they are there, they wait for slow readers, and take any character. Where
    standard output takes nothing more, that raises Unwritable."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # the program was started with that one closed
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    charset.register()
    for name, kind in (("stdout", _Output), ("stderr", _Notes)):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            setattr(sys, name, _reliable(stream, kind, env))


def _reliable(stream: io.TextIOWrapper, kind: type[_Output], env: Mapping[str, str]) -> _Output:
    encoding = charset.encoding(env, stream.encoding) if stream.isatty() else stream.encoding
    lines, at_once = stream.line_buffering, stream.write_through
    if sys.platform != "win32":
        os.set_blocking(stream.fileno(), True)
    # the handler is for narrow locales and half a surrogate pair
    return kind(stream.detach(), encoding, charset.HANDLER, line_buffering=lines, write_through=at_once)


def piped() -> str:
    """The text that another program pipes in, "" for blanks. CommandError where it is no text, or without end."""
    if sys.stdin.isatty():
        return ""
    data = sys.stdin.buffer.read(files.attachments.LIMIT + 1)
    if len(data) > files.attachments.LIMIT:
        raise CommandError(f"What is piped in is too large: more than {size(files.attachments.LIMIT)}")
    text = files.attachments.text_of(data, "What is piped in").strip("\r\n")
    return text if text.strip() else ""


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
