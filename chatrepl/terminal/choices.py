"""What one can choose from, as a value: rows, and what is known of the one that is looked at."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chatrepl import NamedTuple


class Row(NamedTuple):
    """Something to choose. ``hidden`` rows are shown after Ctrl-O alone."""

    text: str
    what: Any = None
    """What is chosen with it."""
    hidden: bool = False
    words: str = ""
    """What else it is found by."""


class Choices(NamedTuple):
    """A list to choose from."""

    name: str
    rows: Iterable[Row]
    """They may take their time: those shown first are taken first."""
    facts: Callable[[Row], str] = lambda _row: ""
    """What stands at the right of a row, parts with a dot between them; asked of rows that are shown alone."""
    preview: Callable[[Row], Sequence[str]] | None = None
    """A few lines about the row that is looked at."""
    others: str = ""
    """What the hidden rows are."""
    delete: Callable[[Row], str] | None = None
    """Deletes what a row stands for; why it cannot, "" where it did."""


Choose = Callable[[Choices], Row | None]
"""Lets the user choose; None is nothing."""
