"""The clipboard of this machine, by whichever program fills it here."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from chatrepl.text.environment import for_children

SECONDS = 5.0
"""How long such a program may take."""

PROGRAMS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("", ("pbcopy",)),
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("", ("clip.exe",)),
    ("TMUX", ("tmux", "load-buffer", "-w", "-")),
)
"""Programs that take the text from their standard input, and the variable that has to be set for them."""


def fill(text: str, env: Mapping[str, str]) -> str:
    """Put the text there; the name of the program that took it, "" where none did."""
    for variable, command in PROGRAMS:
        program = shutil.which(command[0], path=env.get("PATH"))
        if program and (not variable or env.get(variable)) and _ran([program, *command[1:]], text, env):
            return command[0]
    return ""


def _ran(command: Sequence[str], text: str, env: Mapping[str, str]) -> bool:
    encoding = "utf-16-le" if command[0].endswith("clip.exe") else "utf-8"
    try:
        done = subprocess.run(
            command,
            input=text.encode(encoding, "replace"),
            stdout=subprocess.DEVNULL,  # xclip stays, and would hold a pipe open
            stderr=subprocess.DEVNULL,
            env=for_children(env) if os.name == "posix" else None,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
