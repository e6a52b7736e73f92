"""The prompt of simple terminals and screen readers: lines as the terminal itself gives them, nothing repainted."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TextIO

from chatrepl.conversation import ImagePart
from chatrepl.terminal.choices import Choices, Row
from chatrepl.terminal.escapes import without_reports
from chatrepl.terminal.interrupts import Interrupts
from chatrepl.terminal.signals import cooked
from chatrepl.terminal.typeahead import KeyBuffer, TypeAhead, joined
from chatrepl.text import safe, slashes

PASTING = 0.05
"""What comes so many seconds after a line is of the same paste."""

_AGAIN = "Enter alone sends this again"
_ENDS = ("\0", "\x04")
"""Ctrl-D as it waits in a terminal: Linux puts a zero in its place."""


class PlainPrompt:
    """Reads what the user types. A line that ends with a backslash goes on in the next; a paste arrives as one text."""

    def __init__(
        self,
        keys: TextIO,
        out: TextIO,
        interrupts: Interrupts,
        ahead: KeyBuffer,
        is_command: Callable[[str], bool] = lambda line: bool(slashes.command_name(line)),
    ) -> None:
        self._is_command = is_command
        self._keys = keys
        self._out = out
        self._interrupts = interrupts
        self._ahead = ahead
        self._early = ""
        """What was typed ahead, and is read before all else."""
        self._state = TypeAhead()
        self.typed = True
        """Whether the last line was typed by hand: not pasted, and not put there."""
        self.is_text = False
        """Whether the last line is no command whatever it looks like: it was pasted, or put there."""
        self.images: Sequence[ImagePart] = ()
        """None: where lines are read no image is pasted."""

    def read(self, start: str = "", *, held: bool = False) -> str:
        """The next line, or lines; Enter alone sends ``start``, also after a command.

        A line typed ahead, where there is a ``start`` or it is to be ``held``, is joined to it and sends nothing,
        unless it is a command; the beginning of one is shown, and joined to it at Enter. Ctrl-C raises
        KeyboardInterrupt and Ctrl-D EOFError.
        """
        self._early += without_reports(self._ahead.take())
        self.is_text = False
        while True:
            command = self._is_command(self._early.partition("\n")[0])
            opening, after = self._state.next(start, held=held, command=command)
            self._state = TypeAhead()
            begun, early = bool(self._early), "\n" in self._early  # what is typed ahead are lines, and no paste
            if opening.start:
                how = "Enter sends this again, and what you began" if begun and not early else _AGAIN
                self._out.write(f"{how}: {safe.line(opening.start, 600)}\n")
            with cooked(self._keys):
                line = self._typed() if early else self._lines()
            if not self.is_text and self._is_command(line):
                self._state = after
                return line
            if not (opening.held and begun):
                self.is_text |= not line
                return line or opening.start
            start, held = joined(opening.start, line), True
            if not early:
                self.is_text = True
                return start

    def choose(self, choices: Choices) -> Row | None:
        """Nothing: where lines are read a list is numbered."""
        return None

    def close(self) -> None:
        """There is nothing to put back."""

    def _lines(self) -> str:
        text = self._typed()
        while rest := self._ahead.take(PASTING):  # which the terminal shows already
            if not (rest := without_reports(rest)):
                continue
            if self._is_command(text) and "\n" not in rest:  # the first keys of the next line
                self._early += rest
                break
            self.typed, self.is_text = False, True
            text = f"{text}\n{rest}".removesuffix("\n")
            if not rest.endswith("\n"):  # the paste ends in the middle of a line, which is whole at the user's Enter
                with suppress(EOFError):
                    text += self._line("")
        return text

    def _typed(self) -> str:
        text = self._line("> ")
        while text.endswith("\\"):
            text = f"{text[:-1]}\n{self._line('  ')}"
        self.typed = bool(text)
        return text

    def answer(self, question: str) -> str:
        """What the user answers, "" after Ctrl-C or Ctrl-D."""
        try:
            return self.asked(question)
        except (KeyboardInterrupt, EOFError):
            return ""

    def asked(self, question: str) -> str:
        """The same, where Ctrl-C raises KeyboardInterrupt and Ctrl-D EOFError.

        What was typed before anybody saw the question is no answer: Enter alone sends it at the next prompt.
        """
        self.keep((self._early + without_reports(self._ahead.take())).strip("\n"))
        self._early = ""
        with cooked(self._keys):
            return self._line(f"{safe.text(question)} ").strip()

    def keep(self, text: str) -> None:
        """Let Enter alone send that at the next prompt."""
        self._state = self._state.with_due(text)

    def _line(self, mark: str) -> str:
        self._out.write(mark)
        self._out.flush()
        self._interrupts.forget()
        try:
            with self._interrupts.awaited():
                line = self._next()
        except KeyboardInterrupt:
            self._out.write("\n")
            raise
        if not line:
            self._out.write("\n")
            raise EOFError
        return line.removesuffix("\n")

    def _next(self) -> str:
        """The next line, of what was held first, which is shown as if it were typed now."""
        if self._early.startswith(_ENDS):
            self._early = self._early[1:]
            return ""
        line, end, self._early = self._early.partition("\n")
        line = line.translate(dict.fromkeys(map(ord, _ENDS)))
        self._out.write(safe.text(line) + end)
        self._out.flush()
        if end:
            return line + end
        try:
            return line + without_reports(self._keys.readline())
        except OSError:  # the terminal is gone
            raise EOFError from None
