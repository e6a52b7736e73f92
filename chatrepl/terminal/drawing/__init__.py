"""Markdown blocks into styled lines. Nothing here knows of a terminal."""

from chatrepl.terminal.drawing.drawing import Drawing as Drawing, draw as draw, nothing_to_see as nothing_to_see
from chatrepl.terminal.drawing.lines import (
    Line as Line,
    ansi as ansi,
    ansi_cells as ansi_cells,
    cells as cells,
    folded as folded,
    plain as plain,
)
from chatrepl.terminal.drawing.reasoning import Reasoning as Reasoning
from chatrepl.terminal.drawing.rendering import Rendering as Rendering
