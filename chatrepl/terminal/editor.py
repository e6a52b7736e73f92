"""A text through the user's editor and back."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from chatrepl import files
from chatrepl.errors import CommandError
from chatrepl.terminal.signals import handed_over
from chatrepl.text.environment import for_children

_USUAL = ("editor", "nano", "vim", "vi", "notepad.exe")


def edit(text: str, env: Mapping[str, str], keys: TextIO, name: str = "message.md") -> str:
    """The text as $VISUAL or $EDITOR leaves it, in a file of that name. An editor that fails or cannot be run raises
    CommandError."""
    command = _command(env)
    try:
        with tempfile.TemporaryDirectory(prefix="chatrepl-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / name
            path.write_text(text, "utf-8", "replace", newline="")
            _run(command, path, keys, for_children(env))
            edited = path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError as error:
        raise CommandError(
            f"There is no file for the editor: {error.strerror}", "Set TMPDIR to a folder that can be written to."
        ) from None
    return edited if text.endswith("\n") else edited.removesuffix("\n")  # which editors add


def _run(command: list[str], path: Path, keys: TextIO, env: Mapping[str, str]) -> None:
    """The editor on that file, until it ends."""
    try:
        with handed_over(keys):
            status = subprocess.call([*command, str(path)], env=env)
    except OSError as error:
        raise CommandError(
            f"The editor {command[0]!r} cannot be run: {error.strerror}", "Set VISUAL or EDITOR."
        ) from None
    if status:
        raise CommandError(f"The editor {command[0]!r} {_ending(status)}; the text stays as it was")


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    return "was ended by Ctrl-C" if status == -signal.SIGINT else f"was ended by {signal.Signals(-status).name}"


def _command(env: Mapping[str, str]) -> list[str]:
    wanted = env.get("VISUAL") or env.get("EDITOR")
    if wanted:
        name, *rest = files.split(wanted) or [wanted]
        return [shutil.which(name) or name, *rest]  # Windows does not find code.cmd as code
    found = next((name for name in _USUAL if shutil.which(name)), None)
    if not found:
        raise CommandError("There is no editor", "Set VISUAL or EDITOR.")
    return [found]
