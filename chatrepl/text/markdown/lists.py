"""Lists: their numbers, which are as they are written except where all are the same and only count, and their tasks."""


def number(literal: str, before: str, counts: bool) -> str:
    """The number of an item that is written so, after an item with the number ``before``."""
    return str(int(before) + 1) if counts else literal


def counts(first: str, second: str) -> bool:
    """Whether a list whose first two numbers are written so leaves the counting to whoever shows it: 1. 1. 1."""
    return int(first) == int(second)


_BOXES = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


def with_box(text: str) -> str:
    """The text of a list item; of a task with the box it begins with."""
    return _BOXES[text[:4]] + text[4:] if text[:4] in _BOXES else text
