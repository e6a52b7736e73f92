"""The inline parts of a block as one styled line."""

import re

from rich.segment import Segment
from rich.style import Style

from chatrepl import dataclass
from chatrepl.terminal.drawing.formulas import unicode
from chatrepl.terminal.drawing.lines import Line, plain
from chatrepl.terminal.drawing.styles import Styles
from chatrepl.terminal.markdown import Link, Span, inline
from chatrepl.text import charset
from chatrepl.text.markdown import looks_like_an_address

_SAFE_URL = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Inlines:
    """Draws inline source in these styles; ``hyperlinks`` says that the terminal can follow OSC 8 links, ``encoding``
    which characters it can show."""

    styles: Styles
    hyperlinks: bool = False
    encoding: str = "utf-8"

    def line(self, source: str, base: Style | None = None) -> Line:
        """The text of an inline source; line feeds in it are line breaks."""
        found: list[Segment] = []
        for part in inline(source):
            if isinstance(part, Span):
                found.append(self._span(part, base))
            else:
                found += self._link(part, base)
        return tuple(found)

    def _span(self, span: Span, base: Style | None) -> Segment:
        style = base
        for mark in sorted(span.marks):
            style = style + self.styles[mark] if style else self.styles[mark]
        return Segment(self._shown(span), style)

    def _shown(self, span: Span) -> str:
        """The text as the terminal can show it: of a formula its source, for without its signs it would be another."""
        if "formula" in span.marks and charset.holds(formula := unicode(span.text), self.encoding):
            return formula
        return charset.fitting(span.text, self.encoding)

    def _link(self, link: Link, base: Style | None) -> list[Segment]:
        """The label, then the address where the terminal does not show it, and where the label claims another one."""
        look = self.styles["link"] if base is None else base + self.styles["link"]
        live = self.hyperlinks and _SAFE_URL.fullmatch(link.url) is not None
        if live:
            look += Style(link=link.url)
        label = [self._span(span, look) for span in link.label]
        text = plain(tuple(label))
        told = link.url in (text, f"mailto:{text}") or (live and not looks_like_an_address(text))
        where = " ".join(filter(None, ("" if told else link.url, f'"{link.title}"' if link.title else "")))
        return [*label, Segment(f" ({where})", self.styles["url"])] if where else label
