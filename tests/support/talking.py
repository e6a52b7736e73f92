"""Sessions as tests have them: the real thing, on a screen that is a text in memory."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from chatrepl import config
from chatrepl.chat import turn
from chatrepl.chat.session import Session
from chatrepl.chat.user import User
from chatrepl.config import reading
from chatrepl.config.config import Profile, Ui
from chatrepl.conversation import Message, question
from chatrepl.errors import Refused, TranscriptError
from chatrepl.terminal.screen.screen import Screen

Talk = Callable[..., Session]
KEY = "the-right-key"


@contextmanager
def talking(home: Path) -> Iterator[Talk]:
    """Makes sessions with a profile, whose key is KEY and which never wait; closes them all in the end."""
    begun: list[Session] = []

    def begin(profile: Profile, *, stream: bool = True, key: str = KEY) -> Session:
        env = {"CHATREPL_HOME": str(home), "A_KEY": key}
        out = io.StringIO()
        screen = Screen(out, out, env)
        begun.append(
            Session(
                reading.load(home / "none.toml"),
                config.places(env),
                env,
                replace(profile, key_env="A_KEY"),
                screen,
                ui=Ui(stream=stream),
                user=User(has_prompt=True),
            )
        )
        begun[-1].connection.sleep = lambda _seconds: None
        return begun[-1]

    try:
        yield begin
    finally:
        for session in begun:
            session.close()


def asked(session: Session, text: str) -> Message:
    """The reply to that question, which has to come whole."""
    outcome = turn.ask(session, question(text))
    reply = outcome.message
    assert reply is not None, outcome.failure
    assert outcome.failure is None
    return reply


def refusal(session: Session, text: str = "Hello") -> Refused:
    """The error that the question brings; it is back in the prompt then."""
    outcome = turn.ask(session, question(text))
    assert not outcome.kept
    assert isinstance(outcome.failure, Refused)
    assert outcome.question_back == text
    return outcome.failure


def no_trouble(error: TranscriptError) -> None:
    """What a transcript tells its troubles to that has to have none."""
    raise error


def shown(session: Session) -> str:
    """What stands on the screen."""
    assert isinstance(session.screen.out, io.StringIO)
    return session.screen.out.getvalue()
