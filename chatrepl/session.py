"""All state of a running chat, and one turn of it."""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import InitVar, dataclass, field, replace
from functools import partial
from pathlib import Path

from chatrepl import attachments, safe, sessions
from chatrepl.attachments import Attachment
from chatrepl.choice import recalled, who
from chatrepl.config import Config, Paths, Profile, Ui
from chatrepl.connection import Connection, Recordings
from chatrepl.conversation import Conversation, FilePart, ImagePart, Message, Reply, question
from chatrepl.dialects import ModelInfo, dialect
from chatrepl.errors import ASK_AGAIN, BrokenReply, ChatError, CommandError, Refused, TranscriptError
from chatrepl.events import Event, Text, Thinking
from chatrepl.gathering import Gathering
from chatrepl.glance import look
from chatrepl.journal import Mark, Piece, Said
from chatrepl.screen import Picture, Screen
from chatrepl.terminal import Interrupts
from chatrepl.transcript import Transcript, new_id
from chatrepl.usage import Rates
from chatrepl.waiting import Wait


@dataclass(slots=True)
class Timing:
    """When a reply was asked for, when its first word came and when it was over, in seconds of any clock."""

    asked: float
    first: float | None = None
    over: float | None = None


@dataclass
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
    recordings: Recordings = field(default_factory=Recordings)
    draft: str = ""
    """What stands in the next prompt already."""
    attachments: list[Attachment] = field(default_factory=list)
    """What goes along with the next question."""
    answer: Callable[[str], str] = lambda _question: ""
    """Asks the user something on a line of its own; "" is no answer."""
    found: InitVar[Transcript | None] = None
    """A session to go on with; else a new one is begun."""

    def __post_init__(self, found: Transcript | None) -> None:
        self.connection = Connection(
            self.env,
            self.paths.models,
            partial(self.screen.say, style="dim"),
            self.config.profiles,
            warn=partial(self.screen.say, style="warning"),
            recordings=self.recordings,
        )
        self.transcript = found or self._new_transcript()
        if found:
            self._settle()
        elif self.profile.system:
            self.transcript.add(Mark("system", self.profile.system))
        self.offers: list[ModelInfo] = []
        """The models the server was last seen to offer, for completion and their facts."""
        self._looking_for: Profile | None = None
        self.last_ending = ""
        """How the last reply ended, also one of which nothing came."""
        self.failure: ChatError | None = None
        """Why the last turn failed, if it did."""

    @property
    def conversation(self) -> Conversation:
        return self.transcript.state.conversation

    def confirm(self, question: str) -> bool:
        """Whether the user says yes."""
        return self.answer(f"{question} [y/N]").lower() in ("y", "yes")

    def attach(self, part: Attachment) -> None:
        """Let it go along with the next question; a large one only after a yes."""
        if attachments.is_large(part) and not self.confirm(f"{safe.line(attachments.described(part))}: attach it?"):
            self.screen.say(f"{safe.line(part.name)} is not attached.", "dim")
            return
        self.attachments = [each for each in self.attachments if each.name != part.name] + [part]

    def question(self, text: str) -> Message:
        """The question with what goes along: the attachments, and the files it names with an @."""
        for path in attachments.mentioned(text):
            self.attach(replace(attachments.read(path.expanduser()), name=str(path)))
        return question(text, *self.attachments)

    def ask(self, asked: Message) -> Message | None:
        """One turn: the reply, None where none came. The question is on disk before the request leaves."""
        images = any(isinstance(part, ImagePart) for part in asked.parts)
        if images and ImagePart not in dialect(self.profile.dialect).carries:
            raise CommandError(
                f"{self.profile.dialect} cannot carry images", "/undo takes one back; /profile talks to somebody else."
            )
        self.attachments = []
        self._note_who()
        self.transcript.add(Said(asked))
        return self._answer(asked, self.conversation.asking(asked))

    def put_back(self, asked: Message) -> None:
        """Let the question stand in the next prompt again, with what goes along with it."""
        self.draft = asked.text
        self.attachments = [part for part in asked.parts if isinstance(part, FilePart | ImagePart)]

    def retry(self) -> Message | None:
        """Ask the last question again; the new reply takes the place of the old one once it is there."""
        *before, last = self.conversation.turns
        self.transcript.add(Mark("retry"))
        asking = Conversation(self.conversation.system, before).asking(last[0])
        return self._answer(last[0], asking, again=True)

    def go_on(self) -> Message | None:
        """Let the last reply go on where it ended. What comes is added to it; None where nothing came.

        A server that goes on with a reply the request ends with gets it so; any other, and one that refuses, is asked
        to go on.
        """
        *before, last = self.conversation.turns
        if not last[-1].text:
            return self.retry()
        if self.profile.prefill or dialect(self.profile.dialect).prefill:
            message = self._continued(Conversation(self.conversation.system, before).asking(*last))
            if message or not isinstance(self.failure, Refused) or self.failure.status not in (400, 422):
                return message
            self.profile = replace(self.profile, prefill=False)
            self.screen.say("It is asked to go on instead.", "dim")
        return self._continued(self.conversation.asking(question(GO_ON)))

    def _continued(self, asking: Conversation) -> Message | None:
        self.transcript.add(Mark("continue"))
        return self._answer(asking.turns[-1][0], asking, again=True)

    def switch(self, profile: Profile) -> None:
        """Talk to somebody else from now on; the conversation stays."""
        self.offers = []
        self._looking_for = None
        self.profile = profile

    def offered(self) -> list[ModelInfo]:
        """The models that the server offers."""
        with self.interrupts.awaited():
            found = self.connection.models(self.profile)
        self.offers = found
        return found

    def rates(self) -> Rates:
        """Where the prices and context sizes of this session are known from."""
        return Rates(self.profile, self.config.profiles.values(), list(self.offers))

    def look_for_models(self) -> None:
        """Begin to find out, behind the prompt, what the server offers; ``offers`` holds it when it is known."""
        if not (self.offers or self.recordings.replay or self._looking_for is self.profile):
            self._looking_for = self.profile
            self.offers = look(self.profile, self.env)

    def adopt(self, conversation: Conversation, title: str) -> None:
        """Go on with that conversation, in a new session."""
        self.begin()
        self.transcript.adopt(conversation, title)
        self._note_who()
        self.transcript.write()

    def begin(self) -> None:
        """Begin a new session, in which nothing was said yet."""
        self.transcript.close()
        self.transcript = self._new_transcript()

    def resume(self, path: Path) -> None:
        """Go on with the session in that file, and with whom it was talked to."""
        folder = None if self.ephemeral else self.paths.sessions
        found = sessions.take_up(path, folder, self.screen.say, self._trouble)
        self.transcript.close()
        self.transcript = found
        if profile := recalled(self.config, found.state.who):
            self.switch(profile)
        self._settle()

    def warn(self) -> None:
        """Tell what is not safe about who is talked to."""
        self.connection.warnings(self.profile)

    def close(self) -> None:
        """End the session."""
        self.transcript.close()
        self.connection.close()

    def _settle(self) -> None:
        """End the turn in which the program was ended: what had come is kept, else the question is in the prompt."""
        state = self.transcript.state
        if entry := state.settlement():
            if isinstance(entry, Mark) and state.question and not state.reopened:
                self.put_back(state.question)
            self.transcript.add(entry)

    def _note_who(self) -> None:
        """Write down who is talked to where that has changed: going on with the session means going on with them."""
        known = self.transcript.state.who
        for kind, text in who(self.profile, self.config).items():
            if text != known.get(kind, ""):
                self.transcript.add(Mark(kind, text))

    # one turn

    def _answer(self, asked: Message, conversation: Conversation, *, again: bool = False) -> Message | None:
        reply = Reply()
        timing = Timing(self.clock())
        failure = self._collect(reply, conversation, timing)
        timing.over = self.clock()
        if reply.empty and reply.ending not in ("interrupted", "failed"):
            reply.ending = "failed"
            failure = BrokenReply(f"The model answered nothing ({reply.raw_ending or 'no reason given'})", ASK_AGAIN)
        self.last_ending, self.failure = reply.ending, failure
        message = None if reply.empty else reply.message()
        if message:
            self.transcript.add(Said(message))
            self._tell_ending(reply, timing)
        else:
            self.transcript.add(Mark("withdraw"))
            if not again:
                self.put_back(asked)
            if reply.ending == "interrupted":
                self.screen.say("Stopped before the first word.", "dim")
        if failure:
            self.screen.error(failure)
        if timing.over - timing.asked >= LONG:
            self.screen.notify(self.ui.notify, f"chatrepl: {self.transcript.state.title}")
        return message

    def _collect(self, reply: Reply, conversation: Conversation, timing: Timing) -> ChatError | None:
        """Feed the reply, its picture and the journal until it ends, one way or another; the failure if it failed."""
        try:
            with self.interrupts.awaited():
                profile, key = self.connection.ready(self.profile)
            timing.asked = self.clock()  # not before: fetching or loading a model is no part of the answer
            with (
                self.screen.picture(profile.model, self.ui) as picture,
                Gathering(reply.feed, self._journal, picture.feed) as gathering,
                closing(self._asked(profile, key, conversation, gathering, picture)) as events,
            ):
                for event in self.interrupts.over(events):
                    if timing.first is None and isinstance(event, Text | Thinking):
                        timing.first = self.clock()
                    gathering.feed(event)
        except KeyboardInterrupt:
            reply.ending = "interrupted"
        except ChatError as error:
            reply.ending = "failed"
            return error
        finally:
            answering = self.connection.asked
            reply.model = reply.model or answering.model
            reply.profile = answering.name if answering.name != self.profile.name else ""
        return None

    def _asked(
        self, profile: Profile, key: str, conversation: Conversation, gathering: Gathering, picture: Picture
    ) -> Generator[Event, None, None]:
        """The events of the reply; what was gathered is passed on, whole, before anything is waited for."""

        def waiting(wait: Wait) -> None:
            with self.interrupts.shielded():
                gathering.flush()
                picture.waiting(wait)

        return self.connection.ask(profile, key, conversation, stream=self.ui.stream, waiting=waiting)

    def _journal(self, event: Event) -> None:
        """Write down what came, for the case that the rest never comes."""
        match event:
            case Text(text):
                self.transcript.add(Piece(text))
            case Thinking(text) if text:
                self.transcript.add(Piece(thinking=text))

    def _tell_ending(self, reply: Reply, timing: Timing) -> None:
        if note := ENDINGS.get(reply.ending):
            self.screen.say(note, "warning")
        if self.ui.statistics:
            self.screen.say(statistics(reply, timing), "dim")

    # the parts

    def _new_transcript(self) -> Transcript:
        path = None if self.ephemeral else self.paths.sessions / f"{new_id()}.jsonl"
        return Transcript(path, self._trouble)

    def _trouble(self, error: TranscriptError) -> None:
        self.screen.error(error)


