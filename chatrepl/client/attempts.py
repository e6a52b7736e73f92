"""One request, made until it is answered or nothing helps: mended, sent again after a wait, sent to a fallback."""

import re
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from chatrepl import dataclass, replace
from chatrepl.client import speaking
from chatrepl.client.retrying import long_wish, retry_delay
from chatrepl.client.shortening import shortened
from chatrepl.config import successors
from chatrepl.config.config import Profile
from chatrepl.conversation import Conversation
from chatrepl.dialects import dialect, effort, reasoning, request, schemas, tools
from chatrepl.dialects.repair import LEFT_OUT, advice, is_unknown_model
from chatrepl.errors import ChatError, Hint, Refused, RequestError, Unreachable
from chatrepl.events import Choice, Event, Media, Search, Text, Thinking, ToolCallPiece, Wait, Waiting
from chatrepl.text import safe
from chatrepl.text.fuzzy import close

if TYPE_CHECKING:
    from chatrepl.client.connection import Connection

_OUR_FAULT = (400, 413, 422)
"""The statuses that a request deserves anywhere, so that nobody else needs to be asked."""


@dataclass(frozen=True)
class Try:
    """A request that may have to be made again: of whom, and how often it was made before."""

    profile: Profile
    key: str = ""
    attempt: int = 0
    failure: str = ""
    """Why it failed before."""
    miscalled: bool = False
    """Whether it failed for a call of the model that its server could not read."""


class Attempts:
    """A request for one reply. ``ready`` it, then take its ``events``.

    What fails before the first piece of the reply is made good if it can be: a parameter that the server refuses is
    renamed or left out, which is remembered for this server and model; a built-in default that the server no longer
    knows has a successor; a request that may succeed later goes out again; else a fallback is asked. All of this is
    told, and nothing comes of a try that failed.
    """

    def __init__(self, connection: "Connection", wanted: Profile) -> None:
        self._connection = connection
        self._memory = connection.memory
        self._wanted = wanted
        self._now = Try(wanted)

    @property
    def answering(self) -> Profile:
        """Who is asked by now; in the end who answered, or failed to."""
        return self._now.profile

    def ready(self) -> None:
        """Let it be clear who is asked. Where the profile does not answer when it is asked for its models, it is a
        fallback of its own."""
        try:
            self._skip_if_down(self._wanted)
            self._now = Try(*self._connection.ready(self._wanted))
        except RequestError as error:
            self._now = self._elsewhere(self._wanted, error)

    def events(self, conversation: Conversation, *, stream: bool, waiting: Waiting) -> Generator[Event, None, None]:
        """The events of the reply. Closing them stops it."""
        while True:
            begun = False
            try:
                with closing(self._tried(conversation, stream, waiting)) as events:
                    for event in events:
                        if not begun:
                            begun = not isinstance(event, Search)
                            self._memory.answered(self._wanted, self.answering)
                        yield event
                return
            except RequestError as error:
                if begun:
                    raise
                failure = error
            self._now = (
                self._mended(failure, self._spoken(conversation))
                or self._succeeded(failure)
                or self._waited(failure, waiting)
                or self._elsewhere(self.answering, failure)
            )

    def _tried(self, conversation: Conversation, stream: bool, waiting: Waiting) -> Generator[Event, None, None]:
        profile, key = self._now.profile, self._now.key
        ask = self._connection.client.ask
        with closing(ask(profile, self._spoken(conversation), key, stream=stream, waiting=waiting)) as events:
            yield from _from_the_first_piece(events)

    def _spoken(self, conversation: Conversation) -> Conversation:
        return reasoning.without(spoken(self.answering, conversation), self._memory.worthless)

    # what is tried when a request failed

    def _mended(self, error: RequestError, conversation: Conversation) -> Try | None:
        """The same without the parameter that was refused, None if it was refused for another reason."""
        if not isinstance(error, Refused):
            return None
        if found := self._unbound(error, conversation):
            return found
        if tools.is_unreadable(error) and not self._now.miscalled:
            self._connection.say("The model wrote a call that cannot be read; asked again.")
            return replace(self._now, miscalled=True)
        profile = self.answering
        if schemas.is_refused(error, conversation):
            self._memory.learn(profile, schemas.REFUSED)
            self._connection.say(f"{profile.model} takes no schema here; asked again with the schema in words.")
            return replace(self._now, profile=self._connection.known(profile))
        body = request(profile, conversation, self._now.key, stream=True).body or {}
        mend = advice(error, body, profile.parameters)
        if mend.keys() <= effort.FIELDS and (word := effort.repaired(error, profile)):
            word = self._memory.learn_effort(profile, word)
            how = "without an effort" if word == effort.OFF else f"with effort {word}"
            self._connection.say(f"{profile.model} refused {_words(profile)}; asked again {how}.")
        elif mend:
            self._memory.learn(profile, mend)
            for name, new in mend.items():
                self._connection.say(_told(profile, name, new))
        else:
            return None
        return replace(self._now, profile=self._connection.known(profile))

    def _unbound(self, error: Refused, conversation: Conversation) -> Try | None:
        """The same without the reasoning that the server refuses, or with that which it misses; None where it is
        another reason, or there is nothing to leave out any more."""
        profile = self.answering
        if reasoning.is_wanted(error) and reasoning.PARAMETER not in profile.parameters:
            self._memory.learn(profile, {reasoning.PARAMETER: reasoning.PARAMETER})
            self._connection.say(f"{profile.model} wants its reasoning back; asked again with it.")
            return replace(self._now, profile=self._connection.known(profile))
        found = reasoning.opaque(conversation)
        if not (found and reasoning.is_worthless(error)):
            return None
        self._memory.worthless |= found
        self._connection.say(f"{profile.model} takes its earlier reasoning no more; asked again without it.")
        return self._now

    def _succeeded(self, error: RequestError) -> Try | None:
        """The same asked of the successor of a default that the server does not know; None where the user named the
        model, or nothing can take its place. Then the error tells what there is."""
        profile = self.answering
        if not isinstance(error, Refused) or not is_unknown_model(error, profile.model):
            return None
        offered = self._connection.offered(profile, self._now.key)
        new = successors.chosen(profile, offered, self._memory.gone(profile)) if profile.default_model else ""
        if not new:
            error.hint = _others(profile.model, offered, self._connection.facts(profile).next) or error.hint
            return None
        self._connection.say(
            f"{profile.name} does not offer {profile.model} any more; asking {safe.line(new)} from now on. "
            f"/set --save model {safe.line(new)} puts it into the configuration."
        )
        return replace(self._now, profile=self._connection.succeeded(profile, new), attempt=0)

    def _waited(self, error: RequestError, waiting: Waiting) -> Try | None:
        """The same once more, after a wait; None if that is no use, or was done often enough."""
        now, retries, clock = self._now, self._now.profile.retries, self._connection.clock
        delay = retry_delay(error, now.attempt, self._connection.random, clock()) if now.attempt < retries else None
        if delay is None:
            if wish := long_wish(error, clock()):
                error.hint = Hint(wish)
            return None
        why, tries = _briefly(error), f"({now.attempt + 1} of {retries})"
        if not waiting(Wait("asking again", delay, exact=True, why=f"{why} {tries}")):
            why = "The same" if str(error) == now.failure else why
            self._connection.say(f"{why}; asking again in {delay:.1f} s {tries}")
        self._connection.sleep(delay)
        return replace(now, attempt=now.attempt + 1, failure=str(error))

    def _elsewhere(self, profile: Profile, error: ChatError) -> Try:
        """The first fallback that is ready, with those after it as its own; else the error is raised."""
        if isinstance(error, Refused) and error.status in _OUR_FAULT:
            raise error
        if isinstance(error, Refused):
            error.hint = speaking.hint(self._connection.client, profile, error) or error.hint
        while profile.fallback:
            if isinstance(error, Unreachable):
                self._memory.unreachable(profile, self._connection.clock())
            name, *later = profile.fallback
            self._connection.say(f"{str(error).rstrip('.')}; asking {name} instead")
            profile = replace(self._connection.profiles[name], fallback=tuple(later))
            try:
                self._skip_if_down(profile)
                return Try(*self._connection.ready(profile, lambda _question: False))
            except ChatError as problem:
                error = problem
        self._memory.try_all_again()  # where nobody answers
        raise error

    def _skip_if_down(self, profile: Profile) -> None:
        """Complain of a profile that could not be reached a while ago, if another one can be asked instead."""
        since = self._memory.down_since(profile, self._connection.clock())
        if since is not None and profile.fallback:
            raise Unreachable(f"{profile.name} is down since {time.strftime('%H:%M', time.localtime(since))}")


