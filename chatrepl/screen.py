"""What people see: lines, errors, and the picture of a reply that is arriving.

Everything that is printed goes through here and through ``safe``; nothing else writes to the terminal.
"""

import os
import textwrap
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TextIO

from chatrepl import safe
from chatrepl.config import Ui
from chatrepl.errors import ChatError
from chatrepl.events import Event, Text
from chatrepl.waiting import Wait

if TYPE_CHECKING:
    from chatrepl.live import LivePicture, Look

STYLES = {"": "", "dim": "2", "bold": "1", "error": "31", "warning": "33", "good": "32"}
_COLOURS = {"error", "warning", "good"}


class Picture(Protocol):
    """A reply on the screen while it arrives: fed with events, over when its ``with`` ends."""

    def feed(self, event: Event) -> None: ...

    def waiting(self, wait: Wait) -> None: ...

    def __enter__(self) -> "Picture": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Screen:
    """The terminal, or whatever stands in its place: ``out`` gets the replies, ``notes`` all else."""

    def __init__(
        self, out: TextIO, notes: TextIO, env: Mapping[str, str], *, plain: bool = False, silent: bool = False
    ) -> None:
        self.out = out
        self.notes = notes
        self._silent = silent
        self._env = env
        self._picture: LivePicture | None = None
        self._title = ""
        self.live = out.isatty() and not plain and env.get("TERM") not in ("dumb", "unknown")
        """Whether what was printed may be painted over."""
        self._forced = env.get("CLICOLOR_FORCE", "0") not in ("", "0") and not plain
        simple = plain or (env.get("TERM") in ("dumb", "unknown") and not self._forced)
        self.styled = (notes.isatty() or self._forced) and not simple
        self.coloured = self.styled and not env.get("NO_COLOR")

    def say(self, text: str, style: str = "") -> None:
        """Print some lines, wrapped at words where that is a terminal."""
        lines = safe.text(text).split("\n")
        self._print("\n".join(self._style(line, style) for whole in lines for line in self._wrapped(whole)))

    def verbatim(self, text: str) -> None:
        """Print a text to be copied: its lines stay whole, however long."""
        self._print(safe.text(text))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Print names in columns with what they mean beside them, or below them where there is little room. A column of
        numbers stands to the right."""
        cells = [[safe.line(cell) for cell in row[:-1]] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        names = ["  ".join(map(_padded, row, widths)) + "  " for row in cells]
        left = sum(widths) + 2 * len(widths)
        indent = left if self.columns - left >= 30 else 4
        for name, row in zip(names, rows, strict=True):
            start = name if indent == left else " " * indent
            if indent != left:
                self._print(self._style(name.rstrip(), "bold"))
            lines = self._wrapped(start + safe.line(row[-1], 600), " " * indent)
            self._print("\n".join(line.rstrip() for line in lines))

    def _wrapped(self, line: str, indent: str = "") -> list[str]:
        if not self.notes.isatty() or len(line) < self.columns:
            return [line]
        return textwrap.wrap(
            line, self.columns - 1, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )

    def error(self, error: ChatError) -> None:
        """Print an error: its line, and its hint on a line of its own."""
        self.say(f"✗ {safe.line(str(error), 600)}", "error")
        for line in error.hint.splitlines():
            self.say(f"  {line}", "dim")

    def picture(self, label: str, ui: Ui) -> Picture:
        """The picture of the next reply; one that shows nothing where the reply is only collected."""
        if self._silent:
            return Blank()
        if not ((self.live or self._forced) and ui.markdown):
            return PlainPicture(self.out)
        from chatrepl.live import LivePicture, StillPicture  # rich and markdown-it cost as much as the prompt

        if not self.live:
            return StillPicture(self.out, self._look(ui), self.columns)

        self._picture = LivePicture(self.out, self._look(ui), label)
        return self._picture

    def reply(self, text: str, ui: Ui) -> None:
        """Print a whole reply, as it looked when it arrived."""
        if not (self.live and ui.markdown):
            self.say(text.rstrip("\n"))
            return
        from chatrepl.drawing import ansi, draw

        look = self._look(ui)
        lines = draw(safe.text(text), self.columns, theme=look.theme, hyperlinks=look.hyperlinks)
        self._print("\n".join(ansi(line, look.colors) for line in lines))

    def copy(self, text: str) -> bool:
        """Ask the terminal to put the text into its clipboard, which works over ssh too; whether it could be asked."""
        if self.live:
            import base64

            self._control(f"52;c;{base64.b64encode(text.encode('utf-8', 'replace')).decode('ascii')}")
        return self.live

    def title(self, text: str) -> None:
        """Name the terminal's window; "" gives it back the name it had."""
        if not self.live or text == self._title:
            return
        if not self._title:
            self.out.write("\x1b[22;2t")  # the terminal keeps the old one
        if text:
            self._control(f"2;{safe.line(text, 80)}")
        else:
            self.out.write("\x1b[23;2t")
            self.out.flush()
        self._title = text

    def notify(self, how: str, text: str) -> None:
        """Ring the "bell", or tell the text by "osc9"."""
        if self.live and how == "osc9":
            self._control(f"9;{safe.line(text, 80)}")
        elif self.live and how == "bell":
            self.out.write("\a")
            self.out.flush()

    def _control(self, command: str) -> None:
        self.out.write(f"\x1b]{command}\a")
        self.out.flush()

    def theme(self, ui: Ui) -> str:
        """ "dark" or "light"."""
        return _background(self._env) if ui.theme == "auto" else ui.theme

    def _look(self, ui: Ui) -> "Look":
        from chatrepl.live import Look

        return Look(
            theme=self.theme(ui),
            colors="16" if self.coloured else "none",
            hyperlinks=self.links,
            thinking=ui.thinking,
        )

    @property
    def term(self) -> str:
        """What the terminal calls itself."""
        return self._env.get("TERM", "")

    @property
    def links(self) -> bool:
        """Whether the terminal is known to make links of OSC 8 sequences."""
        return _links(self._env)

    @property
    def columns(self) -> int:
        """The width of the terminal."""
        try:
            return os.get_terminal_size(self.notes.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def _style(self, text: str, style: str) -> str:
        if not style or not self.styled or (style in _COLOURS and not self.coloured):
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"

    def _print(self, text: str) -> None:
        if self._picture and self._picture.alive:
            self._picture.say(text)
            return
        self.notes.write(f"{text}\n")
        self.notes.flush()


def _padded(cell: str, width: int) -> str:
    return cell.rjust(width) if cell.isdecimal() else cell.ljust(width)


def _background(env: Mapping[str, str]) -> str:
    """Whether the terminal is "dark" or "light", where it tells; most are dark."""
    background = env.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if background in ("7", "15") else "dark"


def _links(env: Mapping[str, str]) -> bool:
    """Whether the terminal is known to make links of OSC 8 sequences. Inside tmux nobody can tell."""
    if env.get("TMUX") or env.get("TERM", "").startswith(("screen", "tmux")):
        return False
    marks = ("KITTY_WINDOW_ID", "WEZTERM_PANE", "WT_SESSION", "GHOSTTY_RESOURCES_DIR", "ITERM_SESSION_ID")
    return any(mark in env for mark in marks) or env.get("VTE_VERSION", "").isdecimal()


class Blank:
    """The picture that shows nothing."""

    def feed(self, event: Event) -> None:
        pass

    def waiting(self, wait: Wait) -> None:
        pass

    def __enter__(self) -> "Blank":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class PlainPicture:
    """The bare text of a reply as it comes: for pipes, files, simple terminals and screen readers.

    To a terminal the text goes through ``safe``; a file gets it as the server sent it.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._safe = safe.Stream() if out.isatty() else None
        self._last = ""

    def feed(self, event: Event) -> None:
        if isinstance(event, Text):
            self._write(self._safe.feed(event.text) if self._safe else event.text)

    def waiting(self, wait: Wait) -> None:
        pass

    def __enter__(self) -> "PlainPicture":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._safe:
            self._write(self._safe.close())
        if self._last and not self._last.endswith("\n"):
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._out.flush()
            self._last = text
