"""The picture of a reply for screen readers: nothing while it comes but a sign of life, then all of it in one piece."""

import threading
from collections.abc import Callable
from typing import TextIO

from chatrepl.events import Event, Search, Text
from chatrepl.terminal.screen.pictures import Cited, Picture, told_of_search
from chatrepl.text import safe
from chatrepl.text.amounts import counted

HEARTBEAT = 30.0
"""Every so many seconds a line says that the reply is still awaited."""


class SpokenPicture(Picture):
    """The reply behind a line that says how long it is, with a bell at its end."""

    def __init__(self, out: TextIO, say: Callable[[str], object], every: float = HEARTBEAT) -> None:
        self._out = out
        self._say = say
        self._every = every
        self._pieces: list[str] = []
        self._marks: list[tuple[int, str]] = []
        """The marks for sources, and where they stand in the text."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def feed(self, event: Event | Cited) -> None:
        if isinstance(event, Text):
            self._pieces.append(event.text)
        elif isinstance(event, Cited):
            self._cite(event)
        elif isinstance(event, Search) and (told := told_of_search(event)):
            self._say(told)

    def _cite(self, cited: Cited) -> None:
        text = "".join(self._pieces)
        if text.endswith(cited.behind):
            self._marks.append((len(text) - len(cited.behind), cited.mark))
        else:
            cited.missed()

    def _text(self) -> str:
        """What came, with the marks; of those at one place the first one that came stands first."""
        text, at, marked = "".join(self._pieces), 0, list[str]()
        for place, mark in sorted(self._marks, key=lambda each: each[0]):
            marked += [text[at:place], mark]
            at = place
        return "".join([*marked, text[at:]])

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()
        text = safe.text(self._text()).rstrip("\n")
        if text.strip():
            self._say(f"Answer, {_words(text)}")
            self._out.write(f"{text}\n")
        self._out.write("\a")
        self._out.flush()

    def _beat(self) -> None:
        beats = 0
        while not self._over.wait(self._every):
            beats += 1
            so_far = f"{_words(''.join(self._pieces))} so far" if self._pieces else "no word yet"
            self._say(f"Still waiting, {beats * self._every:.0f} seconds, {so_far}. Ctrl-C stops.")


def _words(text: str) -> str:
    return counted(len(text.split()), "word")
