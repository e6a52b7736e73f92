"""A long text a page at a time, by the user's pager."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import TextIO

from chatrepl import files
from chatrepl.terminal.signals import handed_over
from chatrepl.text.environment import for_children

_FITS_AND_STAYS = "-FRX -PsSpace goes on, / searches, q leaves$"
"""What less is told: to leave where all fits, to take styles, to leave the text on the screen, and to say in place of
its bare colon what one can do."""


def show(text: str, env: Mapping[str, str], keys: TextIO, out: TextIO) -> bool:
    """Show it with $PAGER, or with less; whether that could be done. A text that fits the window needs none."""
    command = _command(env)
    if not command or not keys.isatty() or text.count("\n") + 1 < os.get_terminal_size(out.fileno()).lines:
        return False
    children = {"LESS": _FITS_AND_STAYS, **for_children(env), "LESSSECURE": "1"}
    try:
        with handed_over(keys):
            done = subprocess.run(command, input=f"{text}\n", text=True, encoding="utf-8", env=children, check=False)
    except OSError:
        return False
    return done.returncode in (0, 1, 2)  # a pager that ended in the middle has shown enough


def _command(env: Mapping[str, str]) -> list[str]:
    name, *rest = files.split(env.get("PAGER") or "less") or ["less"]
    found = shutil.which(name, path=env.get("PATH"))
    return [found, *rest] if found else []
