"""Markdown blocks into styled lines. Nothing here knows of a terminal."""

from chatrepl.terminal.drawing.drawing import Drawing, draw, nothing_to_see
from chatrepl.terminal.drawing.lines import Line, ansi, ansi_cells, cells, folded, plain
from chatrepl.terminal.drawing.reasoning import Reasoning
from chatrepl.terminal.drawing.rendering import Rendering

__all__ = [
    "Drawing",
    "Line",
    "Reasoning",
    "Rendering",
    "ansi",
    "ansi_cells",
    "cells",
    "draw",
    "folded",
    "nothing_to_see",
    "plain",
]
