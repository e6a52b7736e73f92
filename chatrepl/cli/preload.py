"""Loads behind the first prompt what the first question will need."""

import gc
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

from chatrepl import terminal

NEEDED = (
    "chatrepl.chat.turn",
    "chatrepl.client.connection",
    "chatrepl.config.facts",
    "chatrepl.dialects.openai_chat",  # which most profiles speak
    "chatrepl.dialects.response",
    "chatrepl.client.client",
    "encodings.idna",  # to look up the server's name
    "chatrepl.terminal.screen.live",
    "markdown_it",
    "pygments.lexers",
)
"""What a question and its answer need, and what to type one does not."""

SAMPLE = """\
# a
*b* **c** `d` [e](f)
- g
1. h
> i

| j | k |
|---|--:|
| l | m |

```python
n = "o"  # p
```
"""
"""Something of all that answers are made of. To draw it once compiles the patterns that take a first answer as long as
the rest of it: those of markdown, and of the language that most code is written in."""

AFTER = 0.05
"""The prompt is left alone for so many seconds, to get drawn and take what is typed already."""

over = threading.Event()
"""Whether it is all there."""


def begin(then: Callable[[], object] = lambda: None) -> None:
    """Load it in a thread of its own, which never writes to the terminal, and does that ``then``."""
    threading.Thread(target=_load, args=(then,), name="warming", daemon=True).start()


def _load(then: Callable[[], object]) -> None:
    over.wait(AFTER)
    for name in NEEDED:
        with suppress(Exception):  # whoever needs it meets the same failure, where it can be told
            import_module(name)
    with suppress(Exception):
        terminal.drawing.draw(SAMPLE, 80)
    collect_garbage()
    over.set()
    with suppress(Exception):
        then()


def collect_garbage() -> None:
    """Python's garbage collector was off while the program was loading, of which nothing is garbage."""
    gc.freeze()
    gc.enable()
