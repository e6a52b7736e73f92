"""The fold: pieces of text in, leaves out, each as soon as it can no longer change."""

import re
from dataclasses import replace

from chatrepl.terminal.markdown.leaves import CodeLine, Leaf, Paragraph, Raw
from chatrepl.terminal.markdown.page import Page, Resume

LIMIT = 4096
"""So many open characters may be parsed again for every line that is added to them."""

TIRED_LIMIT, EFFORT = 512, 4
"""So many only, once each character was parsed this often on average. For more, the parser waits until they have
grown by a quarter, and the tail is shown as it is: a character is parsed a bounded number of times, at any pace."""

_MARKUP_ONLY = re.compile(r"[ \t\d#>\-+*_=`~|:.)\[\]!\\$]*")


class Growing:
    """Markdown that is still arriving. ``parsed`` counts the characters given to the parser."""

    def __init__(self) -> None:
        self.parsed = 0
        self._arrived: list[str] = []
        self._length = 0  # of all that came
        self._open = ""  # the source that is not final
        self._seen = 0  # how much of it was last looked through for something final
        self._resume = Resume()
        self._shown: list[Leaf] = []  # the last tail
        self._shown_to = 0  # how much of the open source is in it

    def feed(self, text: str) -> None:
        """Take more text in; nothing is parsed yet."""
        self._arrived.append(text)
        self._length += len(text)

    def take(self) -> list[Leaf]:
        """The leaves that have become final. Only complete lines can tell: "#" may be the start of "#hashtag"."""
        complete = self._source().rfind("\n") + 1
        if complete <= self._seen or (complete > self._limit and 4 * complete < 5 * self._seen):
            return []
        self._seen = complete
        page = self._page(self._open[:complete])
        cut = page.cut()
        if not cut:
            return []
        rest = page.source_after(cut)
        self._open = rest + self._open[complete:]
        self._seen = len(rest)
        self._resume = page.resume(cut)
        self._shown = []
        return page.leaves(cut)

    def tail(self) -> list[Leaf]:
        """The leaves that may still change, as they look now; without a last line that may be no more than markup."""
        source = self._source()
        if len(source) > self._limit:
            return [Raw((), source[-TIRED_LIMIT * 4 :])]
        last = self._shown[-1] if self._shown else None
        if isinstance(last, Paragraph | CodeLine) and source.find("\n", self._shown_to) < 0:
            return [*self._shown[:-1], replace(last, text=last.text + source[self._shown_to :])]
        begun = source.rfind("\n") + 1
        if _MARKUP_ONLY.fullmatch(source, begun):
            return self._page(source[:begun]).leaves()
        self._shown = self._page(source).leaves()
        self._shown_to = len(source.rstrip(" \t"))
        return self._shown

    def finish(self) -> list[Leaf]:
        """All that is left; the text ends here."""
        leaves = self._page(self._source()).leaves()
        self._open, self._seen, self._resume, self._shown = "", 0, Resume(), []
        return leaves

    def _source(self) -> str:
        self._open += "".join(self._arrived)
        self._arrived.clear()
        return self._open

    @property
    def _limit(self) -> int:
        return LIMIT if self.parsed < EFFORT * self._length + LIMIT else min(TIRED_LIMIT, LIMIT)

    def _page(self, source: str) -> Page:
        page = Page(source, self._resume)
        self.parsed += len(page.text)
        return page
