"""The turns of a session, and all that ever changed them: each change can be taken back and done again.

A change alters nothing that was there: it is a version that stands on an earlier one. So each costs the logarithm of
their number at most, whatever it does; the turns, and which are pinned, are put together when somebody asks.
"""

from chatrepl.conversation import Message, Shape, Turn
from chatrepl.sessions.titles import title_of

AGAIN = ("retry", "continue", "choose")
"""The changes that give a question another reply."""


class Version:
    """The turns as a change of that ``kind`` left them: the first ``at`` of those ``before``, and perhaps a new one."""

    kind = ""
    at = 0
    before: "Version | None" = None
    size = 0
    """How many turns there are."""
    turn: Turn = ()
    """The last of them."""
    first: Message | None = None
    """The first question."""
    title = ""
    """What the questions call the session: the first of them that can."""
    shape = Shape()
    """What is sent, but for the pins."""
    pin = -1
    """The place where a pin was set or taken away."""
    pins = 0
    """How many changes of pins there were."""

    def __init__(self) -> None:
        self.lower = self
        """The nearest version before with fewer turns: it has these without the last."""
        self.far = self
        """One behind it, so that the way to any of them has few steps."""

    def changed(self, kind: str, at: int, turn: Turn | None = None) -> "Version":
        """The version that comes next."""
        new, base = Version(), self.within(at)
        new.kind, new.at, new.before, new.pins = kind, at, self, self.pins
        new.size, new.turn, new.first, new.title = base.size, base.turn, base.first, base.title
        new.shape = self.shape.before(at)
        if base.size:  # without turns it is the end of the way itself
            new.lower, new.far = base.lower, base.far
        if turn is not None:
            new._put(turn, base)
        if kind in AGAIN and at < self.size:  # the question is what it was
            new.first, new.title = self.first, self.title
        return new

    def _put(self, turn: Turn, base: "Version") -> None:
        far = base.far
        self.size, self.turn = base.size + 1, turn
        self.first, self.title = base.first or turn[0], base.title or title_of(turn[0].text)
        self.lower, self.far = base, far.far if base.size - far.size == far.size - far.far.size else base

    def within(self, size: int) -> "Version":
        """This version, or the nearest before it that had no more turns."""
        found = self
        while found.size > size:
            found = found.far if found.far.size >= size else found.lower
        return found

    def turns(self) -> list[Turn]:
        """All turns, oldest first."""
        turns, version = [], self
        while version.size:
            turns.append(version.turn)
            version = version.lower
        return turns[::-1]

    def pinned(self) -> frozenset[int]:
        """The places of the turns that are pinned: a pin holds until another question stands there."""
        pinned, version, left = set[int](), self, self.size
        while version.pins and version.before:
            if 0 <= version.pin < left:
                pinned ^= {version.pin}
            left = min(left, version.at + (version.kind in AGAIN))
            version = version.before
        return frozenset(pinned)

    def told(self) -> list[tuple[object, ...]]:
        """What was changed, the last change first."""
        changes: list[tuple[object, ...]] = []
        version: Version | None = self
        while version:
            changes.append((version.kind, version.at, version.turn, version.shape, version.pin))
            version = version.before
        return changes


class History:
    """Where a session is among the versions of its turns."""

    def __init__(self) -> None:
        self.now = Version()
        self.undone: list[Version] = []
        """What each ``undo`` went back from, the last one last."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and self._told() == other._told()

    __hash__ = None  # type: ignore[assignment]

    def _told(self) -> list[list[tuple[object, ...]]]:
        """Each version that can be come back to, by the changes that led there."""
        return [version.told() for version in (self.now, *self.undone)]

    def change(self, kind: str, at: int, turn: Turn | None = None) -> Version:
        """Let only the first ``at`` turns stand, and a new one behind them."""
        self.now = self.now.changed(kind, at, turn)
        self.undone.clear()
        return self.now

    def pin(self, place: int) -> None:
        """Pin the turn there, or take its pin away."""
        version = self.change("pin", self.now.size)
        version.pin, version.pins = place, version.pins + 1

    def compact(self, summary: str, count: int) -> None:
        """Send a summary in the place of the first turns."""
        version = self.change("compact", self.now.size)
        version.shape = Shape(summary, count, version.size)

    def undo(self, count: int = 0) -> None:
        """Take the last change back, or as many as make so many turns fewer."""
        if before := self.now.before:
            self.undone.append(self.now)
            self.now = before.within(max(0, self.now.size - count)) if count > 0 else before

    def redo(self) -> None:
        """Do again what the last ``undo`` took back."""
        self.now = self.undone.pop()
