"""The colours of code, line by line."""

import functools
from copy import copy

from rich.segment import Segment
from rich.style import Style

from chatrepl.terminal.drawing.lines import Line
from chatrepl.terminal.drawing.styles import styles
from chatrepl.text import code as lexing


class Highlighter:
    """Code in one language. A copy made by ``copy.copy`` goes on from the same line."""

    def __init__(self, language: str, theme: str) -> None:
        self._lexing = lexing.Lexing(lexing.by_name(language))
        self._theme = theme

    def __copy__(self) -> "Highlighter":
        other = object.__new__(Highlighter)
        other._lexing, other._theme = copy(self._lexing), self._theme
        return other

    def line(self, code: str) -> Line:
        """The next line, with its colours; its text is left as it is."""
        tokens = self._lexing.line(code)
        if tokens is None:
            return (Segment(code),) if code else ()
        segments: list[Segment] = []
        for kind, text in tokens:
            style = _style(kind, self._theme)
            if segments and segments[-1].style is style:
                segments[-1] = Segment(segments[-1].text + text, style)
            elif text:
                segments.append(Segment(text, style))
        return tuple(segments)


@functools.cache
def _style(kind: object, theme: str) -> Style | None:
    """The style of a type of token, or of the nearest one above it that has a style."""
    name = str(kind)
    while name and name not in styles(theme):
        name = name.rpartition(".")[0]
    return styles(theme)[name] if name else None
