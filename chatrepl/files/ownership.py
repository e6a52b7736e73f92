"""Whose a file or a folder is. On a shared machine a link or a folder of somebody else leads where they want."""

import os
import sys
from pathlib import Path


def strangers(path: Path) -> str:
    """Why nothing is written at that path, "" where all is well: a link on the way, or the folder, is another user's.

    Links of root's are part of the system. Where users are not told apart, nothing is refused.
    """
    if sys.platform == "win32":
        return ""
    for place in (*reversed(path.absolute().parents), path.absolute()):
        if place.is_symlink() and not _ours(place.lstat().st_uid):
            return f"{place} is a link of another user"
    folder = Path(os.path.realpath(path)).parent
    if folder.exists() and not _ours(folder.stat().st_uid):
        return f"{folder} belongs to another user"
    return ""


def open_to_others(path: Path) -> str:
    """Why the file or folder at that path is not the user's alone, "" where it is, or is not there."""
    if sys.platform == "win32" or not path.exists():
        return ""
    found = path.stat()
    if not _ours(found.st_uid):
        return f"{path} belongs to another user"
    private_group = found.st_gid == found.st_uid  # a group of one's own, as many systems make for each user
    if found.st_mode & (0o002 if private_group else 0o022) and not (path.is_dir() and found.st_mode & 0o1000):
        return f"others can write {path}"
    return ""


def untrusted(file: Path) -> str:
    """Why nothing that the file names is run, "" where all is well: it, its folder, or that of what it is a link to, is
    not the user's alone."""
    real = Path(os.path.realpath(file))
    return open_to_others(real) or open_to_others(real.parent) or open_to_others(file.absolute().parent)


def _ours(user: int) -> bool:
    return sys.platform == "win32" or user in (os.geteuid(), 0)
