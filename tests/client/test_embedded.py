"""The embedded model in the whole program: llama.cpp's real server, with a tiny model of random weights."""

import json
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)
pytest.importorskip("xllamacpp")

from chatrepl.chat import commands, turn
from chatrepl.client.embedded.server import LocalServer
from chatrepl.config import reading
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import question
from chatrepl.errors import ConfigError
from tests.support import faults, tinymodel
from tests.support.program import run
from tests.support.terminal import CTRL_D, chatrepl, environment


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tinymodel.write(tmp_path_factory.mktemp("models") / "tiny.gguf")


def test_two_turns_with_a_real_server_and_no_key(model: Path, home: Path) -> None:
    words = ["-p", "local", "-m", str(model), "-o", "max_tokens=8", "-o", "seed=1"]
    with chatrepl(*words, env=environment(home)) as chat:
        chat.wait_for_prompt()
        assert "local" in chat.lines()[0]
        chat.line("hello world")
        chat.wait_for("8 out")
        chat.wait_for_prompt()
        chat.line("again")
        chat.wait_for("8 out", times=2)
        chat.wait_for_prompt()
        chat.wait_for("local · tiny · ")
        chat.wait_for("/4k · hello world")
        chat.send(CTRL_D)
        assert chat.end() == 0
    (path,) = (home / "sessions").glob("*.jsonl")
    assert path.read_text().count('"ending":"length"') == 2
    assert "toy" not in chat.lines()[0], "that is said of SmolLM2 alone"


