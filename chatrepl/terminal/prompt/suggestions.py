"""What is offered while one types: words that could stand there, and the rest of a line of the history."""

from collections.abc import Callable, Iterable

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from chatrepl.text import safe

Suggest = Callable[[str], Iterable[tuple[str, str, int]]]
"""For the text before the cursor: what could stand there, what it means, and how many characters it replaces."""

SUGGESTED_FROM = 1_000
"""So many entries of the history are looked through for a suggestion."""


class Suggestions(Completer):
    """What could stand at the end of what is typed."""

    def __init__(self, suggest: Suggest) -> None:
        self._suggest = suggest

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        for text, meaning, replaced in self._suggest(document.text_before_cursor):
            yield Completion(text, -replaced, display=safe.line(text), display_meta=safe.line(meaning))


class FromHistory(AutoSuggest):
    """What the newest entry of the history that begins like this goes on with."""

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        typed = document.text
        if not typed.strip():
            return None
        for entry in buffer.history.get_strings()[: -SUGGESTED_FROM - 1 : -1]:
            if entry.startswith(typed):
                return Suggestion(entry[len(typed) :].partition("\n")[0])
        return None
