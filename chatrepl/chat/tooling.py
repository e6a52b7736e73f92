"""What a model may call in this session: what is on, who allowed what, and the toolbox once it is needed.

Nothing of the package ``tools`` is loaded before something is on and a question goes out, or a command asks for it.
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatrepl import NamedTuple, dataclass, field
from chatrepl.conversation import Definition

if TYPE_CHECKING:
    from chatrepl.chat.endings import Exchange
    from chatrepl.chat.reply import Reply
    from chatrepl.config.tools import Tools
    from chatrepl.tools import Tool, Toolbox
    from chatrepl.tools.approval import Grants


UNREADABLE = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")
"""Gemini's words for a call that it could not read; nothing else comes then."""

AGAIN = 2


class Called(NamedTuple):
    """A call and what came of it, for people and scripts. ``arguments`` is the text of the model where that is no
    object."""

    name: str
    arguments: object
    result: str
    seconds: float = 0.0
    error: str = ""
    """Why it came to nothing, in a line; "" where it did not."""


@dataclass()
class Counting:
    """The calls for one question, so that none goes on for ever."""

    limit: int
    made: int = 0
    over: bool = False
    """Whether the limit was reached, and the user wants no more."""
    same: Counter[str] = field(default_factory=Counter)
    called: list[Called] = field(default_factory=list)
    unreadable: int = 0
    """How often the model wrote a call that nobody can read."""
    exchanges: "list[Exchange]" = field(default_factory=list)
    """The requests so far, whose replies called tools or answered."""

    def asks_again(self, reply: "Reply") -> bool:
        """Whether the reply is nothing but a call that its server could not read: the same is asked again, twice."""
        if not reply.empty or reply.raw_ending.partition(":")[0].upper() not in UNREADABLE:
            return False
        self.unreadable += 1
        return self.unreadable <= AGAIN


class Tooling:
    """What the model may call; made empty, and with what the flags and the configuration name. ``calling`` acts on
    it."""

    def __init__(self, names: Iterable[str] = (), allowed: Iterable[str] = ()) -> None:
        self.names = tuple(names)
        """What is on from the start."""
        self.allowed = frozenset(allowed)
        """What needs no yes, by the flags."""
        self.box: Toolbox | None = None
        self.servers: list[str] | None = None
        """The names of all servers, where the configuration imports some, once they were read."""
        self.grants: Grants | None = None
        self.offered: dict[str, Tool] = {}
        """What goes out with the next request, by the names the model knows."""
        self.without: set[tuple[str, str]] = set()
        """Who takes no tools, by profile and model."""
        self.unsendable: set[str] = set()
        """The tools that a server refused."""

    @property
    def is_on(self) -> bool:
        """Whether the model may call anything."""
        return bool(self.box.on if self.box else self.names)

    @property
    def allowing(self) -> list[str]:
        """The programs and servers of what needs no yes by the flags."""
        return [name.partition(".")[0] for name in sorted(self.allowed)]

    def are_known(self, said: "Tools | None") -> bool:
        """Whether the configuration itself names all that is on from the start or needs no yes, so that nothing has to
        be loaded for the answer; another program's file may name more."""
        return {*self.names, *self.allowing} <= {
            "all",
            *(said.programs if said else ()),
            *(said.servers if said else ()),
        }

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """What is offered, as the model reads it."""
        return tuple(Definition(each.name, each.description, each.schema) for each in self.offered.values())

    @property
    def most(self) -> str:
        """Who brings the most tools that are on, in words."""
        counted = Counter(tool.server or tool.name for tool in self.offered.values())
        return ", ".join(f"{name} brings {count:,}" for name, count in counted.most_common(3))

    def close(self) -> None:
        """End every server, and every program that still runs."""
        if self.box:
            self.box.close()