def test_a_file_that_is_no_model_is_a_line_and_the_question_is_back(home: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + b"\0" * 100)
    with chatrepl("-p", "local", "-m", str(tmp_path / "broken.gguf"), env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("hello")
        chat.wait_for("cannot be loaded")
        chat.wait_for_prompt("hello")


def test_the_weights_are_only_fetched_after_a_yes(home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text(
        'default = "embedded"\n[profiles.embedded]\ndialect = "openai-chat"\nbase_url = "local:"\n'
    )
    with chatrepl(env=environment(home)) as chat:
        chat.wait_for_prompt()
        assert "embedded · SmolLM2-135M, a toy" in chat.lines()[0]
        chat.wait_for("\nembedded · SmolLM2-135M, a toy · 0/4k · new session")
        chat.line("hello")
        chat.wait_for("Fetch them now? [y/N]")
        chat.line("n")
        chat.wait_for("were not fetched")
        chat.wait_for_prompt("hello")
    assert not list(home.rglob("*.gguf"))


NO_INDEX = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}


@pytest.mark.parametrize("words", [["hello"], ["-s", "be brief", "hello"], ["--list-models"]])
def test_naming_the_embedded_model_is_the_yes_of_a_single_question(home: Path, words: list[str]) -> None:
    done = run("-p", "local", *words, home=home, **NO_INDEX)
    assert b"SmolLM2 with 135M parameters, 98 MB" in done.stderr
    assert b"could not be fetched" in done.stderr, "it was tried"
    done = run(*words, home=home, **NO_INDEX)
    assert b"were not fetched" in done.stderr
    assert b"-p local fetches them" in done.stderr


@pytest.mark.parametrize("system", [[], ["-s", "be brief"]])
def test_naming_the_embedded_model_is_the_yes_of_a_chat_too(home: Path, system: list[str]) -> None:
    with chatrepl("-p", "local", *system, env=environment(home, **NO_INDEX)) as chat:
        chat.wait_for_prompt()
        chat.line("hello")
        chat.wait_for("could not be fetched")


def test_a_first_start_with_nothing_at_hand_says_what_would_do_and_a_1_is_enough(home: Path) -> None:
    with chatrepl(env=environment(home, **NO_INDEX)) as chat:
        chat.wait_for_prompt()
        told = [line for line in chat.lines() if line.strip()]
        assert "Any one of these will do" in told[1]
        assert [line[:2] for line in told[2:6]] == ["1 ", "2 ", "3 ", "4 "]
        chat.line("1")
        chat.wait_for("could not be fetched")
        chat.wait_for_prompt()
        chat.line("/new")
        chat.line("hello")
        chat.wait_for("Fetch them now? [y/N]")
        chat.line("n")
        chat.wait_for("/profile local fetches them.")


def test_a_1_is_a_question_where_there_was_a_choice(model: Path, home: Path) -> None:
    words = ["-p", "local", "-m", str(model), "-o", "max_tokens=8", "-o", "seed=1"]
    with chatrepl(*words, env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("1")
        chat.wait_for("8 out")
        assert not any("Any one of these" in line for line in chat.lines())


def test_a_single_question_asks_at_the_terminal_where_nothing_was_named(home: Path) -> None:
    for answer, outcome in (("n", "were not fetched"), ("y", "could not be fetched")):
        with chatrepl("hello", env=environment(home, **NO_INDEX)) as chat:
            chat.wait_for("Fetch them now? [y/N]")
            chat.line(answer)
            chat.wait_for(outcome)


def test_a_server_that_died_is_started_anew(model: Path, tmp_path: Path) -> None:
    local = replace(
        reading.load(tmp_path / "none").profile("local"), model=str(model), options={"max_tokens": 8, "seed": 1}
    )
    with faults.session(tmp_path, local) as seen:
        outcome = turn.ask(seen.session, question("hello"))
        assert outcome.kept
        embedded = seen.session.connection._embedded
        assert embedded
        server = embedded.server
        assert server
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        outcome = turn.ask(seen.session, question("hello"))
        assert outcome.kept
        assert seen.notes.getvalue().count("The embedded model has ended; it is started anew.") == 1
        assert not outcome.failure


def test_a_model_is_told_from_another_by_its_whole_path(model: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / model.name
    other.write_bytes(model.read_bytes())
    with faults.session(tmp_path, reading.load(tmp_path / "none").profile("local")) as seen:
        connection = seen.session.connection

        def server(name: str, context: int = 0) -> LocalServer:
            connection.ready(replace(seen.session.profile, model=name, context=context))
            assert connection._embedded
            assert connection._embedded.server
            return connection._embedded.server

        first = server(str(model))
        assert server(model.stem) is first, "as its list of models calls it"
        second = server(str(other))
        assert second is not first
        assert server(str(other)) is second
        holds = connection.models(replace(seen.session.profile, model=str(other), context=512))
        assert [each.context for each in holds] == [512], "as much as its profile says"
        with pytest.raises(ConfigError, match="were not fetched"):
            server("")


def test_the_embedded_model_is_never_asked_without_a_system_prompt(model: Path, tmp_path: Path) -> None:
    own = replace(
        reading.load(tmp_path / "none").profile("local"), model=str(model), options={"max_tokens": 8, "seed": 1}
    )
    other = Profile("other", dialect="openai-chat", place=Url("http://127.0.0.1:9/v1"), model="m", retries=0)
    with faults.session(tmp_path, own, replace(other, fallback=("local",))) as seen:

        def system() -> str:
            outcome = turn.ask(seen.session, question("hello"))
            assert outcome.kept
            assert seen.session.connection.last
            return str(json.loads(seen.session.connection.last.raw_body)["messages"][0]["content"])

        assert system() == "You are a helpful assistant."
        commands.run(seen.session, "/system Be brief.")
        assert system() == "Be brief."
        commands.run(seen.session, "/system off")
        assert system() == "You are a helpful assistant."
        assert "its own system prompt" in seen.notes.getvalue()
        before = len(seen.notes.getvalue())
        commands.run(seen.session, "/request")
        assert "system     " in seen.notes.getvalue()[before:]
        commands.run(seen.session, "/profile other")
        assert system() == "You are a helpful assistant.", "as a fallback"
