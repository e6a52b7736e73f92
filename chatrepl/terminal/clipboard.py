"""The clipboard of this machine, filled and read by whichever program does that here."""

import base64
import binascii
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from chatrepl.errors import CommandError
from chatrepl.text.environment import for_children

SECONDS = 5.0
"""How long such a program may take."""

MOST = 50_000_000
"""The bytes that are read of it."""

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
        if program and (not variable or env.get(variable)) and _fed([program, *command[1:]], text, env):
            return command[0]
    return ""


def _fed(command: Sequence[str], text: str, env: Mapping[str, str]) -> bool:
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


KINDS = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""The images that models take, the best to have first."""


Run = Callable[..., bytes]
"""A program with these words behind its name: what it writes, nothing where it fails."""


class Reader(NamedTuple):
    """A program that reads the clipboard where that variable is set; "" for any place."""

    program: str
    variable: str
    image: Callable[[Run], bytes]
    text: Sequence[str]


def read(env: Mapping[str, str]) -> bytes | str:
    """The image, or else the text; "" where it holds neither. CommandError where no program reads it here."""
    found = [(each, path) for each in READERS if (path := _path(each, env))]
    if not found:
        raise CommandError("No program here reads the clipboard: on Linux that is wl-paste, or xclip with a DISPLAY.")
    for reader, path in found:
        if image := reader.image(lambda *words, path=path: _printed([path, *words], env)):
            return image
        if reader.text and (text := _printed([path, *reader.text], env).decode("utf-8", "replace")):
            return text
    return ""


def _path(reader: Reader, env: Mapping[str, str]) -> str | None:
    there = not reader.variable or env.get(reader.variable)
    return shutil.which(reader.program, path=env.get("PATH")) if there else None


def _printed(command: Sequence[str], env: Mapping[str, str]) -> bytes:
    """What the program writes; nothing where it fails, takes too long or writes too much."""
    no = subprocess.DEVNULL
    try:
        process = subprocess.Popen(command, stdin=no, stdout=subprocess.PIPE, stderr=no, env=for_children(env))
    except OSError:
        return b""
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    with process:
        data = process.stdout.read(MOST + 1) if process.stdout else b""
        if len(data) > MOST:
            process.kill()
    timer.cancel()
    return b"" if process.returncode else data


def _of_types(listing: Sequence[str], taking: Sequence[str]) -> Callable[[Run], bytes]:
    """The image of a program that lists the kinds it can give, and gives one of them."""

    def image(run: Run) -> bytes:
        there = run(*listing).decode("utf-8", "replace").split()
        kind = next((each for each in KINDS if each in there), "")
        return run(*(kind if word == "KIND" else word for word in taking)) if kind else b""

    return image


def _of_script(run: Run) -> bytes:
    """macOS tells an image as «data PNGf…» in hexadecimal digits."""
    found = re.search(rb"PNGf([0-9A-Fa-f]+)", run("-e", "get the clipboard as «class PNGf»"))
    with suppress(binascii.Error):
        return binascii.unhexlify(found[1]) if found else b""
    return b""


_POWERSHELL = (
    "Add-Type -AssemblyName System.Windows.Forms,System.Drawing; $i = [Windows.Forms.Clipboard]::GetImage();"
    " if ($i) { $m = New-Object IO.MemoryStream; $i.Save($m, [Drawing.Imaging.ImageFormat]::Png);"
    " [Convert]::ToBase64String($m.ToArray()) }"
)
_TEXT = "[Console]::OutputEncoding = [Text.Encoding]::UTF8; [Console]::Write((Get-Clipboard -Raw))"


def _of_powershell(run: Run) -> bytes:
    with suppress(binascii.Error):
        return base64.b64decode(run("-NoProfile", "-STA", "-Command", _POWERSHELL))
    return b""


_XCLIP = ("-selection", "clipboard", "-o", "-t")
READERS = (
    Reader("osascript", "", _of_script, ()),
    Reader("pbpaste", "", lambda _run: b"", ("-Prefer", "txt")),
    Reader(
        "wl-paste",
        "WAYLAND_DISPLAY",
        _of_types(["--list-types"], ["--no-newline", "--type", "KIND"]),
        ("--no-newline", "--type", "text"),
    ),
    Reader("xclip", "DISPLAY", _of_types([*_XCLIP, "TARGETS"], [*_XCLIP, "KIND"]), (*_XCLIP, "UTF8_STRING")),
    Reader("xsel", "DISPLAY", lambda _run: b"", ("--clipboard", "--output")),
    Reader("powershell.exe", "", _of_powershell, ("-NoProfile", "-Command", _TEXT)),
)
"""In this order they are asked."""
