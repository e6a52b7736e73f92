"""Markdown blocks into styled lines. Nothing here knows of a terminal."""

from chatrepl.terminal.drawing.drawing import Drawing, draw, panel
from chatrepl.terminal.drawing.lines import Line, ansi, ansi_cells, cells, plain
from chatrepl.terminal.drawing.reasoning import Aside
from chatrepl.terminal.drawing.rendering import Strand

__all__ = ["Aside", "Drawing", "Line", "Strand", "ansi", "ansi_cells", "cells", "draw", "panel", "plain"]
