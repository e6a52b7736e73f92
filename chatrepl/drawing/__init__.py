"""Markdown blocks into styled lines. Nothing here knows of a terminal."""

from chatrepl.drawing.aside import Aside
from chatrepl.drawing.drawing import Drawing, draw, panel
from chatrepl.drawing.lines import Line, ansi, ansi_cells, cells, plain
from chatrepl.drawing.strand import Strand

__all__ = ["Aside", "Drawing", "Line", "Strand", "ansi", "ansi_cells", "cells", "draw", "panel", "plain"]
