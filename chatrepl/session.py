"""All state of a running chat, and one turn of it."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial

from chatrepl import attachments, safe, transcript
from chatrepl.attachments import Attachment
from chatrepl.config import Config, Paths, Profile, Ui
from chatrepl.connection import Connection
from chatrepl.conversation import Conversation, FilePart, ImagePart, Message, Reply, question
from chatrepl.dialects import ModelInfo
from chatrepl.errors import BrokenReply, ChatError, CommandError, TranscriptError
from chatrepl.events import Event, Text, Thinking
from chatrepl.glance import look
from chatrepl.journal import Mark, Piece, Said, Taken
from chatrepl.screen import Screen
from chatrepl.terminal import Interrupts
from chatrepl.transcript import Transcript
from chatrepl.usage import Rates


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
    draft: str = ""
    """What stands in the next prompt already."""
    attachments: list[Attachment] = field(default_factory=list)
    """What goes along with the next question."""
    confirm: Callable[[str], bool] = lambda _question: False
    """Asks the user a question to be answered with yes or no."""

    def __post_init__(self) -> None:
        self.connection = Connection(self.env, self.paths.models, partial(self.screen.say, style="dim"))
        self.transcript = self._new_transcript()
        if self.profile.system:
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

    def ask(self, question: Message) -> Message | None:
        """One turn: the reply, None where none came. The question is on disk before the request leaves."""
        images = any(isinstance(part, ImagePart) for part in question.parts)
        if images and not attachments.carries_images(self.profile.dialect):
            raise CommandError(
                f"{self.profile.dialect} cannot carry images", "/undo takes one back; /profile talks to somebody else."
            )
        self.attachments = []
        self.transcript.add(Said(question))
        return self._answer(question, self.conversation.asking(question))

    def retry(self) -> Message | None:
        """Ask the last question again; the new reply takes the place of the old one once it is there."""
        *before, last = self.conversation.turns
        question = last[0]
        self.transcript.add(Mark("retry"))
        return self._answer(question, Conversation(self.conversation.system, before).asking(question), again=True)

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
        if not self.offers and self._looking_for is not self.profile:
            self._looking_for = self.profile
            self.offers = look(self.profile, self.env)

    def adopt(self, conversation: Conversation, title: str) -> None:
        """Go on with that conversation, in a new session."""
        self.transcript.close()
        self.transcript = self._new_transcript()
        self.transcript.add(Mark("system", conversation.system))
        self.transcript.add(Mark("rename", title))
        for turn in conversation.turns:
            self.transcript.add(Taken(turn))

    def close(self) -> None:
        """End the session."""
        self.transcript.close()
        self.connection.close()

    # one turn

    def _answer(self, question: Message, conversation: Conversation, *, again: bool = False) -> Message | None:
        reply = Reply(self.profile.model)
        timing = Timing(self.clock())
        failure = self._collect(reply, conversation, timing)
        timing.over = self.clock()
        if reply.empty and reply.ending not in ("interrupted", "failed"):
            reply.ending = "failed"
            failure = BrokenReply(
                f"The model answered nothing ({reply.raw_ending or 'no reason given'})", "/retry asks again."
            )
        self.last_ending, self.failure = reply.ending, failure
        message = None if reply.empty else reply.message()
        if message:
            self.transcript.add(Said(message))
            self._tell_ending(reply, timing)
        else:
            self.transcript.add(Mark("withdraw"))
            if not again:
                self.draft = question.text
                self.attachments = [part for part in question.parts if isinstance(part, FilePart | ImagePart)]
            if reply.ending == "interrupted":
                self.screen.say("Stopped before the first word.", "dim")
        if failure:
            self.screen.error(failure)
        if timing.over - timing.asked >= LONG:
            self.screen.notify(self.ui.notify, f"chatrepl: {self.transcript.state.title}")
        return message

    def _collect(self, reply: Reply, conversation: Conversation, timing: Timing) -> ChatError | None:
        """Feed the reply, its picture and the journal until it ends, one way or another; the failure if it failed."""
        pieces = _Pieces(self.transcript)
        try:
            with self.interrupts.awaited():
                profile, key = self.connection.ready(self.profile)
            timing.asked = self.clock()  # not before: fetching or loading a model is no part of the answer
            reply.model = profile.model
            asking = self.connection.ask(profile, key, conversation, stream=self.ui.stream, before_waiting=pieces.write)
            with self.screen.picture(profile.model, self.ui) as picture, closing(asking) as events:
                for event in self.interrupts.over(events):
                    if timing.first is None and isinstance(event, Text | Thinking):
                        timing.first = self.clock()
                    reply.feed(event)
                    pieces.feed(event)
                    picture.feed(event)
        except KeyboardInterrupt:
            reply.ending = "interrupted"
        except ChatError as error:
            reply.ending = "failed"
            return error
        finally:
            pieces.write()
        return None

    def _tell_ending(self, reply: Reply, timing: Timing) -> None:
        if note := _ENDINGS.get(reply.ending):
            self.screen.say(note, "warning")
        if self.ui.statistics:
            self.screen.say(statistics(reply, timing), "dim")

    # the parts

    def _new_transcript(self) -> Transcript:
        path = None if self.ephemeral else self.paths.sessions / f"{transcript.new_id()}.jsonl"
        return Transcript(path, self._trouble)

    def _trouble(self, error: TranscriptError) -> None:
        self.screen.error(error)


class _Pieces:
    """Collects what arrives and writes it to the journal in one go."""

    def __init__(self, journal: Transcript) -> None:
        self._journal = journal
        self._text: list[str] = []
        self._thinking: list[str] = []

    def feed(self, event: Event) -> None:
        if isinstance(event, Text):
            self._text.append(event.text)
        elif isinstance(event, Thinking):
            self._thinking.append(event.text)

    def write(self) -> None:
        if self._text or self._thinking:
            self._journal.add(Piece("".join(self._text), "".join(self._thinking)))
            self._text, self._thinking = [], []


_ENDINGS = {
    "interrupted": "Stopped. What came is kept and goes along with the next question.",
    "failed": "The reply is incomplete. What came is kept.",
    "length": "The reply was cut at the token limit; /set max_tokens raises it.",
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
