"""Whatever a user does in whatever order: memory and disk agree, and the request that would go out is a good one."""

import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatrepl import client
from chatrepl.chat.repl import obey
from chatrepl.chat.session import Session
from chatrepl.chat.user import User
from chatrepl.client.keys import Keys
from chatrepl.client.memory import Memory
from chatrepl.config.config import Config, Profile
from chatrepl.config.paths import Paths
from chatrepl.config.place import Url
from chatrepl.conversation import BROKEN_OFF, Conversation, question
from chatrepl.dialects import DIALECTS, dialect
from chatrepl.errors import Unreachable
from chatrepl.events import Event, Finished, Text, Thinking, Usage, Wait, Waiting
from chatrepl.sessions import transcript
from chatrepl.sessions.entries import Mark
from chatrepl.sessions.store import Listed
from chatrepl.terminal.screen.screen import Screen

PROFILE = Profile("test", dialect="openai-chat", place=Url("https://example.org/v1"), model="m")

words = st.text("ab \n", min_size=1, max_size=6).filter(str.strip)
events = st.lists(st.builds(Text, words) | st.builds(Thinking, words) | st.just(Usage(1, None, 2, None, 3)), max_size=4)
endings = st.sampled_from(["stop", "length", "interrupted", "failed", "killed"])


class Killed(BaseException):
    """The program ends here, as by SIGKILL."""


class Wire:
    """Stands where the network is: gives the events it was told to, and ends as it was told to."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.ending = "stop"
        self.asked = PROFILE
        self.keys = Keys({})
        self.memory = Memory()

    def fetch_key(self, profile: Profile) -> None:
        pass

    def holds_key(self, profile: Profile, text: str) -> bool:
        return False

    def attempts(self, profile: Profile) -> "Reply":
        return Reply(self, profile)

    def close(self) -> None:
        pass


class Reply:
    """One reply over that wire."""

    def __init__(self, wire: Wire, profile: Profile) -> None:
        self.wire = wire
        self.answering = profile

    def ready(self) -> None:
        pass

    def events(self, conversation: Conversation, *, stream: bool, waiting: Waiting) -> Iterator[Event]:
        check(conversation, self.answering)
        for event in self.wire.events:
            yield event
            waiting(Wait("waiting", 1))
        match self.wire.ending:
            case "interrupted":
                raise KeyboardInterrupt
            case "failed":
                raise Unreachable("gone")
            case "killed":
                raise Killed
            case "stop" | "length" as reason:
                yield Finished(reason)


def roles(body: dict[str, Any]) -> list[str]:
    """The roles in a request, without the system's; none where the protocol has a prompt."""
    found = body.get("messages") or body.get("contents") or body.get("input") or []
    return ["user" if each["role"] == "user" else "model" for each in found if each.get("role") not in ("system", None)]


def check(conversation: Conversation, profile: Profile) -> None:
    """Every protocol makes of it a request in which the roles alternate."""
    for name in DIALECTS:
        request = dialect(name).encode(profile, client.spoken(profile, conversation), "", stream=True)
        said = roles(request.body or {})
        assert all(one != other for one, other in pairwise(said)), (name, said)
        assert not said or said[0] == "user"


