"""What happened in a session, entry by entry, and what it adds up to.

The session in memory and the one on disk are the same fold over the same entries, so they cannot differ: whatever
changes a session is an entry, written first and then taken in here.
"""

from collections.abc import Iterable, Sequence

from chatrepl import NamedTuple, dataclass, field, replace
from chatrepl.conversation import BROKEN_OFF, Conversation, Message, Shape, Turn
from chatrepl.sessions.steps import Steps, partials
from chatrepl.sessions.titles import title_of
from chatrepl.usage import Tally

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


class Change(NamedTuple):
    """The turns from ``at`` on gave way to others, by a new ``turn`` or a mark of that ``kind``. ``turns`` are those
    that do not stand there now, and ``shape`` is the one that does not hold now: to take the change back is to exchange
    them, and so is to do it again."""

    kind: str
    at: int
    turns: list[Turn]
    shape: Shape


@dataclass()
class State:
    """What the entries so far add up to."""

    conversation: Conversation = field(default_factory=Conversation)
    title: str = ""
    who: dict[str, str] = field(default_factory=dict)
    """Who was talked to last, by the kinds of ``WHO``."""
    question: Message | None = None
    """The question of the open turn."""
    reopened: str = ""
    """What reopened the turn: ``retry``, ``continue``, or "" for a new question."""
    spent: Tally = field(default_factory=Tally)
    """What all replies used that were ever given or taken over here; what is undone or replaced stays spent."""
    changes: list[Change] = field(default_factory=list)
    """What made the turns what they are, the last change last."""
    asides: list[Aside] = field(default_factory=list)
    """What was asked aside, oldest first."""
    heard: list[Turn] = field(default_factory=list)
    """Every turn that ever was, also those of other replies to the same question, as they came."""
    undone: list[list[Change]] = field(default_factory=list)
    """What each ``undo`` took back, the last one last."""
    steps: Steps = field(default_factory=Steps)
    """What came in the open turn so far."""
    _pieces: list[Piece] = field(default_factory=list)
    _since: int = 0  # so many turns were heard before the open question was asked
    _choices: Turn = ()
    """What the request brought beside the reply that comes next."""
    named: bool = False
    """Whether it was given its title, which is no question's then."""
    _first: Message | None = None
    """The question that the title comes from."""
    _looked: int = 0
    """So many of the questions that stand were looked at for a title, and none has one."""

    def take(self, entry: Entry) -> None:
        """Take the next entry in. One that makes no sense here changes nothing."""
        match entry:
            case Said(message) if message.role == "user":
                self.settle()
                self._open(message)
            case Said(message) if message.role == "assistant" and self.question:
                self._close(self.question, message)
                self._spend([message])
            case Step(message) if self.question and message.role != "user":
                self.heard += self._answers(self.question, self._choices)
                self._pieces.clear()
                self._choices = ()
                self._spend([message] if self.steps.take(message) else [])
            case Taken(turn):
                self.settle()
                self._change("turn", len(self.conversation.turns), [turn])
                self.heard.append(turn)
                self._spend(turn)
            case Aside(kind, messages):
                self.asides.append(entry)
                self.heard += [messages] if kind == "reply" else []
                self._choices = messages if kind == "choices" and self.question else self._choices
                self._spend(messages)
            case Piece() if self.question:
                self._pieces.append(entry)
            case Mark(kind, text) if kind in WHO:
                self.who[kind] = text
            case Mark(kind, text) if kind == RUN:
                self.steps.begun.add(text)
            case Mark():
                self._mark(entry)
        self._follow_title()

    def _spend(self, messages: Iterable[Message]) -> None:
        """Count what the replies among the messages used."""
        for message in messages:
            if message.role == "assistant":
                self.spent.add(message.model, message.profile or self.who.get("profile", ""), message.usage)

    def _follow_title(self) -> None:
        """Without a name of its own the session is called after the first question that stands, else as before."""
        turns = self.conversation.turns
        first = turns[0][0] if turns else self.question
        if self.named or first is None or (first is self._first and (self.title or len(turns) <= self._looked)):
            return
        if first is not self._first:
            self._first, self._looked = first, 0
        questions = [turn[0] for turn in turns[self._looked :]] or [first]
        self.title = next(filter(None, (title_of(each.text) for each in questions)), "")
        self._looked = max(1, len(turns))

    def partial(self) -> Message | None:
        """What had come of the reply in the open turn, as an interrupted message."""
        return next(partials(self._pieces, self.who.get("model", "")), None)

    def settlement(self) -> list[Entry]:
        """The entries that end a turn which the program did not live to end: each call gets a result, and none is run
        again."""
        partial, *others = *partials(self._pieces, self.who.get("model", "")), None
        beside = [Aside("choices", tuple(filter(None, others)))] if len(others) > 1 and not self._choices else []
        if self.question and not self.steps.messages:
            answered = Mark("choose", count=1) if self.replies() and not self.reopened else Mark("withdraw")
            return [*beside, Said(partial) if partial else answered]
        last = Message("assistant", (), self.who.get("model", ""), "interrupted")
        return [*map(Step, self.steps.lost()), *beside, Said(partial or last)] if self.steps.messages else []

    def replies(self, *, alike: bool = False) -> list[Turn]:
        """The turns that answer the open question, or the last one, each once; or those too that are ``alike``."""
        asked = self.question or next((turn[0] for turn in self.conversation.turns[-1:]), None)
        found = [turn for turn in self.heard[self._since :] if turn[0] == asked]
        return found if alike else list(dict.fromkeys(found))

    def settle(self) -> None:
        """End an open turn with what had come: the line that did so was lost, or never written."""
        for entry in self.settlement():
            self.take(entry)

    def _open(self, question: Message | None, reopened: str = "") -> None:
        self.question, self.reopened = question, reopened
        self._since = len(self.heard) if question and not reopened else 0
        self._pieces.clear()
        self._choices = ()
        self.steps = Steps()

    def _close(self, question: Message, reply: Message) -> None:
        """Close the open turn. A reply that replaces or goes on from another takes its place. One that broke off does
        not take that of a whole one: it is as if the old reply were brought back at once."""
        turns, reopened = self.conversation.turns, self.reopened
        heard = self._answers(question, (reply, *self._choices))
        self._open(None)
        self.heard += heard
        if not reopened:
            self._change("turn", len(turns), heard[:1])
            return
        last = turns[-1][-1]
        self._change(reopened, len(turns) - 1, heard[:1])
        if reopened == "retry" and reply.ending in BROKEN_OFF and last.ending not in BROKEN_OFF:
            self._undo()

    def _answers(self, question: Message, replies: Iterable[Message]) -> list[Turn]:
        """The turns that these replies to the open question make of it."""
        begun = self.conversation.turns[-1] if self.reopened == "continue" else (question,)
        return [self.steps.closed(begun, reply) for reply in replies]

    def _mark(self, mark: Mark) -> None:
        turns = self.conversation.turns
        match mark.kind:
            case "system":
                self.conversation.system = mark.text
            case "rename":
                self.title, self.named = mark.text, True
            case "clear" if turns:
                self._change("clear", 0)
            case "edit" if turns:
                self._change("edit", max(0, len(turns) - max(0, mark.count)))
            case "undo" if turns or (self.changes and mark.count <= 0):
                self._undo(mark.count)
            case "redo" if self.undone:
                self._redo()
            case "retry" | "continue" if turns:
                self._open(turns[-1][0], mark.kind)
            case "choose" if not self.reopened and 0 < mark.count <= len(replies := self.replies()):
                self._change("choose", len(turns) - (not self.question), [replies[mark.count - 1]])
            case "keep" if asides := [each for each in self.asides if each.kind == "btw"]:
                self._change("turn", len(turns), [asides[-1].messages])
            case "compact" | "pin" if not self.question and 0 < mark.count <= len(turns):
                shape = self.conversation.shape
                pinned = replace(shape, pinned=shape.pinned ^ {mark.count - 1})
                summed = replace(shape, summary=mark.text, count=mark.count, at=len(turns))
                self._change(mark.kind, len(turns), shape=pinned if mark.kind == "pin" else summed)
            case "withdraw":
                self._open(None)

    def _change(self, kind: str, at: int, new: Sequence[Turn] = (), shape: Shape | None = None) -> None:
        """Put new turns in place of those from ``at`` on, or let a new shape hold. What is asked again stays pinned."""
        self._open(None)
        left = shape or self.conversation.shape.before(at, again=kind in ("retry", "continue", "choose"))
        self.changes.append(self._exchanged(Change(kind, at, [*new], left)))
        self.undone.clear()

    def _exchanged(self, change: Change) -> Change:
        turns = self.conversation.turns
        others = turns[change.at :]
        self._looked = min(self._looked, change.at)
        turns[change.at :] = change.turns
        before, self.conversation.shape = self.conversation.shape, change.shape
        return change._replace(turns=others, shape=before)

    def _undo(self, count: int = 0) -> None:
        self._open(None)
        left = max(0, len(self.conversation.turns) - count)
        taken_back = [self._exchanged(self.changes.pop())]
        while count > 0 and self.changes and len(self.conversation.turns) > left:
            taken_back.append(self._exchanged(self.changes.pop()))
        self.undone.append(taken_back)

    def _redo(self) -> None:
        self._open(None)
        self.changes += [self._exchanged(change) for change in reversed(self.undone.pop())]
