"""A reply as rows while it arrives: events, a size and a time in; lines that are final and rows that may change out.

Nothing here knows of threads, clocks or terminals; those are ``LivePicture``'s.
"""

import math
from collections.abc import Iterable, Iterator

from chatrepl import dataclass
from chatrepl.events import NOTICEABLE, Event, Search, Text, Thinking, Wait
from chatrepl.terminal.drawing import Drawing, Line, Reasoning, Rendering, ansi, folded
from chatrepl.terminal.screen.pictures import Cited, told_of_search
from chatrepl.terminal.typeahead import Typed
from chatrepl.text import charset, safe, width

LIVE_ROWS = 16
"""So many rows at most may still change: enough for what is being written, too few to make a screen jump."""
MARGIN = 5
"""Columns that the rows below the reply leave free, so that they do not wrap in a terminal made a little narrower."""
SHORTEST = 12
"""The columns of the name in a window that has no room for all."""
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
TURNS = 4
"""So often a second the status line may change."""
CHARACTERS = 4
"""So many make a token, roughly: servers tell how many tokens there are only at the end."""


@dataclass(frozen=True)
class Look:
    """How a reply is drawn."""

    theme: str = "dark"
    coloured: bool = True
    hyperlinks: bool = False
    thinking: str = "on"
    """The model's reasoning: "on" shows it, "line" leaves a line of it, "off" nothing."""
    encoding: str = "utf-8"


class Frame:
    """The reply so far, fed in the order of time. ``take`` gives each line that has become final once, and the rows
    below them as they look now."""

    def __init__(self, look: Look, columns: int, now: float) -> None:
        self._look = look
        self._columns = columns
        self._begun = now
        self._text: Rendering | None = None  # what is being written, answer or reasoning
        self._thought = now  # since when there is reasoning
        self._thinking = 0  # the characters of it
        self._lines: list[str] = []  # what is final, and not taken yet
        self._said = False  # whether something else was printed above
        self._wait: tuple[Wait, float] = Wait("", 0), now  # and since when
        self._search = ""  # that the server searches, while it does
        self._counted = 0  # the characters of the reply
        self._shown = -1, 0  # the turn of the spinner, and how many characters there were then

    def feed(self, event: Event | Cited, now: float) -> None:
        """Take an event in."""
        match event:
            case Cited(number, url, behind, missed) if not (self._text and self._text.cite(number, url, behind)):
                missed()
            case Search():
                self._searched(event, now)
            case Thinking(text) if text:
                self._thought = self._thought if self._thinking else now
                self._thinking += len(text)
                self._counted += len(text)
                if self._look.thinking != "off":
                    self._into(Reasoning, now).feed(text)
            case Text(text) if text:
                self._search = ""
                self._counted += len(text)
                self._into(Drawing, now).feed(text)

    def _searched(self, search: Search, now: float) -> None:
        """A search is told in the status line while it lasts, and in a line of its own when it is over."""
        self._search = "" if search.over else f"searching: {safe.line(search.query, 60)}".rstrip(" :")
        if told := told_of_search(search):
            self._end(now)
            self.say(self._dim(told))

    def wait(self, wait: Wait, since: float) -> None:
        """That is waited for now."""
        self._wait = wait, since

    def say(self, text: str) -> None:
        """A line that has nothing to do with the reply stands above it."""
        self._said = True
        self._lines += text.split("\n")

    def resize(self, columns: int) -> None:
        """Draw for another number of columns from now on."""
        self._columns = columns
        if self._text:
            self._text.drawing.resize(columns)

    def take(self, label: str, typed: Typed, rows: int, now: float) -> tuple[list[str], list[str]]:
        """The lines that have become final, and the rows that may change, of which there are at most ``rows``."""
        coming = typed_row(typed, self._columns - MARGIN, self._look.encoding)
        below = [self._dim(row) for row in (self._status(label, now), coming) if row]
        tail = list[str]()
        if self._text:
            self._lines += self._written(self._text.take())
            tail = self._written(self._tail(self._text.drawing, max(min(LIVE_ROWS, rows - len(below)), 1), now))
        return self._taken(), [*tail, *below]

    def finish(self, now: float) -> list[str]:
        """The lines that were not taken yet; the reply ends here."""
        self._end(now)
        return self._taken()

    def _taken(self) -> list[str]:
        lines, self._lines = self._lines, []
        return lines

    # the reply

    def _into(self, kind: type[Drawing] | type[Reasoning], now: float) -> Rendering:
        """The text of that kind; another one before it ends here."""
        if self._text is None or not isinstance(self._text.drawing, kind):
            if self._text or self._said:
                self._end(now)
                self._lines.append("")
            self._text = Rendering(self._new(kind))
        return self._text

    def _new(self, kind: type[Drawing] | type[Reasoning]) -> Drawing | Reasoning:
        look = self._look
        if kind is Reasoning:
            return Reasoning(self._columns, folded=look.thinking == "line")
        return Drawing(self._columns, theme=look.theme, hyperlinks=look.hyperlinks, encoding=look.encoding)

    def _end(self, now: float) -> None:
        if not self._text:
            return
        self._lines += self._written(self._text.finish())
        if isinstance(self._text.drawing, Reasoning):
            took = now - self._thought
            seconds = f"{took:.1f}" if took < 10 else f"{took:.0f}"
            self._lines.append(self._dim(f"thought for {seconds} s · {_tokens(self._thinking)} tokens"))
            self._thinking = 0
        self._text = None

    def _tail(self, drawing: Drawing | Reasoning, rows: int, now: float) -> Iterator[Line]:
        """The last rows of what is being written; the terminal must not wrap them."""
        lines = drawing.tail(rows)
        if isinstance(drawing, Reasoning):
            lines = drawing.below_its_label(lines, now - self._thought)
        if charset.holds("…▎│", self._look.encoding):
            yield from lines[-rows:]
            return
        for line in lines[-rows:]:  # what a small character set has no sign for takes more columns
            fitted = tuple(segment._replace(text=self._fitting(segment.text)) for segment in line)
            yield from folded(fitted, self._columns) if fitted else [()]

    def _written(self, lines: Iterable[Line]) -> list[str]:
        return [self._fitting(ansi(line, coloured=self._look.coloured)) for line in lines]

    def _fitting(self, text: str) -> str:
        return charset.fitting(text, self._look.encoding)

    # the rows below it

    def _dim(self, row: str) -> str:
        row = self._fitting(row)
        return f"\x1b[2m{row}\x1b[0m"

    def _status(self, label: str, now: float) -> str:
        """Who answers, for how long, what is waited for, how much there is: as many of these as there is room for."""
        turn = int((now - self._begun) * TURNS)
        if turn != self._shown[0]:
            self._shown = turn, self._counted
        wait, since = self._wait
        facts = [
            "thinks" if self._thinking and self._look.thinking == "off" and self._text is None else "",
            "" if wait.why else f"{turn // TURNS} s",
            self._search or waiting(wait, now - since),
        ]
        tokens = f"{_tokens(self._shown[1])} tok" if self._shown[1] else ""
        name = f"{SPINNER[turn % len(SPINNER)]} {safe.line(wait.why, 60) or safe.line(label, 40)}"
        stops = "Ctrl-C gives up" if wait.exact else "Ctrl-C stops"
        return _row([*map(self._fitting, (name, *facts, tokens, stops))], self._columns - MARGIN)


