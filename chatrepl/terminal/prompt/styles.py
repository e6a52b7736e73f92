"""How the prompt and what belongs to it look."""

from functools import cache

from prompt_toolkit.styles import Style

_GREY = "ansibrightblack"

_COMMON = {
    "paste": "italic",
    "draft": _GREY,
    "warning": "fg:ansiyellow",
    "error": "fg:ansired",
    "facts": _GREY,
    "row": "fg:default",
    "bottom-toolbar": "noreverse",
    "bottom-toolbar.text": f"noreverse {_GREY}",
    "auto-suggestion": _GREY,
    "completion-menu": "bg:default",
    "completion-menu.completion": "bg:default fg:default",
    "completion-menu.completion.current": "bg:default fg:default bold reverse",
    "completion-menu.meta.completion": f"bg:default {_GREY}",
    "completion-menu.meta.completion.current": f"bg:default {_GREY} reverse",
    "scrollbar.background": "bg:default",
    "scrollbar.button": "bg:ansibrightblack",
}
_PROMPT = {"dark": "ansibrightcyan bold", "light": "ansiblue bold"}


@cache
def style(theme: str, *, coloured: bool) -> Style:
    """The styles for that background, with colours or without."""
    styles = {**_COMMON, "prompt": _PROMPT[theme], "chosen": _PROMPT[theme]}
    return Style.from_dict(styles if coloured else {name: _colourless(each) for name, each in styles.items()})


def _colourless(look: str) -> str:
    """The same for those who want no colours: what was grey is dim."""
    return " ".join("dim" if part == _GREY else part for part in look.split())
