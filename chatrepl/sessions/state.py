"""What the entries of a session add up to.

The session in memory and the one on disk are the same fold over the same entries, so they cannot differ: whatever
changes a session is an entry, written first and then taken in here. What an entry costs does not grow with those before
it, whatever they are, for files come from others.
"""

from collections.abc import Iterable

from chatrepl import dataclass, field, replace
from chatrepl.conversation import BROKEN_OFF, Conversation, Message, Turn
from chatrepl.sessions.entries import RUN, WHO, Aside, Entry, Mark, Piece, Said, Step, Taken
from chatrepl.sessions.history import History
from chatrepl.sessions.replies import Replies
from chatrepl.sessions.steps import Steps, partials
from chatrepl.sessions.titles import title_of
from chatrepl.usage import Tally


@dataclass()
class State:
    """What the entries so far add up to."""

    system: str = ""
    title: str = ""
    who: dict[str, str] = field(default_factory=dict)
    """Who was talked to last, by the kinds of ``WHO``."""
    question: Message | None = None
    """The question of the open turn."""
    reopened: str = ""
    """What reopened the turn: ``retry``, ``continue``, or "" for a new question."""
    spent: Tally = field(default_factory=Tally)
    """What all replies used that were ever given or taken over here; what is undone or replaced stays spent."""
    history: History = field(default_factory=History)
    """The turns, and what made them what they are."""
    asides: list[Aside] = field(default_factory=list)
    """What was asked aside, oldest first."""
    heard: list[Turn] = field(default_factory=list)
    """Every turn that ever was, also those of other replies to the same question, as they came."""
    steps: Steps = field(default_factory=Steps)
    """What came in the open turn so far."""
    _pieces: list[Piece] = field(default_factory=list)
    _choices: Turn = ()
    """What the request brought beside the reply that comes next."""
    named: bool = False
    """Whether it was given its title, which is no question's then."""
    _first: Message | None = None
    """The question that the title comes from."""
    _noted: Turn = ()
    """The last ``btw``."""

    def __post_init__(self) -> None:
        self._conversation, self._shown = Conversation(), self.history.now
        self._all = self._since = Replies(self.heard)

    @property
    def conversation(self) -> Conversation:
        """The system prompt and the turns that stand: always the same object, put in order when it is asked for."""
        now = self.history.now
        if now is not self._shown:
            self._conversation.turns[:] = now.turns()
            self._conversation.shape = replace(now.shape, pinned=now.pinned())
            self._shown = now
        self._conversation.system = self.system
        return self._conversation

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
                self._change("turn", self.history.now.size, turn)
                self.heard.append(turn)
                self._spend(turn)
            case Aside(kind, messages):
                self.asides.append(entry)
                self.heard += [messages] if kind == "reply" else []
                self._noted = messages if kind == "btw" else self._noted
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
        now = self.history.now
        first = now.first or self.question
        if self.named or first is None or (first is self._first and self.title):
            return
        self._first, self.title = first, now.title if now.size else title_of(first.text)

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
        asked = self.question or next(iter(self.history.now.turn), None)
        if not asked:
            return []
        return self._since.alike(asked) if alike else self._since.to(asked)

    def settle(self) -> None:
        """End an open turn with what had come: the line that did so was lost, or never written."""
        for entry in self.settlement():
            self.take(entry)

    def _open(self, question: Message | None, reopened: str = "") -> None:
        self.question, self.reopened = question, reopened
        self._since = Replies(self.heard) if question and not reopened else self._all
        self._pieces.clear()
        self._choices = ()
        self.steps = Steps()

    def _close(self, question: Message, reply: Message) -> None:
        """Close the open turn. A reply that replaces or goes on from another takes its place. One that broke off does
        not take that of a whole one: it is as if the old reply were brought back at once."""
        now, reopened = self.history.now, self.reopened
        heard = self._answers(question, (reply, *self._choices))
        self.heard += heard
        self._change(reopened or "turn", now.size - bool(reopened), heard[0])
        if reopened == "retry" and reply.ending in BROKEN_OFF and now.turn[-1].ending not in BROKEN_OFF:
            self.history.undo()

    def _answers(self, question: Message, replies: Iterable[Message]) -> list[Turn]:
        """The turns that these replies to the open question make of it."""
        begun = self.history.now.turn if self.reopened == "continue" else (question,)
        return [self.steps.closed(begun, reply) for reply in replies]

    def _mark(self, mark: Mark) -> None:
        now = self.history.now
        match mark.kind:
            case "system":
                self.system = mark.text
            case "rename":
                self.title, self.named = mark.text, True
            case "clear" if now.size:
                self._change("clear", 0)
            case "edit" if now.size:
                self._change("edit", max(0, now.size - max(0, mark.count)))
            case "undo" if now.size or (now.before and mark.count <= 0):
                self._open(None)
                self.history.undo(mark.count)
            case "redo" if self.history.undone:
                self._open(None)
                self.history.redo()
            case "retry" | "continue" if now.size:
                self._open(now.turn[0], mark.kind)
            case "choose" if not self.reopened and 0 < mark.count <= len(replies := self.replies()):
                self._change("choose", now.size - (not self.question), replies[mark.count - 1])
            case "keep" if self._noted:
                self._change("turn", now.size, self._noted)
            case "compact" if not self.question and 0 < mark.count <= now.size:
                self.history.compact(mark.text, mark.count)
            case "pin" if not self.question and 0 < mark.count <= now.size:
                self.history.pin(mark.count - 1)
            case "withdraw":
                self._open(None)

    def _change(self, kind: str, at: int, turn: Turn | None = None) -> None:
        self._open(None)
        self.history.change(kind, at, turn)
