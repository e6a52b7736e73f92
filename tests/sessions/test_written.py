"""What version 0.1.0 wrote, one session, configuration and history as it left them, is read without a change."""

import shutil
import sys
from pathlib import Path

import pytest

from chatrepl import sessions
from chatrepl.config import reading
from chatrepl.sessions import transcript
from chatrepl.usage import Price

WRITTEN = Path(__file__).with_name("written")
SESSION = "20261126-054240-cd8e"


@pytest.fixture
def left(home: Path) -> Path:
    """A home folder with just these files."""
    (home / "sessions").mkdir(parents=True, mode=0o700)
    for name, place in (("config.toml", home), ("history", home), (f"{SESSION}.jsonl", home / "sessions")):
        shutil.copy(WRITTEN / name, place / name)
    return home


def test_its_session_says_what_it_said(left: Path) -> None:
    path = left / "sessions" / f"{SESSION}.jsonl"
    state = transcript.read(path)
    assert [(turn[0].text, turn[-1].text, turn[-1].ending) for turn in state.conversation.turns] == [
        ("Which colour is grass?", 'Grün, \u2028 and [A] "quoted"\\n.', "stop"),
        ("Tell me something", "A new reply.", "stop"),
        ("What is 2 + 2?", "It is four.", "stop"),
        ("What stands there?", "Seen.", "stop"),
    ]
    first, last = state.conversation.turns[0][-1], state.conversation.turns[-1][0]
    assert (first.thinking, first.model, first.usage and first.usage.cached) == ("Let me see.", "test-model-1", 3)
    assert [getattr(part, "name", "") for part in last.parts] == ["notes.txt", "dot.png", ""]
    assert (state.title, state.conversation.system) == ("Grün and other things", "Be very brief.")
    assert state.who == {"profile": "here", "model": "test-model"}
    assert state.question
    assert state.question.text == "And more?"
    assert (partial := state.partial())
    assert partial.text == "half of a rep"
    (listed,) = sessions.listed(left / "sessions")
    assert (listed.id, listed.title, listed.turns) == (SESSION, state.title, 5)
    assert sessions.unfinished(left / "sessions") == listed
    assert path.read_bytes() == (WRITTEN / path.name).read_bytes()


def test_its_configuration_means_what_it_meant(left: Path) -> None:
    known = reading.load(left / "config.toml")
    here = known.profile(known.default)
    assert (here.name, here.model, here.context, here.price) == ("here", "test-model", 4096, Price(0.25, 2.0))
    assert (dict(here.options), here.timeouts.connect, here.timeouts.silence) == ({"temperature": 0.5}, 5, 120)
    assert (known.ui.theme, known.ui.thinking, known.ui.markdown) == ("dark", "off", True)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty on Windows")
def test_the_program_goes_on_with_all_of_it(left: Path) -> None:
    from tests.support.terminal import CTRL_C, CTRL_D, UP, chatrepl, environment

    with chatrepl("-c", env=environment(left)) as chat:
        chat.wait_for("half of a rep")
        chat.wait_for_prompt()
        for said in ("> Which colour is grass?", "A new reply.", "It is four.", "Seen.", "> And more?"):
            assert said in chat.text()
        chat.send(UP)
        chat.wait_for_prompt("And more?")
        chat.send(UP * 10)
        chat.wait_for("of text")
        chat.send(CTRL_C)
        chat.wait_for_prompt()
        chat.send(CTRL_D)
        assert chat.end() == 0
    written = (left / "sessions" / f"{SESSION}.jsonl").read_bytes()
    assert written.startswith((WRITTEN / f"{SESSION}.jsonl").read_bytes())
    assert (left / "config.toml").read_bytes() == (WRITTEN / "config.toml").read_bytes()
    assert (left / "history").read_bytes() == (WRITTEN / "history").read_bytes()
