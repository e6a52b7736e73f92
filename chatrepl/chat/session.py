"""All state of a running chat; ``asking`` moves it on."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatrepl import chat, dataclass, field, replace, sessions
from chatrepl.chat.gauge import Gauge
from chatrepl.chat.rates import Rates
from chatrepl.chat.recall import permitted, recalled, write_down
from chatrepl.chat.tooling import Tooling
from chatrepl.chat.user import User
from chatrepl.config.config import Config, Profile, Ui
from chatrepl.config.paths import Paths
from chatrepl.conversation import Conversation, FilePart, ImagePart, MediaPart, Message, Turn
from chatrepl.errors import CommandError, Hint, TranscriptError
from chatrepl.sessions.entries import Mark, Said
from chatrepl.sessions.transcript import Transcript, new_id
from chatrepl.terminal.interrupts import Interrupts
from chatrepl.terminal.screen.screen import Screen
from chatrepl.text import safe
from chatrepl.usage import Sum

if TYPE_CHECKING:
    from chatrepl.chat.titling import Titling
    from chatrepl.client.connection import Connection
    from chatrepl.config.prompts import PromptFile
    from chatrepl.dialects import ModelInfo
    from chatrepl.events import Certainty
    from chatrepl.files.attachments import Attachment

SCHEMA = "schema"
"""The mark of the schema that the answers have to keep to."""

OLD_STAYS = "The old reply stays; /redo takes what came of the new one."
NO_SYSTEM = "No system prompt is sent from now on."
LOST = "What was said last is not saved: the disk cannot be written"


@dataclass(eq=False, repr=False)  # there is but one, and its environment holds keys
class Session:
    """A running chat: who is talked to, what was said, and where it is written and shown."""

    config: Config
    paths: Paths
    env: Mapping[str, str]
    profile: Profile
    screen: Screen
    ui: Ui = field(default_factory=Ui)
    interrupts: Interrupts = field(default_factory=Interrupts)
    clock: Callable[[], float] = time.monotonic
    today: Callable[[], date] = date.today
    ephemeral: bool = False
    record: Path | None = None
    """The folder that every exchange is written to."""
    attachments: "list[Attachment]" = field(default_factory=list)
    """What goes along with the next question."""
    user: User = field(default_factory=User)
    tooling: Tooling = field(default_factory=Tooling)
    runs_shell: bool = field(default=False, init=False)
    """Whether the user agreed that lines with a ! run in the shell."""
    budgeted: float = field(default=0.0, init=False)
    """Below this share of the budget nothing more is told of it."""
    _told: bool = field(default=False, init=False)
    found: Transcript | None = None
    """A session to go on with, once it is settled; else a new one is begun."""

    certainties: "tuple[Certainty, ...]" = field(default=(), init=False)
    """How certain the model was of each token of the last reply, where that was asked for."""

    def __post_init__(self) -> None:
        self.screen.at_prompt = self.user.has_prompt
        self.transcript = self.found or self._new_transcript()
        if not self.found and self.profile.system:
            self.transcript.add(Mark("system", self.profile.system))
        self._connection: Connection | None = None
        self.offers: list[ModelInfo] = []
        """The models the server was last seen to offer, for completion and their facts."""
        self._looking_for: Profile | None = None
        self.learned: Callable[[], object] = lambda: None
        """Called, in any thread, when something is there that the status line did not know."""
        self.titling: Titling | None = None  # what became of the title that the model is to write
        self._gauge = Gauge()
        self.together: list[set[str]] = []  # the places of attachments that one name brought
        self.warned: set[str] = set()
        """The models of which it was said that they end soon."""
        self.prompted: PromptFile | None = None
        """The prompt file that is asked, which sets what holds for this question."""
        self.unprefilled: set[tuple[str, str]] = set()
        """Who does not go on with a reply the request ends with, by profile and model, though it might."""

    @property
    def connection(self) -> "Connection":
        """What stands between the session and the servers, made when it is first needed."""
        if self._connection is None:
            self._connection = _connected(self)
        return self._connection

    @property
    def conversation(self) -> Conversation:
        return self.transcript.state.conversation

    @property
    def system(self) -> str:
        """The system prompt of what is asked."""
        return (self.prompted and self.prompted.system) or self.conversation.system

    def asking(self, turns: Sequence[Turn], *open_turn: Message) -> Conversation:
        """These turns and what is asked after them, with all that holds for it."""
        return replace(self.conversation, system=self.system, turns=[*turns, open_turn], schema=self.answer_schema)

    @property
    def answer_schema(self) -> dict[str, Any] | None:
        """The JSON schema of the answer to what is asked, if it is to have one."""
        held = SCHEMA in self.transcript.state.who
        return (self.prompted and self.prompted.schema) or (chat.json_answers.held(self) if held else None)

    def put_back(self, question: Message) -> str:
        """Let go along with the next question what went along with this one, whose text is returned."""
        self.attachments = [part for part in question.parts if isinstance(part, FilePart | ImagePart | MediaPart)]
        return question.text

    def switch(self, profile: Profile) -> None:
        """Talk to somebody else from now on; the conversation stays."""
        self.offers = []
        self._looking_for = None
        self.profile = profile
        if self._connection:
            self._connection.memory.try_all_again()

    def offered(self) -> "list[ModelInfo]":
        """The models that the server offers."""
        with self.interrupts.awaited():
            found = self.connection.models(self.profile)
        self.offers = found
        return found

    def rates(self) -> Rates:
        """Where the prices and context sizes of this session are known from."""
        return Rates(self.profile, self.config.profiles.values(), list(self.offers), self.paths.table)

    @property
    def answering(self) -> Profile:
        """Who is talked to, as far as is known: with the model that answers where the profile names none, and the
        fallback where that answers."""
        return self._connection.memory.answering(self.profile) if self._connection else self.profile

    @property
    def gauge(self) -> Gauge:
        """How long the conversation is by now."""
        self._gauge.follow(self.conversation.turns)
        return self._gauge

    @property
    def spent(self) -> Sum:
        """What all replies of the session used and cost, also those that are in the conversation no more."""
        return self.transcript.state.spent.total(self.rates().price)

    def look_for_models(self) -> None:
        """Begin to find out, behind the prompt, what the server offers; ``offers`` holds it when it is known."""
        if not (self.offers or self._looking_for is self.profile):
            from chatrepl.client.offers import look

            self._looking_for = self.profile
            self.offers = look(self.profile, self.env, self.config, self.learned)

    def adopt(self, conversation: Conversation, title: str) -> str:
        """Go on with that conversation, in a new session. A question that is open at its end is returned."""
        self._let_go()
        self.begin()
        self.transcript.adopt(conversation, title)
        self.note_who()
        line = self.settle()
        self.transcript.write()
        return line

    def begin(self) -> None:
        """Begin a new session, in which nothing was said yet. Its answers have the shape that they have now."""
        self.transcript = _begun_anew(self)

    def start_over(self, title: str) -> None:
        """The same, with the system prompt that holds now, and that title if there is one."""
        self._let_go()
        system = self.conversation.system
        self.begin()
        self.transcript.add(Mark("system", system))
        if title:
            self.transcript.add(Mark("rename", title))

    def resume(self, path: Path) -> str:
        """Go on with the session in that file, and with whom it was talked to; a question that is open at its end is
        returned."""
        self._let_go()
        folder = None if self.ephemeral else self.paths.sessions
        found = sessions.take_up(path, folder, self.screen.say, self._trouble)
        self.transcript.close()
        self.transcript = found
        if (profile := recalled(self.config, found.state.who)) and permitted(profile, self.paths, self.user):
            self.switch(profile)
        return self.settle()

    def _let_go(self) -> None:
        """Be ready to leave what was said; what is in no file would be lost, which takes a yes."""
        if not self.transcript.whole() and not self.user.confirm(f"{LOST}. Leave it behind?"):
            raise CommandError(LOST, Hint(at_prompt="/save FILE keeps it elsewhere."))

    def close(self) -> None:
        """End the session."""
        if self.titling:
            chat.titling.end(self)
        self.transcript.close()
        self.tooling.close()
        if self._connection:
            self._connection.close()

    def settle(self) -> str:
        """End the turn in which the program was ended: what had come is kept, else its question is returned."""
        return _settled(self)

    def note_who(self) -> None:
        """Write down who is talked to where that has changed: going on with the session means going on with them."""
        write_down(self.transcript, self.profile, self.config, self.paths)

    # the parts

    def _new_transcript(self) -> Transcript:
        path = None if self.ephemeral else self.paths.sessions / f"{new_id()}.jsonl"
        return Transcript(path, self._trouble)

    def _trouble(self, error: TranscriptError) -> None:
        """Tell it. Where no prompt comes, the end follows at once, and says nothing again."""
        if self.user.has_prompt or not self._told:
            self.screen.error(error)
        self._told = True


def name_window(session: Session, about: str = "") -> None:
    """Let the window be named after that, or after the session."""
    about = about or session.transcript.state.title or session.profile.name
    session.screen.window.title(f"chatrepl: {about}" if session.ui.title else "")


def _connected(session: Session) -> "Connection":
    from chatrepl.client.connection import Connection  # not for the first key

    return Connection(
        session.env,
        session.paths.models,
        partial(session.screen.say, style="dim"),
        session.config.profiles,
        warn=partial(session.screen.say, style="warning"),
        passing=session.screen.passing,
        consent=session.user.consent,
        record=session.record,
    )


def _begun_anew(session: Session) -> Transcript:
    """A new transcript in the place of the one that there is."""
    kept = session.transcript.state.who.get(SCHEMA)
    session.transcript.close()
    transcript = session._new_transcript()
    if kept:
        transcript.add(Mark(SCHEMA, kept))
    return transcript


def _settled(session: Session) -> str:
    state, line = session.transcript.state, ""
    for call in state.steps.doubtful:
        session.screen.say(
            f"{safe.line(call.name, 80)} may have run; its result is lost. It is not run again.", "warning"
        )
    for entry in state.settlement():
        if entry == Mark("withdraw") and state.question and not state.reopened:
            line = session.put_back(state.question)
        session.transcript.add(entry)
        if isinstance(entry, Said) and state.history.undone:
            session.screen.say(OLD_STAYS, "warning")
    return line
