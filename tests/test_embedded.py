"""The embedded model in the whole program: llama.cpp's real server, with a tiny model of random weights."""

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)
pytest.importorskip("xllamacpp")

from tests import tinymodel
from tests.terminal import CTRL_D, chatrepl, environment


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
        chat.line("hello")
        chat.wait_for("Fetch them now? [y/N]")
        chat.line("n")
        chat.wait_for("were not fetched")
        chat.wait_for_prompt("hello")
    assert not list(home.rglob("*.gguf"))
