"""The input history: one file for all terminals, read on as the others write it."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import FileIO
from pathlib import Path

from prompt_toolkit.history import History

from chatrepl import files
from chatrepl.terminal.prompt.pastes import Pastes
from chatrepl.text import lookalikes

READ = 1 << 20
"""How many bytes at the end of the file are read; what is older stays in the file."""

LONGEST = 200_000
"""An entry longer than this stays in memory; the session holds it anyway."""


class SharedHistory(History):
    """The history in that file, in the form of prompt-toolkit's FileHistory; in memory where there is none.

    What looks like a key, or ``may_keep`` says no to, never reaches the file. ``complaint`` says why the file cannot be
    used, once that shows.
    """

    def __init__(
        self, path: Path | None, pastes: Pastes, may_keep: Callable[[str], bool | None] = lambda _line: True
    ) -> None:
        super().__init__()
        self._may_keep = may_keep
        self._undecided: list[str] = []
        """What stays in memory until it is known whether it may be kept."""
        self._path = path
        self._pastes = pastes
        self.complaint = ""
        self.recalled = False
        """Whether the last line stood here already."""
        self.texts: set[str] = set()
        """Those lines that look like commands, and are none: they were pasted."""
        self._offset: int | None = None

    def load_history_strings(self) -> Iterable[str]:
        self.refresh()
        return list(self._loaded_strings)

    def append_string(self, string: str) -> None:
        text = self._pastes.unfold(string)
        self._pastes.sent(string)
        self.recalled = string in self._loaded_strings
        if self._loaded_strings[:1] == [string]:
            return
        may_keep = not lookalikes.kind(text) and self._may_keep(text)
        if may_keep is None:
            self._undecided.append(string)
        if not may_keep or len(text) > LONGEST or not self._written(text):
            self._loaded_strings.insert(0, string)
        else:
            self.refresh()

    def settle(self, *, leaving: bool = False) -> None:
        """Write what may be kept, as is known by now; in the end nothing is left that could tell."""
        undecided, self._undecided = self._undecided, []
        for string in undecided:
            may_keep = self._may_keep(text := self._pastes.unfold(string))
            if may_keep is None and not leaving:
                self._undecided.append(string)
            elif may_keep is not False and len(text) <= LONGEST and self._written(text):
                self._loaded_strings.remove(string)

    def store_string(self, string: str) -> None:
        raise NotImplementedError("append_string stores")

    def refresh(self) -> None:
        """Take in what was written since the last time, by whichever terminal."""
        self.settle()
        for text in _entries(self._news()):
            self._loaded_strings.insert(0, self._pastes.refold(text))

    def _written(self, text: str) -> bool:
        lines = "".join(f"+{line}\n" for line in text.split("\n"))
        entry = f"\n# {datetime.now()}\n{lines}".encode("utf-8", "replace")
        if self._path is None:
            return False
        try:
            with _appending(self._path) as file, _locked(file.fileno()):
                file.write(entry)
        except OSError as error:
            self._give_up(error)
            return False
        return True

    def _news(self) -> bytes:
        if self._path is None:
            return b""
        try:
            if self._offset is None:
                _appending(self._path).close()  # to know now whether it can be used
            with self._path.open("rb") as file, _locked(file.fileno(), alone=False):
                size = os.fstat(file.fileno()).st_size
                if self._offset is None or size < self._offset:
                    self._offset = max(size - READ, 0)
                file.seek(self._offset)
                new = file.read(size - self._offset)
        except OSError as error:
            self._give_up(error)
            return b""
        self._offset += len(new)
        return new

    def _give_up(self, error: OSError) -> None:
        path, self._path = self._path, None
        self.complaint = f"The input history {path} cannot be used: {error.strerror}. It is kept until you leave."


def _appending(path: Path) -> FileIO:
    files.private_folder(path.parent)
    return FileIO(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def _entries(data: bytes) -> Iterator[str]:
    """The texts in a piece of the file, oldest first. Lines that belong to none are passed over."""
    lines: list[str] = []
    begun = False  # the piece may begin in the middle of an entry
    for line in [*data.decode("utf-8", "replace").split("\n"), ""]:
        if line.startswith("+"):
            lines.append(line[1:])
            continue
        if lines and begun:
            yield "\n".join(lines)
        begun |= line.startswith("#")
        lines = []


@contextmanager
def _locked(descriptor: int, *, alone: bool = True) -> Iterator[None]:
    """While it lasts nobody else writes; no other terminal reads either if this one is to be ``alone``."""
    if sys.platform == "win32":  # appending in one write has to do
        yield
        return
    import fcntl

    with suppress(OSError):  # some network file systems have no locks
        fcntl.flock(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
    yield  # closing the file unlocks it
