"""The fold: pieces of text in, leaves out, each as soon as it can no longer change."""

import re

from chatrepl.markdown.leaves import Leaf, Raw
from chatrepl.markdown.page import Page, Resume

LIMIT = 4096
"""So many open characters are parsed again whenever they grow; more of them only when they have grown by a quarter,
and until then the tail is shown as it is. So every character is parsed a bounded number of times, at any pace."""

_MARKUP_ONLY = re.compile(r"[ \t\d#>\-+*_=`~|:.)\[\]!\\$]*")


class Growing:
    """Markdown that is still arriving. ``parsed`` counts the characters given to the parser."""

    def __init__(self) -> None:
        self.parsed = 0
        self._arrived: list[str] = []
        self._open = ""  # the source that is not final
        self._seen = 0  # how much of it was last looked through for something final
        self._resume = Resume()

    def feed(self, text: str) -> None:
        """Take more text in; nothing is parsed yet."""
        self._arrived.append(text)

    def take(self) -> list[Leaf]:
        """The leaves that have become final. Only complete lines can tell: "#" may be the start of "#hashtag"."""
        complete = self._source().rfind("\n") + 1
        if complete <= self._seen or (complete > LIMIT and 4 * complete < 5 * self._seen):
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
        return page.leaves(cut)

    def tail(self) -> list[Leaf]:
        """The leaves that may still change, as they look now; without a last line that may be no more than markup."""
        source = self._source()
        if len(source) > LIMIT:
            return [Raw((), source[-LIMIT // 2 :])]
        begun = source.rfind("\n") + 1
        return self._page(source[:begun] if _MARKUP_ONLY.fullmatch(source, begun) else source).leaves()

    def finish(self) -> list[Leaf]:
        """All that is left; the text ends here."""
        leaves = self._page(self._source()).leaves()
        self._open, self._seen, self._resume = "", 0, Resume()
        return leaves

    def _source(self) -> str:
        self._open += "".join(self._arrived)
        self._arrived.clear()
        return self._open

    def _page(self, source: str) -> Page:
        page = Page(source, self._resume)
        self.parsed += len(page.text)
        return page
