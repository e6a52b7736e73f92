"""The fold: pieces of text in, leaves out, each as soon as it can no longer change."""

import re
from itertools import chain

from chatrepl import replace
from chatrepl.terminal.markdown.flatten import LONG
from chatrepl.terminal.markdown.leaves import Blank, CodeLine, Leaf, Paragraph, Raw
from chatrepl.terminal.markdown.page import Page, Resume
from chatrepl.text.markdown import LONGEST

LIMIT = 4096
"""So many open characters may be parsed again for every line that is added to them."""

TIRED_LIMIT, EFFORT = 512, 4
"""So many only, once each character was parsed this often on average. For more, the parser waits until they have
grown by half, and the tail is shown as it is: a character is parsed a bounded number of times, at any pace."""

_MARKUP_ONLY = re.compile(r"[ \t\d#>\-+*_=`~|:.)\[\]!\\$]*")
_TEXT = re.compile(r"[^\n]*(?:\n[ \t]*[^\W\d_][^\n]*)*\n?")
_INDENT = re.compile(r"\n[ \t]+")
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)+")
_BLANK_LINE = re.compile(r"^[ \t]*\n", re.MULTILINE)
_SHOWN = TIRED_LIMIT * 4  # so many characters of a long tail


class Growing:
    """Markdown that is still arriving. ``parsed`` counts the characters given to the parser.

    A block of more than ``LONGEST`` characters is shown as it is written, from its first line to the next blank one.
    """

    def __init__(self) -> None:
        self.parsed = 0
        self._arrived: list[str] = []
        self._length = 0  # of all that came
        self._open = ""  # the source that is not final, without what has just arrived
        self._open_length = 0  # with it
        self._complete = 0  # how much of that are complete lines
        self._seen = 0  # how much of them was last looked through for something final
        self._resume = Resume()
        self._tried = 0  # how long it must be to look for a place where its last paragraph can be cut
        self._raw = False  # whether it goes on in the middle of a block that is too long
        self._shown: list[Leaf] = []  # the last tail
        self._shown_to = 0  # how much of the open source is in it

    def feed(self, text: str) -> None:
        """Take more text in; nothing is parsed yet."""
        last = text.rfind("\n")
        if last >= 0:
            self._complete = self._open_length + last + 1
        self._arrived.append(text)
        self._open_length += len(text)
        self._length += len(text)

    def insert(self, text: str, behind: str) -> bool:
        """Put a text into what is not final, with that behind it; whether it can stand there."""
        source = self._source()
        before = source.removesuffix(behind) if source.endswith(behind) else ""
        if not before.strip() or self._raw:
            return False
        self._open = f"{before}{text}{behind}"
        self._open_length, self._length = len(self._open), self._length + len(text)
        self._complete, self._seen = self._open.rfind("\n") + 1, 0
        self._shown, self._shown_to, self._tried = [], 0, 0
        return True

    def take(self) -> list[Leaf]:
        """The leaves that have become final. Only complete lines can tell: "#" may be the start of "#hashtag"."""
        if self._complete > self._limit and 2 * self._complete < 3 * self._seen:
            return self._split()
        if self._shown and isinstance(self._shown[-1], Paragraph) and 0 < self._seen < self._complete <= LONGEST:
            self._seen = self._complete if self._goes_on(self._seen - 1) else self._seen
        return self._final() + self._split()

    def tail(self) -> list[Leaf]:
        """The leaves that may still change, as they look now; without a last line that may be no more than markup."""
        if self._open_length > self._limit or self._raw:
            return [Raw((), self._last(_SHOWN))] if self._open_length else []
        source = self._source()
        last = self._shown[-1] if self._shown else None
        if isinstance(last, CodeLine) and source.find("\n", self._shown_to) < 0:
            return [*self._shown[:-1], replace(last, text=last.text + source[self._shown_to :])]
        if isinstance(last, Paragraph) and self._goes_on(self._shown_to):
            text = last.text + _INDENT.sub("\n", source[self._shown_to :])
            return [*self._shown[:-1], replace(last, text=text.rstrip())]
        begun = source.rfind("\n") + 1
        if _MARKUP_ONLY.fullmatch(source, begun):
            return self._page(source[:begun]).leaves()
        self._shown = self._page(source).leaves()
        self._shown_to = len(source.rstrip(" \t"))
        return self._shown

    def finish(self) -> list[Leaf]:
        """All that is left; the text ends here."""
        if self._open_length > self._complete:
            self.feed("\n")
        leaves = self._final() + self._page(self._source()).leaves()
        self._open, self._open_length, self._complete, self._seen = "", 0, 0, 0
        self._resume, self._raw, self._shown, self._tried = Resume(), False, [], 0
        return leaves

    def _final(self) -> list[Leaf]:
        """The leaves that are final, as far as the complete lines tell; looked through in windows of bounded size."""
        found: list[Leaf] = []
        source, start = self._source() if self._complete > self._seen else "", 0
        while self._complete > self._seen:
            end = start + self._complete
            if not self._raw and self._complete > LONGEST:
                end = source.find("\n", start + LONGEST) + 1
            leaves, taken = self._step(source[start:end])
            found += leaves
            start += taken
            self._complete -= taken
        if start:
            self._open, self._open_length, self._shown = source[start:], self._open_length - start, []
            self._tried = 0
        return found

    def _goes_on(self, start: int) -> bool:
        """Whether all from there only goes on with a paragraph."""
        return _TEXT.fullmatch(self._source(), start) is not None

    def _split(self) -> list[Leaf]:
        """The beginning of a long paragraph that still grows."""
        found: list[Leaf] = []
        shown = self._shown[-1:]
        while shown and isinstance(shown[0], Paragraph) and self._open_length >= max(LONG, self._tried):
            source = self._source()
            if not (split := self._page(source).split()):
                self._tried = self._open_length + max(LONG // 2, self._open_length // 4)
                break
            found += split.leaves
            self._resume, self._open, self._open_length = split.resume, source[-split.rest :], split.rest
            self._complete, self._seen = self._open.rfind("\n") + 1, 0
            self._tried, self._shown = 0, []
        return found

    def _long_paragraph(self, source: str) -> tuple[list[Leaf], int] | None:
        """The beginning of a paragraph that is too long to be parsed at once, and how much that is."""
        size = 4 * LONG
        while size <= LONGEST:
            if split := self._page(source[:size]).split():
                self._resume, self._seen = split.resume, 0
                return split.leaves, size - split.rest
            size *= 4
        return None

    def _step(self, source: str) -> tuple[list[Leaf], int]:
        """The final leaves of complete lines, and how much of them that is."""
        if self._raw:
            return self._lines(source)
        blanks = None if self._resume.in_code else _BLANK_LINES.match(source)
        if blanks:  # they belong to no block, whose length counts
            self._resume, self._seen = replace(self._resume, gap=True), max(self._seen - blanks.end(), 0)
            return [], blanks.end()
        page = self._page(source)
        cut = page.cut()
        if not cut and len(source) > LONGEST:
            return self._long_paragraph(source) or (self._begin_lines(source), len(source))
        if not cut:
            self._seen = len(source)
            return [], 0
        rest = len(page.source_after(cut))
        self._resume = page.resume(cut)
        self._seen = rest if len(source) == self._complete and rest <= LONGEST else 0
        return page.leaves(cut), len(source) - rest

    def _begin_lines(self, source: str) -> list[Leaf]:
        """The lines of a block that is too long, after the empty row that may be due; those that follow come so too."""
        due: list[Leaf] = [Blank(())] if self._resume.begun and self._resume.gap else []
        self._raw, self._seen, self._resume = True, 0, Resume(gap=True, begun=True)
        return due + _as_written(source)

    def _lines(self, source: str) -> tuple[list[Leaf], int]:
        """The lines up to the end of the block, or as far as they have come, and how much that is."""
        end = _BLANK_LINE.search(source)
        self._raw = not end
        stop = end.start() if end else len(source)
        return _as_written(source[:stop]), stop

    def _source(self) -> str:
        self._open += "".join(self._arrived)
        self._arrived.clear()
        return self._open

    def _last(self, characters: int) -> str:
        """The end of the open source."""
        pieces: list[str] = []
        for piece in chain(reversed(self._arrived), (self._open,)):
            if characters <= 0:
                break
            pieces.append(piece[-characters:])
            characters -= len(pieces[-1])
        return "".join(reversed(pieces))

    @property
    def _limit(self) -> int:
        return LIMIT if self.parsed < EFFORT * self._length + LIMIT else min(TIRED_LIMIT, LIMIT)

    def _page(self, source: str) -> Page:
        page = Page(source, self._resume)
        self.parsed += len(page.text)
        return page


def _as_written(source: str) -> list[Leaf]:
    return [Raw((), line) for line in source.split("\n")[:-1]]
