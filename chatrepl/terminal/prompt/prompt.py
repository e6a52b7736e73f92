"""The prompt: what the user types, with completion, history, pastes and the status line."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.cursor_shapes import AnyCursorShapeConfig, DynamicCursorShapeConfig, ModalCursorShapeConfig
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.layout.processors import TabsProcessor
from prompt_toolkit.output import Output

from chatrepl import NamedTuple
from chatrepl.config.config import Ui
from chatrepl.conversation import ImagePart
from chatrepl.terminal.prompt.decoding import BACKGROUND, decoding
from chatrepl.terminal.prompt.draft import Draft
from chatrepl.terminal.prompt.early import below, first_line, typed_early, unsent
from chatrepl.terminal.prompt.footer import fit, toolbar
from chatrepl.terminal.prompt.history import SharedHistory
from chatrepl.terminal.prompt.keys import Wishes, bindings, entered
from chatrepl.terminal.prompt.output import output, take_pastes
from chatrepl.terminal.prompt.pastes import Pastes, ShowPastes
from chatrepl.terminal.prompt.styles import style
from chatrepl.terminal.prompt.suggestions import FromHistory, Suggest as Suggest, Suggestions
from chatrepl.terminal.typeahead import TypeAhead
from chatrepl.text import safe
from chatrepl.text.slashes import command_name

if TYPE_CHECKING:
    from chatrepl.terminal.choices import Choices, Row


class Surroundings(NamedTuple):
    """What the prompt asks of the rest of the program; every part may be left out."""

    ui: Callable[[], Ui] = Ui
    theme: Callable[[], str] = lambda: "dark"
    coloured: bool = True
    background: Callable[[str], None] | None = None
    """Gets what the terminal tells of its background; None where it is not asked."""
    marks: bool = False
    """Whether the terminal takes marks around the prompt (OSC 133)."""
    env: Mapping[str, str] = MappingProxyType({})
    suggest: Suggest = lambda _before: ()
    is_command: Callable[[str], bool] = lambda line: bool(command_name(line))
    """Whether the line is a command, if it was typed."""
    may_keep: Callable[[str], bool | None] = lambda _line: True
    """Whether the line may stand in the input history; None while that is not known."""
    status: Callable[[], Callable[[int], str]] = lambda: lambda _columns: ""
    """Asked before a line and at a ``refresh``: a function that gives the status line for so many columns, at once."""
    alert: Callable[[], str] = str
    """Asked before every line too: whether the status line is a "warning" or an "error"."""
    edit: Callable[[str], str] = lambda text: text
    clipboard: Callable[[], bytes | str] = str
    """What the clipboard holds, an image or a text; a CommandError tells why that is not known."""
    trouble: Callable[[str], None] = lambda _line: None
    shown: Callable[[], None] = lambda: None
    """Called once, when the first prompt stands on the screen."""
    typed: Callable[[], None] = lambda: None
    """Called for each change of a text that is going to be a question."""
    ahead: Callable[[], str] = lambda: ""
    """What was typed before anybody read it, taken out of the terminal."""
    keys: Input | None = None
    output: Output | None = None


class Prompt:
    """Reads what the user types."""

    def __init__(self, history: Path | None, around: Surroundings | None = None) -> None:
        """``history`` is the file of the input history, None for none."""
        self._around = around or Surroundings()
        self._pastes = Pastes()
        self._history = SharedHistory(history, self._pastes, self._around.may_keep)
        self._output = self._around.output or output(sys.stdout, self._around.env, coloured=self._around.coloured)
        self._session: PromptSession[str] | None = None
        self._state = TypeAhead()
        self._draft = Draft()
        self._length = 0
        """Of the line, when it was last changed."""
        self.typed = True
        """Whether the last line was typed by hand: not pasted, not put there, not some old lines again."""
        self.is_text = False
        """Whether the last line is no command whatever it looks like: its beginning was pasted, or put there."""
        self.images: Sequence[ImagePart] = ()  # that were pasted into the last line

    @cached_property
    def _keys(self) -> Input:
        keys = self._around.keys or create_input()
        return decoding(keys, vi=lambda: self._around.ui().editing_mode == "vi", told=self._background)

    def read(self, start: str = "", *, held: bool = False) -> str:
        """The next line, or lines; ``start`` already stands in it.

        What was typed ahead, where there is a ``start`` or it is to be ``held``, stands in the prompt below it and
        sends nothing, unless it is a command: that is read first, and all else holds after it. A ``start`` that is
        ``held`` gives way to what is typed now, and comes back after a command.

        Ctrl-C raises KeyboardInterrupt on an empty line and clears another one; Ctrl-D raises EOFError.
        """
        session = self._session = self._session or self._make()
        early = typed_early(session.input, self._around.ahead)
        command = self._around.is_command(first_line(early))
        yields = held or self._state.held
        (start, held), after = self._state.next(start, held=held, command=command)
        self._state = after if command else TypeAhead()
        if held or self._state.held:
            early += session.input.flush_keys()
        if held:
            early = below(early) if start else unsent(early)
        store_typeahead(session.input, early)
        self._history.refresh()
        session.editing_mode = EditingMode.VI if self._around.ui().editing_mode == "vi" else EditingMode.EMACS
        session.style = style(self._around.theme(), coloured=self._around.coloured)
        _tell_status(session, self._around)
        self._complain()
        self._pastes.start(put=bool(start))
        self._draft.put(start, yields=yields)
        self._history.recalled = True  # a line like the last one is not stored again
        try:
            with self._pasting():
                line = entered(session, _marked(marks=self._around.marks), default=self._pastes.refold(start))
        finally:
            self._complain()
        if self._draft.gone:
            self._state = TypeAhead(start, held=True)
        return self._entered(line)

    def refresh(self) -> None:
        """Let the status line below a line that is being read be asked for anew; in any thread."""
        session = self._session
        if session and session.app.loop:
            with suppress(RuntimeError):  # the line is read by now, and the next one asks by itself
                session.app.loop.call_soon_threadsafe(_tell_status, session, self._around)

    def _entered(self, folded: str) -> str:
        """The line in full, and what is known of it."""
        line, recalled = self._pastes.unfold(folded), self._history.recalled
        self.images = self._pastes.images(folded)
        texts = self._history.texts
        self.is_text = self._pastes.is_text(folded) or (recalled and folded in texts)
        if self.is_text and command_name(line):
            texts.add(folded)
        if self.is_text or not self._around.is_command(line):
            self._state = TypeAhead()  # it stands in the input history
        self.typed = not (self._pastes.came or (recalled and "\n" in line))
        return line

    @contextmanager
    def _pasting(self) -> Iterator[None]:
        """Let what is pasted before the next prompt come as one text too, until ``close``."""
        try:
            yield
        finally:
            take_pastes(self._output)
            self._output.flush()

    def close(self) -> None:
        """Leave the terminal as it was, and the history whole."""
        self._history.settle(leaving=True)
        self._output.disable_bracketed_paste()
        self._output.flush()

    def _complain(self) -> None:
        """Tell what is wrong with the history, while the prompt is not on the screen."""
        complaint, self._history.complaint = self._history.complaint, ""
        if complaint:
            self._around.trouble(complaint)

    def answer(self, question: str) -> str:
        """What the user answers on a line of its own, "" after Ctrl-C or Ctrl-D."""
        try:
            return self.asked(question)
        except (KeyboardInterrupt, EOFError):
            return ""

    def asked(self, question: str) -> str:
        """The same, where Ctrl-C raises KeyboardInterrupt and Ctrl-D EOFError."""
        asking: PromptSession[str] = PromptSession(input=self._keys, output=self._output)
        with self._unseen():
            return entered(asking, f"{safe.text(question)} ").strip()

    def keep(self, text: str) -> None:
        """Let that stand in the next prompt."""
        self._state = self._state.with_due(text)

    def choose(self, choices: "Choices") -> "Row | None":
        """The row that the user chooses, None for none, and after Ctrl-C or Ctrl-D."""
        try:
            return self.chosen(choices)
        except (KeyboardInterrupt, EOFError):
            return None

    def chosen(self, choices: "Choices") -> "Row | None":
        """The same, where Ctrl-C raises KeyboardInterrupt."""
        from chatrepl.terminal.prompt.picker import Picker  # not for the first key

        look = style(self._around.theme(), coloured=self._around.coloured)
        with self._unseen():
            return Picker(choices).ask(self._keys, self._output, look)

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        """Something else is asked: what was typed before anybody saw it is for the next prompt."""
        early = unsent(typed_early(self._keys, self._around.ahead))
        try:
            with self._pasting():
                yield
        finally:
            store_typeahead(self._keys, early + get_typeahead(self._keys))

    def _make(self) -> PromptSession[str]:
        around, pastes = self._around, self._pastes
        is_command, edit, clipboard = around.is_command, around.edit, around.clipboard
        wishes = Wishes(lambda: around.ui().multiline, is_command, edit, pastes, self._draft, clipboard, around.trouble)
        session: PromptSession[str] = PromptSession(
            history=self._history,
            multiline=True,
            prompt_continuation=FormattedText([("class:prompt", "  ")]),
            key_bindings=bindings(wishes),
            completer=Suggestions(around.suggest),
            complete_while_typing=Condition(self._completes),
            auto_suggest=FromHistory(),
            input_processors=[self._draft, ShowPastes(pastes), TabsProcessor(char1=" ", char2=" ")],
            enable_suspend=True,
            search_ignore_case=True,
            cursor=DynamicCursorShapeConfig(_cursor),
            input=self._keys,
            output=self._output,
            include_default_pygments_style=False,
        )
        session.default_buffer.on_text_changed += self._typed
        session.app.before_render += partial(fit, session)
        session.app.after_render += self._shown
        self._draft.follow(session.app)
        return session

    def _shown(self, app: Application[str]) -> None:
        app.after_render -= self._shown
        if self._around.background:  # it is asked now, and may answer whenever it likes
            self._output.write_raw(f"{BACKGROUND}?\x1b\\")
            self._output.flush()
        self._around.shown()

    def _background(self, report: str) -> None:
        """Wear the colours for the background that the terminal tells of."""
        if self._around.background:
            self._around.background(report)
            if self._session:
                self._session.style = style(self._around.theme(), coloured=self._around.coloured)
                self._session.app.invalidate()

    def _typed(self, buffer: Buffer) -> None:
        if not buffer.text or (self._pastes.begins and buffer.text in self._history.get_strings()):
            self._pastes.start()
        elif not self._completes():
            self._around.typed()
        shorter, self._length = len(buffer.text) < self._length, len(buffer.text)
        if shorter and self._completes():  # which prompt-toolkit does after what is added alone
            buffer.start_completion(select_first=False)

    def _completes(self) -> bool:
        """Whether what is typed is a command, or going to be one, and its menu is shown."""
        text = get_app().current_buffer.text
        return "\n" not in text and not self._pastes.is_text(text) and (text == "/" or bool(command_name(text)))


def _cursor() -> AnyCursorShapeConfig:
    """The cursor tells vi's modes apart; else it is left as the user wants it."""
    return ModalCursorShapeConfig() if get_app().editing_mode == EditingMode.VI else None


def _marked(*, marks: bool) -> FormattedText:
    begin, end = (("[ZeroWidthEscape]", f"\x1b]133;{which}\x1b\\") for which in "AB")
    return FormattedText([begin, ("class:prompt", "> "), end] if marks else [("class:prompt", "> ")])


def _tell_status(session: PromptSession[str], around: Surroundings) -> None:
    session.bottom_toolbar = toolbar(around.status(), around.alert()) if around.ui().toolbar else None
    session.app.invalidate()