def _row(parts: list[str], room: int) -> str:
    """The parts on a row. Where they do not fit, the tokens go first and then the end of the name: how to stop a reply
    is what one looks for."""
    if width.width(row := " · ".join(filter(None, parts))) <= room:
        return row
    name, *facts, _tokens, stops = parts
    rest = width.width(" · ".join(["", *filter(None, facts), stops]))
    return width.joined([safe.line(name, max(room - rest, SHORTEST)), *facts, stops], room)


def typed_row(typed: Typed, most: int, encoding: str) -> str:
    """What is typed for the next prompt, in at most so many columns; of a long text its end."""
    if not any(typed):
        return ""
    start = f"next ({typed.lines}): " if typed.lines else "next: "
    text, room = charset.fitting(typed.text, encoding), most - len(start)
    if width.width(text) > room:
        text = text[-max(room - 1, 0) :]
        while width.width(text) > room - 1 > 0:
            text = text[1:]
        start += charset.fitting("…", encoding)[:1]
    return width.cut(start + text, most)


def waiting(wait: Wait, seconds: float) -> str:
    """What is waited for and how long yet, once it takes so long that one may wonder."""
    if wait.exact:
        return f"{safe.line(wait.what, 60)} in {math.ceil(max(wait.seconds - seconds, 0))} s"
    if not wait.what or seconds < NOTICEABLE:
        return ""
    limit = f" of {wait.seconds:.0f}" if math.isfinite(wait.seconds) else ""
    return f"{safe.line(wait.what, 60)} {seconds:.0f} s{limit}"


def _tokens(characters: int) -> str:
    return f"~{-(-characters // CHARACTERS):,}"
