"""The numbers of ordered lists: as they are written, except where all are the same and only count."""


def number(literal: str, before: str, counts: bool) -> str:
    """The number of an item that is written so, after an item with the number ``before``."""
    return str(int(before) + 1) if counts else literal


def counts(first: str, second: str) -> bool:
    """Whether a list whose first two numbers are written so leaves the counting to whoever shows it: 1. 1. 1."""
    return int(first) == int(second)