def spoken(profile: Profile, conversation: Conversation) -> Conversation:
    """The conversation as it goes out, shortened by its summary: a model that is lost without a system prompt has its
    own where there is none, and the schema of the answer stands in words where no request holds it."""
    conversation = shortened(conversation)
    if not conversation.system and profile.place.system:
        conversation = replace(conversation, system=profile.system or profile.place.system)
    if not conversation.schema:
        return conversation
    refused = profile.parameters.get("schema") == LEFT_OUT
    if dialect(profile.dialect).schema and not refused:
        return conversation
    return replace(schemas.told(conversation), schema=None if refused else conversation.schema)


def _others(model: str, offered: Sequence[str], successor: str) -> Hint:
    """Which models there are in the place of one that is unknown; nothing where no list is known."""
    if not offered:
        return Hint()
    near = [safe.line(each, 60) for each in close(model, offered)]
    told = f"Near to it: {', '.join(near)}. " if near else ""
    if successor in offered:
        told = f"Its vendor names {safe.line(successor, 60)} in its place. "
    return Hint(
        f"{told}-m NAME picks one; --list-models lists all {len(offered):,}.",
        f"{told}/model NAME picks one; /models lists all {len(offered):,}.",
    )


def _briefly(error: RequestError) -> str:
    """What went wrong, without the server's own words, which are told with the error if nothing helps."""
    line = str(error).rstrip(".")
    found = re.search(rf"\b{error.status}\b[^:]*", line) if isinstance(error, Refused) else None
    return found[0] if found else line


def _words(profile: Profile) -> str:
    """What was asked for of the effort."""
    return f"effort {profile.options['effort']}" if "effort" in profile.options else "the effort that it has by itself"


def _told(profile: Profile, name: str, new: str) -> str:
    """That a parameter was refused, and how the configuration keeps that."""
    how = "without it" if new == LEFT_OUT else f"with {new}"
    told = f"{profile.model} does not take {name}; asked again {how}."
    if profile.by_hand:
        return told
    return f'{told} To keep it so: parameters = {{ {name} = "{new}" }} in [profiles.{profile.name}]'


def _from_the_first_piece(events: Iterable[Event]) -> Iterator[Event]:
    """The events, those before the first piece of the reply held back until it is there, or the reply is over. That
    the server searches is no piece of it."""
    held: list[Event] | None = []
    for event in events:
        if held is None or isinstance(event, Search):  # which is shown while it lasts
            yield event
            continue
        held.append(event)
        if isinstance(event, Text | Thinking | ToolCallPiece | Media | Choice):
            yield from held
            held = None
    yield from held or ()
