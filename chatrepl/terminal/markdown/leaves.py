"""A document as the row of its leaf blocks, each with the containers it stands in.

Without a tree above them, the leaves that have come so far are a prefix of those of the whole document.
"""

from collections.abc import Iterable

from chatrepl import dataclass


@dataclass(frozen=True)
class Item:
    """A list item: ``number`` is like "3.", or "" for a bullet; ``first`` where the leaf is the one to bear it."""

    number: str
    first: bool = False


@dataclass(frozen=True)
class Quote:
    """A block quote."""


Within = tuple[Item | Quote, ...]
"""The containers of a leaf, the outermost first."""


def below(within: Iterable[Item | Quote]) -> Within:
    """The same containers for what stands below the first line in them."""
    return tuple(Item(one.number) if isinstance(one, Item) else one for one in within)


@dataclass(frozen=True)
class Blank:
    """The empty row between two blocks."""

    within: Within


@dataclass(frozen=True)
class Paragraph:
    """Text with inline markup. Where ``more`` of it follows, the next leaf goes on in its last row."""

    within: Within
    text: str
    more: bool = False


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 6; its text has inline markup."""

    within: Within
    level: int
    text: str


@dataclass(frozen=True)
class Rule:
    """A thematic break."""

    within: Within


@dataclass(frozen=True)
class Fence:
    """The line that opens a code block, like "```python", or the one that closes it."""

    within: Within
    text: str
    opens: bool

    @property
    def language(self) -> str:
        """The first word after the fence, "" without one."""
        return (self.text.lstrip("`~").split() or [""])[0]


@dataclass(frozen=True)
class CodeLine:
    """A line of code, as it came."""

    within: Within
    text: str


@dataclass(frozen=True)
class Table:
    """A table: ``aligns`` has "left", "right", "center" or "" for each column, ``rows`` the header and the rest.

    A row may have more cells than the header. Where there is ``more``, its rows follow in leaves of their own."""

    within: Within
    aligns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: bool = False


@dataclass(frozen=True)
class TableRow:
    """One more row of the table before it, whose columns are as wide as they were there."""

    within: Within
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Raw:
    """Source text that is shown as it is."""

    within: Within
    text: str


Leaf = Blank | Paragraph | Heading | Rule | Fence | CodeLine | Table | TableRow | Raw
