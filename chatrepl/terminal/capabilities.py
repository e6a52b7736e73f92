"""What the terminal can do, as far as the environment tells; the terminal itself is asked nothing."""

from collections.abc import Mapping


def is_simple(env: Mapping[str, str]) -> bool:
    """Whether the terminal is known to understand no escape sequences."""
    return env.get("TERM") in ("dumb", "unknown")


def background(env: Mapping[str, str]) -> str:
    """Whether the terminal is "dark" or "light", where it tells; most are dark."""
    return "light" if env.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15") else "dark"


def makes_links(env: Mapping[str, str]) -> bool:
    """Whether the terminal is known to make links of OSC 8 sequences. Inside tmux that is not known."""
    if env.get("TMUX") or env.get("TERM", "").startswith(("screen", "tmux")):
        return False
    marks = ("KITTY_WINDOW_ID", "WEZTERM_PANE", "WT_SESSION", "GHOSTTY_RESOURCES_DIR", "ITERM_SESSION_ID")
    return any(mark in env for mark in marks) or env.get("VTE_VERSION", "").isdecimal()


def tells_keys_apart(env: Mapping[str, str]) -> bool:
    """Whether the terminal may be asked to tell Shift-Enter from Enter (xterm's modifyOtherKeys): it knows what that
    means, or takes no notice. Screen, the console of Linux and Apple's terminal draw it."""
    known = ("xterm", "tmux", "foot", "alacritty", "wezterm", "ghostty", "mintty", "contour", "rio")
    refuses = env.get("STY") or env.get("TERM_PROGRAM") == "Apple_Terminal"
    return not refuses and env.get("TERM", "").startswith(known)


def wraps_anew(env: Mapping[str, str]) -> bool:
    """Whether the terminal wraps what it shows anew when it is made narrower: most do, a few old ones do not."""
    return not (env.get("XTERM_VERSION") or env.get("STY") or env.get("TERM", "").startswith(("linux", "rxvt")))
