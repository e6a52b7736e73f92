"""The addresses that the user gave by hand, or agreed to. A session's file may name another one; that takes a yes.

They stand in a file of their own, one a line: what a session says of itself is the word of whoever wrote it.
"""

from contextlib import suppress
from pathlib import Path

from chatrepl import files
from chatrepl.config.paths import Paths
from chatrepl.files import reading

MOST = 1_000
"""So many are kept, the last ones."""


def known(paths: Paths) -> list[str]:
    """The addresses, those given last at the end."""
    with suppress(OSError, UnicodeDecodeError):
        return reading.bounded(_file(paths), 2**20).decode().split("\n")[:-1]
    return []


def keep(paths: Paths, url: str) -> None:
    """Know that address from now on. Where that cannot be written, it is asked about again."""
    found = known(paths)
    if url not in found and "\n" not in url:
        with suppress(OSError):
            files.private_folder(_file(paths).parent)
            files.write(_file(paths), "".join(f"{each}\n" for each in [*found, url][-MOST:]).encode())


def _file(paths: Paths) -> Path:
    return paths.history.with_name("addresses")
