"""A turn with tools that is broken off anywhere: killed at any byte of its journal, or by Ctrl-C at any step."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatrepl import tools
from chatrepl.chat import repl, turn
from chatrepl.chat.outcome import Outcome
from chatrepl.conversation import unanswered
from chatrepl.sessions.journal import Journal
from chatrepl.sessions.steps import MAY_HAVE_RUN, NOT_RUN
from chatrepl.sessions.transcript import Transcript
from chatrepl.terminal.screen.screen import Screen
from tests.support import kills
from tests.support.calling import Chat
from tests.support.server import Script, Server, say
from tests.support.strict import DOUBLES


def whole(home: Path, server: Server) -> bytes:
    """The journal of a whole turn."""
    chat = Chat(home, server, allow=("weather",))
    chat.ask(*kills.TURN)
    path = chat.session.transcript.path
    chat.session.close()
    assert path
    return path.read_bytes()


def test_killed_at_any_byte_a_session_is_settled_so_that_every_protocol_takes_it(home: Path, server: Server) -> None:
    data = whole(home, server)
    seen: set[str] = set()
    last: object = None
    for count in range(len(data) + 1):
        state = Journal(data[:count]).state
        begun = {call.id for call in state.steps.doubtful}
        for entry in state.settlement():
            state.take(entry)
        assert state.question is None
        assert not unanswered(state.conversation.messages)
        told = list(kills.results(state.conversation).values())
        assert len(begun) == told.count(MAY_HAVE_RUN)
        if state.conversation.turns != last:  # most bytes change nothing
            last = state.conversation.turns
            seen.update(told)
            kills.accepted(state.conversation)
    assert {MAY_HAVE_RUN, NOT_RUN, "sunny in a", "sunny in b", "sunny in c"} == seen


def test_killed_between_any_two_entries_a_session_is_gone_on_with_and_nothing_runs_again(
    home: Path, server: Server
) -> None:
    lines = whole(home, server).splitlines(keepends=True)
    for count in range(1, len(lines) + 1):
        chat = Chat(home, server, allow=("weather",))
        path = home / "sessions" / f"cut-{count}.jsonl"
        path.write_bytes(b"".join(lines[:count]))
        before = kills.ran(home)
        chat.session.resume(path)
        chat.server.answers(say("On it goes."))
        if chat.session.conversation.turns:
            turn.go_on(chat.session)
        else:
            chat.ask()
        DOUBLES["openai-chat"](server.requests[-1].body, ())
        assert kills.ran(home) == before
        assert chat.session.conversation.turns[-1][-1].text.endswith("On it goes.")
        chat.session.close()


Step = Callable[..., Any]


@contextmanager
def pressing(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[list[str]]:
    """Ctrl-C comes at that step of what is done: before an entry is written, a line is said, or a call runs."""
    steps: list[str] = []

    def pressed(name: str, step: Step) -> Step:
        def run(*arguments: Any, **named: Any) -> Any:
            steps.append(name)
            if len(steps) == at:
                os.kill(os.getpid(), signal.SIGINT)
            return step(*arguments, **named)

        return run

    with monkeypatch.context() as patch:
        for owner, name in ((Transcript, "add"), (Screen, "say"), (tools, "run"), (turn, "collect")):
            patch.setattr(owner, name, pressed(name, getattr(owner, name)))
        yield steps


def asked(chat: Chat, *scripts: Script) -> Outcome | None:
    """What comes of the turn; None where not even a request left."""
    outcomes: list[Outcome] = []
    repl.do(chat.session, lambda: outcomes.append(chat.ask(*scripts)))
    return outcomes[0] if outcomes else None


def test_ctrl_c_at_any_step_leaves_a_turn_that_every_protocol_takes(
    home: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, stopped = 0, 0
    while True:
        at += 1
        chat = Chat(home, server, allow=("weather",))
        (home / "log").unlink(missing_ok=True)
        server.forget()
        with pressing(monkeypatch, at) as steps, chat.session.interrupts.caught():
            outcome = asked(chat, *kills.TURN)
        state = chat.session.transcript.state
        assert state.question is None
        kills.accepted(state.conversation)
        stopped += not outcome or outcome.ending == "interrupted"
        assert max(kills.ran(home).values(), default=0) <= 1
        server.forget()
        after = asked(chat, say("Next."))
        assert after, "the key was meant for what is over"
        assert after.reply.text == "Next."
        DOUBLES["openai-chat"](server.requests[-1].body, ())
        chat.session.close()
        if len(steps) < at:
            break
    assert at > 15
    assert stopped > 5


@pytest.mark.parametrize("share", [0.5, 0.65, 0.8, 0.95])
def test_a_program_that_is_killed_in_a_turn_goes_on_with_it(home: Path, server: Server, share: float) -> None:
    """A handful; ``python -m tests.support.kills`` does hundreds."""
    kills.killed(home, server, share * 1.5)
