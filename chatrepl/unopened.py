"""Reasoning of which only the end is marked: the templates of R1 and its kin put ``<think>`` into the prompt.

Nobody can tell while a reply streams; so this is for replies that are whole. To be on the safe side the mark has to
stand on a line of its own and outside of code: a reply may well speak of it.
"""

import re

_CLOSING = re.compile(r"^ {0,3}</think>[ \t]*(?:\n+|\Z)", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)


def parted(text: str) -> tuple[str, str]:
    """The reasoning and the answer; the reasoning is "" where no end of one is marked."""
    mark = _CLOSING.search(text)
    if not mark or "<think>" in text[: mark.start()] or len(_FENCE.findall(text, 0, mark.start())) % 2:
        return "", text
    return text[: mark.start()], text[mark.end() :]