GO_ON = "Go on exactly where you stopped, in the middle of a word if need be. Repeat nothing and explain nothing."
"""What a model is asked whose server does not go on with a reply by itself."""

ENDINGS = {
    "interrupted": "Stopped. What came is kept; /continue goes on with it.",
    "failed": "The reply is incomplete. What came is kept; /continue goes on with it.",
    "length": "The reply was cut at the token limit; /continue goes on with it, /set max_tokens raises the limit.",
    "content_filter": "The provider's content filter ended the reply.",
    "tool_calls": "The model asked for a tool, which chatrepl does not run.",
    "error": "The server reports that the reply failed.",
}


LONG = 10.0
"""A reply that took so many seconds is worth a bell, for those who want one."""

MEASURABLE = 0.2
"""Below that many seconds the speed of a reply is mostly noise."""


def statistics(reply: Reply, timing: Timing) -> str:
    """Time to the first word, speed and tokens of a reply, as far as they are known."""
    parts: list[str] = []
    usage, over = reply.usage, timing.over or timing.asked
    if timing.first is not None:
        parts.append(f"{timing.first - timing.asked:.1f} s to the first word")
        took = over - timing.first
        if usage and usage.output and took >= MEASURABLE:
            parts.append(f"{usage.output / took:.0f} tokens/s")
    parts.append(f"{over - timing.asked:.1f} s in all")
    if usage and usage.input is not None:
        parts.append(f"{usage.input} tokens in" + (f" ({usage.cached} cached)" if usage.cached else ""))
    if usage and usage.output is not None:
        parts.append(f"{usage.output} out" + (f" ({usage.reasoning} thinking)" if usage.reasoning else ""))
    return " · ".join(parts)
