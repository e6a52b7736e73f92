"""What was said, in memory and on disk: entries, transcripts, the store of sessions, and the formats of others."""

from typing import TYPE_CHECKING

from chatrepl import lazy

if TYPE_CHECKING:
    from chatrepl.sessions.store import (
        Listed as Listed,
        at as at,
        delete as delete,
        found as found,
        keep as keep,
        listed as listed,
        named as named,
        newest as newest,
        take_up as take_up,
        unfinished as unfinished,
    )
else:
    __getattr__ = lazy(__name__, store="Listed at delete found keep listed named newest take_up unfinished")
