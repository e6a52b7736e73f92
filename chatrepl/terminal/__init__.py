"""The terminal: keys into lines, events into a picture."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.terminal import clipboard as clipboard, drawing as drawing, editor as editor
else:
    __getattr__ = lazy(__name__, clipboard="", drawing="", editor="")
