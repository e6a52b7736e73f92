"""Keys that were typed before a prompt stood there to take them, as what they mean in one."""

from collections.abc import Callable
from itertools import takewhile

from prompt_toolkit.input import Input
from prompt_toolkit.input.typeahead import get_typeahead
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from chatrepl.terminal.prompt.decoding import ALT_ENTER


def typed_early(keys: Input, ahead: Callable[[], str]) -> list[KeyPress]:
    """The keys that were typed already; ``ahead`` is what was taken out of the terminal."""
    early = get_typeahead(keys)
    if parser := getattr(keys, "vt100_parser", None):  # on Windows there is none
        parser.feed(ahead())
    while read := keys.read_keys():
        early += read
    return early


_LINE_FEED = KeyPress(Keys.ControlJ)


def unsent(early: list[KeyPress]) -> list[KeyPress]:
    """The same as keys that add lines and send nothing; an Enter before or after them all means nothing any more."""
    lines = [_LINE_FEED if each.key in (Keys.ControlM, ALT_ENTER) else each for each in early]
    while lines and lines[-1] == _LINE_FEED:
        lines.pop()
    while lines and lines[0] == _LINE_FEED:
        lines.pop(0)
    return lines


def first_line(early: list[KeyPress]) -> str:
    """What was typed up to the first Enter; "" where it begins with a paste of several lines."""
    typed = list(takewhile(lambda each: each.key not in (Keys.ControlM, Keys.ControlJ, ALT_ENTER), early))
    pasted = typed[0].data if typed and typed[0].key == Keys.BracketedPaste else ""
    return "" if set(pasted) & {"\r", "\n"} else "".join(each.data for each in typed)


def below(early: list[KeyPress]) -> list[KeyPress]:
    """The same, on a line of their own."""
    return [_LINE_FEED, *lines] if (lines := unsent(early)) else []
