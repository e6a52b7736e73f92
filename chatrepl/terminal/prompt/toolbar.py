"""The status line below the prompt, behind the mode that vi's keys are in."""

from collections.abc import Callable

from prompt_toolkit.application import get_app
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import FormattedText


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
