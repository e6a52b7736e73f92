"""The keyboard into a line. The only module that knows prompt-toolkit."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, completion_is_selected
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output

from chatrepl import files, secrets_found
from chatrepl.config import Ui

Suggest = Callable[[str], Iterable[tuple[str, str, int]]]
"""For the text before the cursor: what could stand there, what it means, and how many characters it replaces."""


class Prompt:
    """Reads what the user types."""

    def __init__(
        self,
        history: Path | None,
        ui: Callable[[], Ui],
        suggest: Suggest,
        *,
        keys: Input | None = None,
        output: Output | None = None,
    ) -> None:
        """``history`` is the file of the input history, None for none; ``keys`` and ``output`` stand in in tests."""
        self._ui = ui
        self._suggest = suggest
        self._history = history
        self._keys = keys
        self._output = output
        self._session: PromptSession[str] | None = None

    def read(self, start: str = "") -> str:
        """The next line, or lines; ``start`` already stands in it.

        Ctrl-C raises KeyboardInterrupt on an empty line and clears another one; Ctrl-D raises EOFError.
        """
        session = self._session = self._session or self._make()
        session.editing_mode = EditingMode.VI if self._ui().editing_mode == "vi" else EditingMode.EMACS
        return session.prompt(FormattedText([("class:prompt", "> ")]), default=start)

    def confirm(self, question: str) -> bool:
        """Whether the user says yes; anything else is a no."""
        return self.answer(f"{question} [y/N]").lower() in ("y", "yes")

    def answer(self, question: str) -> str:
        """What the user answers on a line of its own, "" after Ctrl-C or Ctrl-D."""
        asking: PromptSession[str] = PromptSession(input=self._keys, output=self._output)
        try:
            return asking.prompt(f"{question} ").strip()
        except (KeyboardInterrupt, EOFError):
            return ""

    def _make(self) -> PromptSession[str]:
        return PromptSession(
            history=_history(self._history),
            multiline=True,
            prompt_continuation=FormattedText([("class:prompt", "  ")]),
            key_bindings=_bindings(self._ui),
            completer=_Suggestions(self._suggest),
            complete_while_typing=False,
            enable_suspend=True,
            enable_open_in_editor=True,
            search_ignore_case=True,
            reserve_space_for_menu=4,
            input=self._keys,
            output=self._output,
        )


class _Suggestions(Completer):
    def __init__(self, suggest: Suggest) -> None:
        self._suggest = suggest

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        for text, meaning, replaced in self._suggest(document.text_before_cursor):
            yield Completion(text, -replaced, display_meta=meaning)


def _history(path: Path | None) -> History:
    """The input history in that file, in memory where it cannot be written."""
    if path is None:
        return InMemoryHistory()
    try:
        files.private_folder(path.parent)
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
    except OSError:
        return InMemoryHistory()
    return _WithoutSecrets(path)


class _WithoutSecrets(FileHistory):
    """The input history in a file, to which nothing is written that looks like a key."""

    def store_string(self, string: str) -> None:
        if not secrets_found.kind(string):
            super().store_string(string)


def _bindings(ui: Callable[[], Ui]) -> KeyBindings:
    """Enter sends and Alt-Enter adds a line, or the other way round; Ctrl-J always adds one."""
    bindings = KeyBindings()
    multiline = Condition(lambda: ui().multiline)

    def send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    def add_line(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    def clear(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    def bind(*keys: str, **when: Any) -> Callable[[Callable[[KeyPressEvent], None]], Any]:
        return bindings.add(*keys, **when)

    def accept(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    bind("enter", filter=completion_is_selected)(accept)
    bind("enter", filter=~multiline & ~completion_is_selected)(send)
    bind("escape", "enter", filter=multiline)(send)
    bind("escape", "enter", filter=~multiline)(add_line)
    bind("c-j")(add_line)
    bind("c-c")(clear)
    return bindings
