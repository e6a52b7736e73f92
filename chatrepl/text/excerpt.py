"""The head and the tail of a text that is too long for whom it is for."""

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
