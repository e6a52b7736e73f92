"""What happens in a session, entry by entry; ``state`` is what they add up to."""

from chatrepl import NamedTuple, dataclass
from chatrepl.conversation import Message, Turn

VERSION = 2
"""Of the format of a session; what a chatrepl before the first one released wrote as version 1 is not read."""


class Header(NamedTuple):
    """The first entry: what file this is, and when it was begun."""

    id: str
    at: str
    version: int = VERSION


class Said(NamedTuple):
    """A message: a question opens a turn, a reply closes it."""

    message: Message


class Step(NamedTuple):
    """A message within the open turn, which goes on behind it: a reply that calls tools, or the result of a call."""

    message: Message


class Taken(NamedTuple):
    """A whole turn, taken over from another session or file."""

    turn: Turn


class Aside(NamedTuple):
    """What was asked aside, and is no part of the conversation: ``btw`` a question and its reply, ``reply`` the last
    question and another reply to it, ``compact`` what a summary used, ``choices`` the replies that the request brought
    beside the one which comes next."""

    kind: str
    messages: Turn


class Piece(NamedTuple):
    """A piece of a reply that is still arriving. It counts only if the reply itself never comes."""

    text: str = ""
    thinking: str = ""
    choice: int = 0
    """Which of several replies to one request it is a piece of."""


@dataclass(frozen=True)
class Mark:
    """Something done to the conversation.

    ``system`` and ``rename`` set the system prompt and the title to ``text``; the kinds in ``WHO`` say who is talked
    to, and ``once`` that the session is one question from the command line. ``edit`` takes the last ``count`` turns
    away, ``clear`` takes all. ``retry`` reopens the last turn, whose reply is replaced when the new one has come,
    unless that broke off and the old one had not; ``continue`` reopens it too, and what comes is added to its reply.
    ``withdraw`` takes back a question, or a reopening, that got no reply.

    ``choose`` lets reply ``count`` to the open, or the last question count; ``keep`` makes the last ``btw`` a turn.
    ``compact`` sends ``text`` in the place of the first ``count`` turns; ``pin`` sends turn ``count`` word for word.

    ``undo`` takes back the last change of the turns, be it a new turn or what one of these did; with a ``count`` as
    many changes as make so many turns fewer. ``redo`` does again what the last ``undo`` took back, until something else
    changes the turns.

    ``run`` says that the call of that id begins now: without its result it may have run.
    """

    kind: str
    text: str = ""
    count: int = 0


WHO = ("profile", "model", "dialect", "base_url", "schema")
"""The marks of who is talked to, if need be in which dialect and where, and of the schema of the answers, as JSON."""

RUN = "run"
Entry = Header | Said | Step | Taken | Aside | Piece | Mark
