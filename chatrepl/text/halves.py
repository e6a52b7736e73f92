"""Halves of characters, as texts have them that JavaScript or Java cut: no file, terminal or request can hold one."""

import re

_HALVES = re.compile("[\ud800-\udfff]")


def whole_characters(text: str) -> str:
    """The text with its halves joined, and U+FFFD for each that is alone."""
    if text.isascii() or not _HALVES.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
