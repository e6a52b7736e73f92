"""The rows that the line and the menu below it take."""

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application

MENU = 7
"""So many rows has the line with the menu below it."""

LEAST = 2
"""So many rows are one line and the status line."""


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