class Chat(RuleBasedStateMachine):
    """A session under all that can be done to it."""

    @initialize(prefill=st.booleans())
    def begin(self, prefill: bool) -> None:
        self.folder = TemporaryDirectory()
        home = Path(self.folder.name)
        self.paths = Paths(home / "config.toml", home / "sessions", home / "history", home / "models")
        self.profile = replace(PROFILE, prefill=prefill)
        self.session = self.started()

    def started(self, path: Path | None = None) -> Session:
        screen = Screen(io.StringIO(), io.StringIO(), {}, plain=True)
        config = Config(self.paths.config, profiles={"test": self.profile})
        user = User(lambda _question: "1", has_prompt=True)
        session = Session(config, self.paths, {}, self.profile, screen, user=user)
        self.wire = Wire()
        session._connection = self.wire  # type: ignore[assignment]
        if path:
            self.draft = session.resume(path)
        return session

    def obey(self, line: str) -> None:
        try:
            self.draft = obey(self.session, line).draft
        except Killed:
            self.resume()

    def resume(self) -> None:
        """A new program goes on with the session."""
        path = self.session.transcript.path
        assert path
        before = self.session.conversation
        self.session.transcript.close()
        self.session = self.started(path if path.exists() else None)
        if path.exists():
            assert self.session.conversation.turns[: len(before.turns) - 1] == before.turns[:-1]

    @rule(text=words, events=events, ending=endings)
    def ask(self, text: str, events: list[Event], ending: str) -> None:
        self.wire.events, self.wire.ending = events, ending
        before = list(self.session.conversation.turns)
        self.obey(text)
        turns = self.session.conversation.turns
        assert turns[: len(before)] == before
        assert turns[len(before) :] or self.draft == text, "what was typed is in the conversation or the prompt"

    @precondition(lambda self: self.session.conversation.turns)
    @rule(command=st.sampled_from(["/retry", "/continue"]), events=events, ending=endings)
    def ask_again(self, command: str, events: list[Event], ending: str) -> None:
        self.wire.events, self.wire.ending = events, ending
        before = list(self.session.conversation.turns)
        self.obey(command)
        turns = self.session.conversation.turns
        assert len(turns) == len(before)
        assert turns[:-1] == before[:-1]
        if command == "/continue" and before[-1][-1].text:
            assert turns[-1][-1].text.startswith(before[-1][-1].text)
        whole = before[-1][-1].ending not in BROKEN_OFF
        if command == "/retry" and whole and ending in ("interrupted", "failed", "killed"):
            assert turns == before, "what broke off does not take the place of a whole reply"
            if any(isinstance(event, Text | Thinking) for event in events):
                self.obey("/redo")
                assert self.session.conversation.turns[-1][-1].ending in BROKEN_OFF
                self.obey("/undo")
                assert self.session.conversation.turns == before
        if turns != before:
            self.obey("/undo")
            assert self.session.conversation.turns == before
            self.obey("/redo")
            assert self.session.conversation.turns == turns

    @rule(steps=st.lists(st.sampled_from(["/undo", "/undo 1", "/undo 2"]), max_size=5))
    def undo_and_redo(self, steps: list[str]) -> None:
        passed = []
        for line in steps:
            before = list(self.session.conversation.turns)
            count = len(self.session.transcript.state.history.undone)
            self.obey(line)
            if len(self.session.transcript.state.history.undone) > count:  # there was something to undo
                passed.append(before)
                if line != "/undo":
                    assert self.session.conversation.turns == before[: -int(line[-1])]
        for before in reversed(passed):
            self.obey("/redo")
            assert self.session.conversation.turns == before

    @rule(
        line=st.sampled_from(["/undo", "/undo 2", "/redo", "/reset", "/system brief", "/title t", "/edit 1", "/edit"])
    )
    def change(self, line: str) -> None:
        self.obey(line)

    @precondition(lambda self: self.session.conversation.turns)
    @rule(n=st.integers(1, 4))
    def shorten(self, n: int) -> None:
        self.session.transcript.add(Mark("compact", f"Summary {n}.", n))

    @precondition(lambda self: self.session.conversation.turns)
    @rule(n=st.integers(1, 4))
    def pin(self, n: int) -> None:
        self.obey(f"/pin {n}")

    @precondition(lambda self: self.session.conversation.turns)
    @rule(n=st.integers(1, 3))
    def fork(self, n: int) -> None:
        old, before = self.session.transcript.path, list(self.session.conversation.turns)
        assert old
        state = self.session.transcript.state
        self.obey(f"/fork {n}")
        if n <= len(before):
            assert self.session.conversation.turns == before[:n]
            assert transcript.read(old) == state

    @rule()
    def go_on_later(self) -> None:
        self.resume()

    @invariant()
    def memory_and_disk_agree(self) -> None:
        if not hasattr(self, "session"):
            return
        path = self.session.transcript.path
        assert path
        if path.exists():
            assert transcript.read(path) == self.session.transcript.state
            assert Listed(path, "", 0).turns == len(self.session.conversation.turns)
        else:
            assert not self.session.conversation.turns

    @invariant()
    def the_next_request_is_a_good_one(self) -> None:
        if hasattr(self, "session"):
            check(self.session.conversation.asking(question("next")), self.profile)

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.transcript.close()
            self.folder.cleanup()


TestChat = Chat.TestCase
TestChat.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
