"""What people see: lines, errors, and which picture a reply gets.

Everything that is printed goes through here and through ``safe``; nothing else writes to the terminal.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, TextIO

from chatrepl.config.config import Ui
from chatrepl.errors import ChatError
from chatrepl.terminal import capabilities
from chatrepl.terminal.screen.window import Window
from chatrepl.text import safe, width

if TYPE_CHECKING:
    from chatrepl.terminal.drawing import Rendering
    from chatrepl.terminal.screen.live import LivePicture
    from chatrepl.terminal.screen.pictures import Picture
    from chatrepl.terminal.screen.rows import Rows
    from chatrepl.terminal.typeahead import KeyBuffer

STYLES = {"": "", "dim": "2", "bold": "1", "error": "31", "warning": "33", "good": "32"}
_COLOURS = {"error", "warning", "good"}


class Screen:
    """The terminal, or whatever stands in its place: ``out`` gets the replies, ``notes`` all else."""

    def __init__(
        self,
        out: TextIO,
        notes: TextIO,
        env: Mapping[str, str],
        *,
        plain: bool = False,
        silent: bool = False,
        spoken: bool = False,
    ) -> None:
        """``spoken`` is for screen readers: ``plain``, and each reply in one piece."""
        self.out = out
        self.notes = notes
        self._silent = silent
        self._spoken = spoken and out.isatty()
        self.at_prompt = False
        """Whether a prompt comes, at which what a hint names can be typed."""
        self._env = env
        self.keys: KeyBuffer | None = None
        """What is typed while a reply comes, which its picture shows."""
        self._picture: LivePicture | Rows | None = None
        self._background = capabilities.background(env)
        self._passing = False
        self._page: list[str] | None = None
        plain = plain or spoken
        simple = plain or capabilities.is_simple(env)
        self.live = out.isatty() and not simple
        """Whether what was printed may be painted over."""
        self.window = Window(out, env, live=self.live)
        self._forced = env.get("CLICOLOR_FORCE", "0") not in ("", "0") and not plain
        self._styles = not simple or self._forced

    def all_to_out(self) -> None:
        """Print replies and all else to one place from now on."""
        self.notes = self.out

    def collect(self) -> None:
        """Show no reply while it comes from now on."""
        self._silent = True

    @property
    def coloured(self) -> bool:
        """Whether replies have colours."""
        return self._styled(self.out) and not self._env.get("NO_COLOR")

    def _styled(self, stream: TextIO) -> bool:
        return self._styles and (stream.isatty() or self._forced)

    def say(self, text: str, style: str = "") -> None:
        """Print some lines, wrapped at words where that is a terminal."""
        self._print("\n".join(self._style(line, style) for line in self.wrapped(text)))

    def wrapped(self, text: str) -> list[str]:
        """The text as ``say`` prints it, line by line."""
        return [line for whole in safe.text(text).split("\n") for line in self._wrapped(whole)]

    def parts(self, parts: Iterable[str]) -> None:
        """Print those of the parts that one line holds: what stands in brackets is left out first, then the last ones;
        no line for none."""
        shown, room = [safe.line(part) for part in parts], self.columns - 1
        if width.width(" · ".join(shown)) > room:
            shown = [part.partition(" (")[0] if part.endswith(")") else part for part in shown]
        if any(shown):
            self.say(width.joined(shown, room), "dim")

    def verbatim(self, text: str) -> None:
        """Print a text to be copied: its lines stay whole, however long."""
        self._print(safe.text(text))

    def passing(self, text: str) -> None:
        """Print a line whose place the next one takes; where nothing can be painted over only the first of several."""
        if self._paints_over or not self._passing:
            self.say(safe.line(text, self.columns - 1), "dim")
        self._passing = True

    @property
    def _paints_over(self) -> bool:
        return self.live and self.notes.isatty()

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Print names in columns with what they mean beside them, or below them where there is little room. A column of
        numbers stands to the right."""
        columns = [[safe.line(cell) for cell in column] for column in list(zip(*rows, strict=True))[:-1]]
        widths = [max(map(width.width, column)) for column in columns]
        names = ["  ".join(map(width.padded, row, widths)) + "  " for row in zip(*columns, strict=True)]
        left = sum(widths) + 2 * len(widths)
        indent = left if self.columns - left >= 30 else 4
        for name, row in zip(names, rows, strict=True):
            start = name if indent == left else " " * indent
            if indent != left:
                self._print(self._style(name.rstrip(), "bold"))
            lines = self._wrapped(start + safe.line(row[-1], 600), " " * indent)
            self._print("\n".join(line.rstrip() for line in lines))

    def _wrapped(self, line: str, indent: str | None = None) -> list[str]:
        return width.wrapped(line, self.columns - 1, indent) if self.notes.isatty() else [line]

    def error(self, error: ChatError) -> None:
        """Print an error: its line, and its hint on a line of its own."""
        self.say(f"✗ {safe.line(str(error), 600)}", "error")
        for line in error.hint.shown(at_prompt=self.at_prompt).splitlines():
            self.say(f"  {line}", "dim")

    def picture(self, label: Callable[[], str], ui: Ui, *, is_json: bool = False) -> "Picture":
        """The picture of the next reply; one that shows nothing where the reply is only collected. ``label`` tells who
        answers, and ``is_json`` that it is to be JSON."""
        found = _picture_of(self, label, ui)
        if not (is_json and ui.markdown and self.live):
            return found
        from chatrepl.terminal.screen.json_picture import JsonPicture

        return JsonPicture(found)

    def question(self, text: str) -> None:
        """Print a question as it looks when it was typed."""
        self.say("> " + text.rstrip("\n").replace("\n", "\n  "), "bold")

    def reply(self, text: str, ui: Ui) -> None:
        """Print a whole reply, as it looked when it arrived."""
        if not (self.live and ui.markdown):
            self.say(text.rstrip("\n"))
            self.tell_of_nothing(text, ui)
            return
        from chatrepl.terminal.drawing import ansi
        from chatrepl.text import indenting

        rendering = _rendering(self, ui, self.notes)
        rendering.feed(indenting.fenced(text))
        self._print("\n".join(ansi(line, coloured=self.coloured) for line in rendering.finish()))
        self.tell_of_nothing(text, ui)

    def tell_of_nothing(self, text: str, ui: Ui) -> None:
        """Say so where a reply was printed and there is nothing to see."""
        if text and (not text.strip() or ((self.live or self._forced) and ui.markdown)):
            from chatrepl.terminal.drawing import nothing_to_see

            if told := nothing_to_see(safe.text(text)):
                self.say(told, "dim")

    def theme(self, ui: Ui) -> str:
        """ "dark" or "light"."""
        return self._background if ui.theme == "auto" else ui.theme

    def learn_background(self, report: str) -> None:
        """Take in what the terminal tells of its background."""
        self._background = capabilities.background_of(report) or self._background

    @property
    def term(self) -> str:
        """What the terminal calls itself."""
        return self._env.get("TERM", "")

    def links(self, ui: Ui) -> bool:
        """Whether links are OSC 8 sequences."""
        return capabilities.makes_links(self._env) if ui.hyperlinks == "auto" else ui.hyperlinks == "on"

    @property
    def columns(self) -> int:
        """The width of the terminal."""
        for stream in (self.out, self.notes):
            with suppress(OSError, ValueError):
                return os.get_terminal_size(stream.fileno()).columns or 80
        return 80

    def _style(self, text: str, style: str) -> str:
        if not style or not self._styled(self.notes) or (style in _COLOURS and self._env.get("NO_COLOR")):
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"

    @contextmanager
    def paged(self) -> Iterator[None]:
        """Hold back what is printed meanwhile, and show it a page at a time where it is longer than the window."""
        from chatrepl.terminal import pager  # which starts programs, and is not for the first key

        page: list[str] = []
        self._page = page
        try:
            yield
        finally:
            self._page = None
            text = "\n".join(page)
            if not self.live or not pager.show(text, self._env, sys.stdin, self.out):
                self._print(text)

    def _print(self, text: str) -> None:
        if self._page is not None:
            self._page.append(text)
            return
        if self._picture and self._picture.alive:
            self._picture.say(text)
            return
        up = "\x1b[A\r\x1b[K" if self._passing and self._paints_over else ""
        self._passing = False
        self.notes.write(f"{up}{text}\n")
        self.notes.flush()


