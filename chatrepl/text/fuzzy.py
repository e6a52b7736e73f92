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


def is_slip(word: str, names: Iterable[str]) -> bool:
    """Whether the word is one of the names with a slip of the finger in it: a letter too many, too few, wrong, or two
    exchanged; two such slips in a long one. Short words are near to too much, but for exchanged letters."""
    return any(_is_slip(word.lower(), name.lower()) for name in names)


def _is_slip(word: str, name: str) -> bool:
    if len(name) == 3:
        return sorted(word) == sorted(name) and _slips(word, name) <= 1
    return len(name) > 3 and _slips(word, name) <= (2 if len(name) > 6 else 1)


def _slips(one: str, other: str) -> int:
    """How many slips lie between two words of about the same length."""
    if abs(len(one) - len(other)) > 2 or min(len(one), len(other)) < 3:
        return 3
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted)))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                row[j] = min(row[j], last[j - 2] + 1)
    return row[-1]


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


def close(word: str, words: Iterable[str], most: int = 3) -> list[str]:
    """Those of the words that are nearest to it, at most so many, the nearest first."""
    from difflib import get_close_matches  # where a mistake was made

    spelled = {each.lower(): each for each in words if len(each) < 4 * len(word) + 20}
    return [spelled[each] for each in get_close_matches(word.lower(), spelled, n=most, cutoff=0.5)]


def there_are(names: Iterable[str]) -> str:
    """What there is in place of a name that there is not, as a sentence; of one name or more."""
    known = list(names)
    return f"There is only {known[0]}." if len(known) == 1 else f"There are {', '.join(known)}."
