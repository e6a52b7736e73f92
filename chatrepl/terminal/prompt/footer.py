"""What stands below the line: the status line, behind the mode that vi's keys are in, and the menu."""

from collections.abc import Callable

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, get_app
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import FormattedText

MENU = 7
"""So many rows has the line with the menu below it."""

LEAST = 2
"""So many rows are one line and the status line."""


def toolbar(status: Callable[[int], str], alert: str) -> Callable[[], FormattedText]:
    """The status line, drawn for the columns there are; ``alert`` is "", "warning" or "error"."""
    look = f"class:{alert}" if alert else ""

    def line() -> FormattedText:
        mode = _mode()
        return FormattedText([("", mode), (look, status(get_app().output.get_size().columns - len(mode)))])

    return line


def _mode() -> str:
    """The mode that vi's keys are in."""
    app = get_app()
    name = app.vi_state.input_mode.value.replace("vi-", "vi ").replace("navigation", "normal")
    return f"{name} · " if app.editing_mode == EditingMode.VI else ""


def fit(session: PromptSession[str], app: Application[str]) -> None:
    """Give the menu its rows while it is shown, as far as there are so many, and take back what is used no more.

    The renderer never grows smaller by itself, so it begins anew.
    """
    size = app.output.get_size()
    session.reserve_space_for_menu = min(MENU, size.rows - 1) if session.default_buffer.complete_state else 0
    screen = app.renderer.last_rendered_screen
    if not screen or screen.height <= LEAST or app.is_done:
        return
    if app.layout.container.preferred_height(size.columns, size.rows).preferred < screen.height:
        app.renderer.erase()
        app.renderer.request_absolute_cursor_position()
