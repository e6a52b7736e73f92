"""Which of many names somebody means who types a few letters, or wrong ones."""

from collections.abc import Iterable, Sequence

Named = tuple[str, str]
"""A name and what it means."""


def matching(typed: str, names: Iterable[Named]) -> list[Named]:
    """Those that begin with what was typed; else those that hold it; else those that hold its letters in order."""
    wanted = typed.lower()
    candidates = list(names)
    for test in (str.startswith, str.__contains__, _in_order):
        found = [pair for pair in candidates if test(pair[0].lower(), wanted)]
        if found:
            return found
    return []


def _in_order(name: str, letters: Sequence[str]) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in letters)


def nearest(word: str, words: Iterable[str]) -> str:
    """``: did you mean X?`` where one of the words is near, or the only one that begins so, else nothing. Letters are
    the same here, small or large."""
    words = list(words)
    if word in words:
        return ""
    from difflib import get_close_matches  # where a mistake was made

    spelled = {each.lower(): each for each in words}
    begun = [each for each in spelled if each.startswith(word.lower())]
    found = begun if len(begun) == 1 else get_close_matches(word.lower(), spelled, n=1, cutoff=0.7)
    return f": did you mean {spelled[found[0]]!r}?" if found else ""
