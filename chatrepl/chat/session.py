"""All state of a running chat; ``asking`` moves it on."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import InitVar, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chatrepl import files, sessions
from chatrepl.chat.rates import Length, Rates
from chatrepl.chat.recall import recalled, who
from chatrepl.chat.user import User
from chatrepl.client import keys
from chatrepl.config.config import Config, Profile, Ui
from chatrepl.config.paths import Paths
from chatrepl.conversation import Conversation, FilePart, ImagePart, Message, question
from chatrepl.errors import ChatError, CommandError, Hint, TranscriptError
from chatrepl.files import attachments
from chatrepl.files.attachments import Attachment
from chatrepl.sessions.entries import Mark, Said
from chatrepl.sessions.transcript import Transcript, new_id
from chatrepl.terminal.interrupts import Interrupts
from chatrepl.terminal.screen.screen import Screen
from chatrepl.text import safe
from chatrepl.usage import Sum

if TYPE_CHECKING:
    from chatrepl.client.connection import Connection
    from chatrepl.dialects import ModelInfo

OLD_STAYS = "The old reply stays; /redo takes what came of the new one."
NO_SYSTEM = "No system prompt is sent from now on."
LOST = "What was said last is in no file: the disk does not take it"


MEANT = {"exit": "/quit", "quit": "/quit", ":q": "/quit", "help": "/help", "?": "/help"}
"""The command that a line means which holds nothing but that word, and was typed by hand."""


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
    ephemeral: bool = False
    record: Path | None = None
    """The folder that every exchange is written to."""
    draft: str = ""
    """What stands in the next prompt already; it is sent as it is, and never a command."""
    halted: bool = False
    """Whether the last line failed or was stopped; what was typed ahead waits for Enter then."""
    attachments: list[Attachment] = field(default_factory=list)
    """What goes along with the next question."""
    user: User = field(default_factory=User)
    _told: bool = field(default=False, init=False)
    found: InitVar[Transcript | None] = None
    """A session to go on with; else a new one is begun."""

    def __post_init__(self, found: Transcript | None) -> None:
        self.screen.at_prompt = self.user.has_prompt
        self.transcript = found or self._new_transcript()
        if found:
            self.settle()
        elif self.profile.system:
            self.transcript.add(Mark("system", self.profile.system))
        self._connection: Connection | None = None
        self.offers: list[ModelInfo] = []
        """The models the server was last seen to offer, for completion and their facts."""
        self._looking_for: Profile | None = None
        self._length = Length()
        self.unprefilled: set[tuple[str, str]] = set()
        """Who does not go on with a reply the request ends with, by profile and model, though it might."""
        self.last_reply: Message | None = None
        """The last reply, also one of which nothing came."""
        self.failure: ChatError | None = None
        """Why the last turn failed, if it did."""

    @property
    def connection(self) -> "Connection":
        """What stands between the session and the servers, made when it is first needed."""
        if self._connection is None:
            self._connection = self._connected()
        return self._connection

    def _connected(self) -> "Connection":
        from chatrepl.client.connection import Connection  # not for the first key

        return Connection(
            self.env,
            self.paths.models,
            partial(self.screen.say, style="dim"),
            self.config.profiles,
            warn=partial(self.screen.say, style="warning"),
            passing=self.screen.passing,
            consent=self.user.consent,
            record=self.record,
        )

    @property
    def conversation(self) -> Conversation:
        return self.transcript.state.conversation

    def attach(self, part: Attachment) -> None:
        """Let it go along with the next question; a large one only after a yes."""
        if self._wanted(part):
            self.attachments = attachments.joined(self.attachments, part)

    def attach_files(self, names: Iterable[str]) -> None:
        """The same with the files of these names."""
        for name in names:
            self.attach(attachments.read(files.path_of(name)))

    def _wanted(self, part: Attachment) -> bool:
        wanted = not attachments.is_large(part) or self.user.confirm(f"{attachments.described(part)}: attach it?")
        if not wanted:
            self.screen.say(f"{safe.line(part.name)} is not attached.", "dim")
        return wanted

    def show_attachments(self) -> None:
        """Tell what goes along with the next question."""
        for part in self.attachments:
            self.screen.say(f"+ {attachments.described(part)}", "dim")

    def show_question(self, text: str) -> None:
        """Show a question as it looks when it was typed."""
        self.screen.say("> " + text.rstrip("\n").replace("\n", "\n  "), "bold")

    def question(self, text: str, named: Iterable[Path] = ()) -> Message:
        """The question with what goes along: the attachments, and the files it names, which are told."""
        going = self.attachments
        for path in named:
            part = replace(attachments.read(path.expanduser()), name=str(path))
            if part not in going and self._wanted(part):
                self.screen.say(f"+ {attachments.described(part)}", "dim")
                going = attachments.joined(going, part)
        return question(text, *going)

    def put_back(self, asked: Message) -> None:
        """Let the question stand in the next prompt again, with what goes along with it."""
        self.draft = asked.text
        self.attachments = [part for part in asked.parts if isinstance(part, FilePart | ImagePart)]

    def switch(self, profile: Profile) -> None:
        """Talk to somebody else from now on; the conversation stays."""
        self.offers = []
        self._looking_for = None
        self.profile = profile
        if self._connection:
            self._connection.try_anew()

    def offered(self) -> "list[ModelInfo]":
        """The models that the server offers."""
        with self.interrupts.awaited():
            found = self.connection.models(self.profile)
        self.offers = found
        return found

    def rates(self) -> Rates:
        """Where the prices and context sizes of this session are known from."""
        return Rates(self.profile, self.config.profiles.values(), list(self.offers))

    @property
    def answering(self) -> Profile:
        """Who is talked to, as far as is known: with the model that answers where the profile names none, and the
        fallback where that answers."""
        return self._connection.answering(self.profile) if self._connection else self.profile

    @property
    def length(self) -> Length:
        """How long the conversation is by now."""
        self._length.follow(self.conversation.turns)
        return self._length

    @property
    def spent(self) -> Sum:
        """What all replies of the session used and cost, also those that are in the conversation no more."""
        return self.transcript.state.spent.total(self.rates().price)

    def look_for_models(self) -> None:
        """Begin to find out, behind the prompt, what the server offers; ``offers`` holds it when it is known."""
        if not (self.offers or self._looking_for is self.profile):
            from chatrepl.client.offers import look

            self._looking_for = self.profile
            self.offers = look(self.profile, self.env, self.config)

    def adopt(self, conversation: Conversation, title: str) -> None:
        """Go on with that conversation, in a new session. A question that is open at its end stands in the prompt."""
        self._let_go()
        self.begin()
        self.transcript.adopt(conversation, title)
        self.note_who()
        self.settle()
        self.transcript.write()

    def begin(self) -> None:
        """Begin a new session, in which nothing was said yet."""
        self.transcript.close()
        self.transcript = self._new_transcript()

    def resume(self, path: Path) -> None:
        """Go on with the session in that file, and with whom it was talked to."""
        self._let_go()
        folder = None if self.ephemeral else self.paths.sessions
        found = sessions.take_up(path, folder, self.screen.say, self._trouble)
        self.transcript.close()
        self.transcript = found
        if profile := recalled(self.config, found.state.who):
            self.switch(profile)
        self.settle()

    def _let_go(self) -> None:
        """Be ready to leave what was said; what is in no file would be lost, which takes a yes."""
        if not self.transcript.whole() and not self.user.confirm(f"{LOST}. Leave it behind?"):
            raise CommandError(LOST, Hint(at_prompt="/save FILE keeps it elsewhere."))

    def refuse_key(self, what: str, text: str) -> None:
        """Complain if a key that is in use stands in the text: it is neither sent nor kept."""
        if self.connection.holds_key(self.profile, text):
            line = f"{what} holds an API key that is in use, so it is neither sent nor kept"
            raise CommandError(line, "Take the key out: what is said here is written down, and goes to the server.")

    def may_keep(self, line: str) -> bool | None:
        """Whether what was typed can stand in the input history: not with the key in it. None while that cannot be
        known, for a command tells the key, and it was not run yet."""
        if self.connection.holds_key(self.profile, line):
            return False
        return True if self.connection.keys.knows(self.profile) else None

    def prepare(self) -> None:
        """A question is being typed: let a connection stand open when it is there."""
        self.connection.prepare(self.profile)

    def warn(self) -> None:
        """Tell what is not safe about who is talked to, and that its key is missing."""
        error = keys.missing(self.profile, self.env)
        if error:
            self.screen.say(f"{error}.", "warning")
            self.screen.say(f"  {error.hint.shown(at_prompt=True)}", "dim")
        if any(keys.warnings(self.profile, self.env)):
            self.connection.warnings(self.profile)

    def close(self) -> None:
        """End the session."""
        self.transcript.close()
        if self._connection:
            self._connection.close()

    def settle(self) -> None:
        """End the turn in which the program was ended: what had come is kept, else the question is in the prompt."""
        state = self.transcript.state
        if entry := state.settlement():
            if isinstance(entry, Mark) and state.question and not state.reopened:
                self.put_back(state.question)
            self.transcript.add(entry)
            if isinstance(entry, Said) and state.undone:
                self.screen.say(OLD_STAYS, "warning")

    def note_who(self) -> None:
        """Write down who is talked to where that has changed: going on with the session means going on with them."""
        known = self.transcript.state.who
        for kind, text in who(self.profile, self.config).items():
            if text != known.get(kind, ""):
                self.transcript.add(Mark(kind, text))

    # the parts

    def _new_transcript(self) -> Transcript:
        path = None if self.ephemeral else self.paths.sessions / f"{new_id()}.jsonl"
        return Transcript(path, self._trouble)

    def _trouble(self, error: TranscriptError) -> None:
        """Tell it. Where no prompt comes, the end follows at once, and says nothing again."""
        if self.user.has_prompt or not self._told:
            self.screen.error(error)
        self._told = True
