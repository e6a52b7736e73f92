"""The head and the tail of a text that is too long for whom it is for."""

from chatrepl.text import safe

FOR_A_MODEL = 40_000
"""The characters of a tool's result that a model gets; without a bound one call fills the context."""


def capped(text: str, limit: int = FOR_A_MODEL) -> str:
    """The text in at most so many characters: its head and its tail, and how much is missing between them."""
    if len(text) <= limit:
        return text
    mark = "\n\n[… {:,} of {:,} characters left out here …]\n\n"
    room = limit - len(mark.format(len(text), len(text)))
    head, tail = room * 2 // 3, room - room * 2 // 3
    return text[:head] + mark.format(len(text) - head - tail, len(text)) + text[len(text) - tail :]


def beginning(text: str, lines: int = 20, characters: int = 8_000) -> str:
    """The text, of a long one what tells which it is."""
    said = text.split("\n")
    if len(said) <= lines and len(text) <= characters:
        return text
    shown = [safe.line(line, 200) for line in said[:3]]
    return "\n".join([*shown, f"[{len(text):,} characters in {len(said):,} lines]"])