def _picture_of(screen: Screen, label: Callable[[], str], ui: Ui) -> "Picture":
    from chatrepl.terminal.screen.pictures import Picture, PlainPicture, StillPicture  # not for the first key

    if screen._silent:
        return Picture()
    if screen._spoken:
        from chatrepl.terminal.screen.spoken import SpokenPicture

        return SpokenPicture(screen.out, screen.say)
    if not ((screen.live or screen._forced) and ui.markdown):
        watched = screen.out.isatty() and screen.notes.isatty()
        return PlainPicture(screen.out, label, partial(screen.say, style="dim") if watched else None)
    if not screen.live:
        return StillPicture(screen.out, _rendering(screen, ui, screen.out), coloured=screen.coloured)

    from chatrepl.terminal.screen.live import LivePicture, Look

    look = Look(screen.theme(ui), screen.coloured, screen.links(ui), ui.thinking, screen.out.encoding or "utf-8")
    screen._picture = picture = LivePicture(screen.out, look, label, keys=screen.keys)
    return picture


def _rendering(screen: Screen, ui: Ui, out: TextIO) -> "Rendering":
    from chatrepl.terminal.drawing import Drawing, Rendering  # rich and markdown-it cost as much as the prompt

    theme, links = screen.theme(ui), screen.links(ui)
    return Rendering(Drawing(screen.columns, theme=theme, hyperlinks=links, encoding=out.encoding))


def show_reasoning(screen: Screen, text: str) -> None:
    """Print the whole reasoning before a reply, as it looked when it arrived."""
    if not screen.live:
        screen.say(f"thinking: {text.strip()}", "dim")
        return
    from chatrepl.terminal.drawing import Reasoning, ansi  # not before there is something to draw

    shown = Reasoning(screen.columns)
    shown.feed(safe.text(text).rstrip("\n"))
    screen._print("\n".join(ansi(line, coloured=screen.coloured) for line in shown.finish()))


@contextmanager
def changing(screen: Screen) -> Iterator[Callable[[Sequence[Sequence[str]]], None]]:
    """Rows that change below what is printed meanwhile: each call shows other ones, of these parts. Where nothing can
    be painted over there are none."""
    if not screen._paints_over:
        yield lambda _rows: None
        return
    from chatrepl.terminal.screen.rows import Rows  # where several are asked

    with Rows(screen.notes, keys=screen.keys) as rows:
        screen._picture = rows
        yield rows.show
