"""Text for terminals whose character set is small: what they cannot show becomes something like it."""

import codecs
import unicodedata
from collections.abc import Mapping

SLASH = "\u2044"
"""The slash of fractions."""

_LIKE = {
    **dict.fromkeys("•◦▪∙", "*"),
    "·": "-",
    "…": "...",
    "✗": "x",
    "✓": "v",
    "●": "*",
    "○": "o",
    "›": ">",
    **dict.fromkeys("│┃▎▌", "|"),
    **dict.fromkeys("─━‐‑‒–—―", "-"),
    **dict.fromkeys("┼┌┐└┘├┤┬┴", "+"),
    **dict.fromkeys("‘’‚′", "'"),
    **dict.fromkeys("“”„«»″", '"'),
    "☐": "o",
    "☑": "x",
    "→": ">",
    "←": "<",
    "⏎": "/",
    "×": "x",
    "−": "-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "€": "EUR",
    SLASH: "/",
    **dict(zip("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\|/-\\|/", strict=True)),
    **{chr(0x2400 + code): f"^{chr(code + 64)}" for code in range(32)},
    "␡": "^?",
}
"""One word per character and, where a row must not grow, one character for one."""

HANDLER = "chatrepl"
"""The name under which ``register`` makes this known as an error handler of codecs."""


def register() -> None:
    """Make the error handler known, for ``stream.reconfigure(errors=HANDLER)``."""
    codecs.register_error(HANDLER, _replace)


def holds(text: str, encoding: str) -> bool:
    """Whether that encoding can hold the text as it is."""
    if text.isascii() or encoding.lower().replace("-", "") == "utf8":
        return True
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def fitting(text: str, encoding: str) -> str:
    """The text as far as that encoding can hold it."""
    if holds(text, encoding):
        return text
    register()
    return text.encode(encoding, HANDLER).decode(encoding)


def encoding(env: Mapping[str, str], now: str) -> str:
    """The encoding to write to a terminal in: ``now``, or ASCII where the user's locale is C, whatever Python says."""
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    return "ascii" if locale in ("C", "POSIX") and not env.get("PYTHONUTF8") else now


def _replace(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    text, places = error.object, range(error.start, error.end)
    return "".join(_like(text[place], after=text[max(place - 1, 0) : place]) for place in places), error.end


def _like(character: str, after: str) -> str:
    if character in _LIKE:
        return _LIKE[character]
    if unicodedata.combining(character):
        return ""
    letters = unicodedata.normalize("NFKD", character).replace(SLASH, "/").replace("−", "-")
    letters = letters.encode("ascii", "ignore").decode()
    if "/" in letters[1:] and after.isdigit():  # 1½
        return f" {letters}"
    moved = _moved(character)
    if moved and not letters.isalpha() and moved != _moved(after):  # 2¹⁰ is not 210
        return moved + letters
    return letters or "?"


def _moved(character: str) -> str:
    """The sign for an exponent or an index."""
    return {"<super>": "^", "<sub>": "_"}.get(unicodedata.decomposition(character or " ").partition(" ")[0], "")
