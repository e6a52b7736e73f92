"""What the terminal can do, as far as the environment tells; the terminal itself is asked nothing."""

import re
from collections.abc import Mapping

_TAKE_NO_NOTICE = ("xterm", "tmux", "foot", "alacritty", "wezterm", "ghostty", "mintty", "contour", "rio")
"""The terminals that draw nothing where they are asked something they do not understand."""


def is_simple(env: Mapping[str, str]) -> bool:
    """Whether the terminal is known to understand no escape sequences."""
    return env.get("TERM") in ("dumb", "unknown")


def background(env: Mapping[str, str]) -> str:
    """Whether the terminal is "dark" or "light", where it tells; most are dark."""
    return "light" if env.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15") else "dark"


def background_of(report: str) -> str:
    """Whether the terminal says that its background is "dark" or "light", "" for neither: ``11;rgb:ffff/ffff/ffff``."""
    found = re.search(r"rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})", report)
    if not found:
        return ""
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
    return "light" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "dark"


def tells_background(env: Mapping[str, str]) -> bool:
    """Whether the terminal may be asked for its background, and nothing else tells it."""
    return "COLORFGBG" not in env and not env.get("STY") and env.get("TERM", "").startswith(_TAKE_NO_NOTICE)


def is_spoken(env: Mapping[str, str]) -> bool:
    """Whether the user says that a screen reader reads the terminal."""
    return env.get("ACCESSIBLE", "0").lower() not in ("", "0", "false", "no")


def makes_links(env: Mapping[str, str]) -> bool:
    """Whether the terminal is known to make links of OSC 8 sequences; FORCE_HYPERLINK says so of any."""
    if "FORCE_HYPERLINK" in env:
        return env["FORCE_HYPERLINK"] not in ("", "0")
    return _knows(env, (*_MODERN, "WT_SESSION", "ALACRITTY_WINDOW_ID")) or env.get("VTE_VERSION", "").isdecimal()


def takes_marks(env: Mapping[str, str]) -> bool:
    """Whether the terminal is known to take the marks of OSC 133, and lets one jump from prompt to prompt."""
    return _knows(env, _MODERN)


def notification(env: Mapping[str, str]) -> str:
    """How the terminal is told that something is ready: "osc9", "osc777", or by a bell, which all have."""
    if env.get("TERM_PROGRAM") == "iTerm.app" or "ITERM_SESSION_ID" in env:
        return "osc9"
    known = ("GHOSTTY_RESOURCES_DIR", "WEZTERM_PANE")
    return (
        "osc777" if any(mark in env for mark in known) or env.get("TERM", "").startswith(("foot", "rxvt")) else "bell"
    )


def _knows(env: Mapping[str, str], marks: tuple[str, ...]) -> bool:
    if env.get("STY"):
        return False
    if env.get("TMUX") or env.get("TERM", "").startswith(("screen", "tmux")):
        return env.get("TERM_PROGRAM") == "tmux" and _version(env.get("TERM_PROGRAM_VERSION", "")) >= (3, 4)
    program, term = env.get("TERM_PROGRAM", ""), env.get("TERM", "")
    return program in _PROGRAMS or term.startswith(_TERMS) or any(mark in env for mark in marks)


_MODERN = ("KITTY_WINDOW_ID", "WEZTERM_PANE", "GHOSTTY_RESOURCES_DIR", "ITERM_SESSION_ID", "KONSOLE_VERSION")
_PROGRAMS = ("iTerm.app", "WezTerm", "ghostty", "vscode", "rio")
_TERMS = ("xterm-kitty", "xterm-ghostty", "wezterm", "foot", "alacritty", "contour", "rio")


def _version(text: str) -> tuple[int, ...]:
    """3.4a as numbers."""
    return tuple(int(found) for found in re.findall(r"\d+", text)[:2])


def tells_keys_apart(env: Mapping[str, str]) -> bool:
    """Whether the terminal may be asked to tell Shift-Enter from Enter (xterm's modifyOtherKeys): it knows what that
    means, or takes no notice. Screen, the console of Linux and Apple's terminal draw it."""
    refuses = env.get("STY") or env.get("TERM_PROGRAM") == "Apple_Terminal"
    return not refuses and env.get("TERM", "").startswith(_TAKE_NO_NOTICE)


def wraps_anew(env: Mapping[str, str]) -> bool:
    """Whether the terminal wraps what it shows anew when it is made narrower: most do, a few old ones do not."""
    return not (env.get("XTERM_VERSION") or env.get("STY") or env.get("TERM", "").startswith(("linux", "rxvt")))
