"""Choosing from a list: it filters as one types, arrows move, Enter takes, Esc leaves.

It is a prompt of one line with a status line of several: what is typed is the filter, the list stands below. Rows come
in while one looks; nothing a key does waits for them, and only rows that are shown are asked for what is known of them.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import Output
from prompt_toolkit.styles import BaseStyle

from chatrepl.terminal.choices import Choices, Row
from chatrepl.terminal.prompt.keys import entered
from chatrepl.text import safe, width

ROWS, PREVIEW = 10, 3
"""So many rows and lines of preview are shown, where the window has room."""

FIRST, SLICE = 0.1, 0.01
"""So many seconds rows are taken in before the list is shown, and at a time while one looks."""

Line = list[tuple[str, str]]
_CHOSEN, _ROW, _FACTS = "class:chosen", "class:row", "class:facts"


class View(NamedTuple):
    """What of the list is looked at: the filter, the selected place, whether hidden rows are there too."""

    words: str = ""
    place: int = 0
    all: bool = False


class Picker:
    """One choice."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._coming: Iterator[Row] = iter(choices.rows)
        self._rows: list[tuple[str, Row]] = []
        """With what each is found by."""
        self._loading = True
        self._view = View()
        self._found: tuple[tuple[str, bool, int], list[Row]] = ("", False, -1), []
        self._facts: dict[int, str] = {}
        self._doomed: Row | None = None
        """What is deleted if Ctrl-D is pressed once more."""
        self._told = ""
        """Why the last one was not deleted."""
        self._take(FIRST)
        self._most = ROWS if self._loading else min(ROWS, len(self._rows))
        """So many rows has the list, also when the filter leaves less."""

    def ask(self, keys: Input, output: Output, style: BaseStyle) -> Row | None:
        """The row that is chosen, None for none; Ctrl-C is KeyboardInterrupt, Ctrl-D EOFError."""
        session: PromptSession[str] = PromptSession(
            [("class:prompt", f"{self._choices.name} › ")],
            input=keys,
            output=output,
            style=style,
            key_bindings=self._bindings(),
            rprompt=self._count,
            bottom_toolbar=self._below,
            reserve_space_for_menu=0,
            erase_when_done=True,
        )
        session.default_buffer.on_text_changed += lambda buffer: self._type(buffer.text)
        return self._chosen() if entered(session, pre_run=self._go_on_loading) == "" else None

    # the rows

    def _go_on_loading(self) -> None:
        get_app().create_background_task(self._load())

    async def _load(self) -> None:
        while self._loading:
            self._take(SLICE)
            get_app().invalidate()
            await asyncio.sleep(0)

    def _take(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        for row in self._coming:
            self._rows.append((f"{row.text} {row.words}".casefold(), row))
            if time.monotonic() > end and len(self._rows) >= ROWS:
                return
        self._loading = False

    def found(self) -> list[Row]:
        """The rows that the filter leaves: those that hold all its words."""
        words, everything = self._view.words, self._shows_all()
        known = (words, everything, len(self._rows))
        if self._found[0] != known:
            wanted = words.casefold().split()
            rows = [row for text, row in self._rows if all(word in text for word in wanted)]
            self._found = known, [row for row in rows if everything or not row.hidden]
        return self._found[1]

    def _shows_all(self) -> bool:
        """Whether hidden rows are shown: after Ctrl-O, and where there are no others."""
        return self._view.all or all(row.hidden for _, row in self._rows)

    def _chosen(self) -> Row | None:
        found = self.found()
        return found[self._view.place] if found else None

    # the keys

    def _bindings(self) -> KeyBindings:
        table = KeyBindings()
        page = self._room()[0]
        moves = {"up": -1, "down": 1, "c-p": -1, "c-n": 1, "s-tab": -1, "tab": 1, "pageup": -page, "pagedown": page}

        def bind(act: Callable[[KeyPressEvent], object], *keys: str | Keys) -> None:
            for key in keys:
                table.add(key, eager=True)(lambda event: (act(event), None)[1])

        for key, by in moves.items():
            bind(lambda _event, by=by: self._move(by), key)  # type: ignore[misc]
        bind(lambda event: self.found() and event.app.exit(result=""), "enter")
        bind(lambda event: event.app.exit(result="none"), "escape", "c-g")
        bind(lambda event: event.app.exit(exception=KeyboardInterrupt), "c-c", "<sigint>")
        bind(self._show_all, "c-o")
        bind(self._delete, "c-d")
        return table

    def _type(self, words: str) -> None:
        self._view, self._doomed = View(words, 0, self._view.all), None

    def _move(self, by: int) -> None:
        last = max(len(self.found()) - 1, 0)
        self._view, self._doomed = self._view._replace(place=min(max(self._view.place + by, 0), last)), None

    def _show_all(self, _event: KeyPressEvent) -> None:
        self._view, self._doomed = View(self._view.words, 0, not self._view.all), None

    def _delete(self, event: KeyPressEvent) -> None:
        row = self._chosen()
        if not self._choices.delete:
            event.app.exit(result="none")
        elif row is not None and row is not self._doomed:
            self._doomed = row
        elif row is not None:
            self._doomed = None
            self._told = safe.line(self._choices.delete(row))
            if not self._told:
                self._rows = [each for each in self._rows if each[1] is not row]
                self._move(0)

    # the picture

    def _room(self) -> tuple[int, int]:
        """How many rows and lines of preview there is room for, the same as long as one chooses."""
        rows = get_app().output.get_size().rows - 3
        preview = PREVIEW + 1 if self._choices.preview and rows > 2 * PREVIEW + 1 else 0
        return max(min(self._most, rows - preview), 1), preview

    def _count(self) -> StyleAndTextTuples:
        everything = self._shows_all()
        count = sum(not row.hidden or everything for _, row in self._rows)
        return [(_FACTS, f"{len(self.found()):,} of {count:,}{'…' * self._loading}")]

    def _below(self) -> StyleAndTextTuples:
        columns = get_app().output.get_size().columns - 1
        room, preview = self._room()
        lines = [*self._listed(room, columns), *self._previewed(preview, columns), [(_FACTS, self._help(columns))]]
        shown: StyleAndTextTuples = [part for line in lines for part in (*line, ("", "\n"))]
        return shown[:-1]

    def _listed(self, room: int, columns: int) -> Iterator[Line]:
        found, place = self.found(), self._view.place
        start = max(min(place - room // 2, len(found) - room), 0)
        for at, row in islice(enumerate(found), start, start + room):
            yield self._row(row, columns, chosen=at == place)
        if not found:
            yield [(_FACTS, "  Nothing matches." if self._rows else "  There is nothing yet.")]
        yield from ([("", "")] for _ in range(room - max(len(found), 1)))

    def _row(self, row: Row, columns: int, *, chosen: bool) -> Line:
        if id(row) not in self._facts:
            self._facts[id(row)] = safe.line(self._choices.facts(row))
        facts = width.joined(self._facts[id(row)].split(" · "), max(columns // 2, 10)) if columns >= 30 else ""
        text = safe.line(row.text, max(columns - 3 - width.width(facts), 8))
        gap = " " * max(columns - 2 - width.width(text) - width.width(facts), 1)
        return [(_CHOSEN if chosen else _ROW, f"{'›' if chosen else ' '} {text}"), (_FACTS, f"{gap}{facts}")]

    def _previewed(self, lines: int, columns: int) -> Iterator[Line]:
        row = self._chosen()
        if lines and self._choices.preview:
            yield [(_FACTS, f"  {'─' * (columns - 2)}")]
            said = list(self._choices.preview(row))[: lines - 1] if row else []
            yield from ([(_ROW, f"  {safe.line(each, columns - 2)}")] for each in said)
            yield from ([("", "")] for _ in range(lines - 1 - len(said)))

    def _help(self, columns: int) -> str:
        if self._told:
            told, self._told = self._told, ""
            return width.cut(told, columns)
        if self._doomed:
            return width.joined(["Ctrl-D again deletes it for good", "any other key does not"], columns)
        parts = ["Enter takes it", "Esc leaves"]
        if self._choices.others:
            parts.append(f"Ctrl-O {'without' if self._view.all else 'with'} {self._choices.others}")
        parts += ["Ctrl-D deletes"] if self._choices.delete else []
        return width.joined(parts, columns)
