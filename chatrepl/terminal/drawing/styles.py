"""How each kind of text looks. Only the terminal's own sixteen colours are used, which its user has chosen."""

import functools
from collections.abc import Mapping

from rich.style import Style

_DARK = {
    "strong": "bold",
    "emphasis": "italic",
    "strike": "strike",
    "code": "cyan",
    "formula": "italic",
    "image": "italic",
    "link": "underline bright_blue",
    "url": "dim",
    "heading1": "bold underline bright_magenta",
    "heading2": "bold bright_magenta",
    "heading3": "bold",
    "heading4": "bold dim",
    "heading5": "italic dim",
    "heading6": "dim",
    "marker": "bright_blue",
    "quote": "dim",
    "fence": "dim",
    "rule": "dim",
    "header": "bold",
    "border": "dim",
    "title": "dim",
    "Token.Keyword": "magenta",
    "Token.Keyword.Constant": "cyan",
    "Token.Keyword.Type": "yellow",
    "Token.Name.Builtin": "cyan",
    "Token.Name.Class": "bold yellow",
    "Token.Name.Decorator": "yellow",
    "Token.Name.Exception": "yellow",
    "Token.Name.Function": "bright_blue",
    "Token.Name.Tag": "bright_blue",
    "Token.Name.Attribute": "yellow",
    "Token.Name.Variable": "cyan",
    "Token.Literal": "cyan",
    "Token.Literal.String": "green",
    "Token.Literal.String.Doc": "green italic",
    "Token.Literal.String.Escape": "bright_magenta",
    "Token.Literal.Number": "cyan",
    "Token.Operator.Word": "magenta",
    "Token.Comment": "dim italic",
    "Token.Comment.Preproc": "magenta",
    "Token.Generic.Deleted": "red",
    "Token.Generic.Inserted": "green",
    "Token.Generic.Heading": "bold",
    "Token.Generic.Subheading": "bold cyan",
    "Token.Generic.Prompt": "dim",
}
_LIGHT = {"cyan": "blue", "yellow": "red", "bright_blue": "blue", "bright_magenta": "magenta"}
_LIGHT_THEME = "light"

Styles = Mapping[str, Style]


@functools.cache
def styles(theme: str) -> Styles:
    """The styles of a theme, "light" or "dark"; one without bright colours does for every light background."""
    return {name: Style.parse(_lit(look) if theme == _LIGHT_THEME else look) for name, look in _DARK.items()}


def _lit(look: str) -> str:
    return " ".join(_LIGHT.get(word, word) for word in look.split())
