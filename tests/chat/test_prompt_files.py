"""Prompt files run: at the prompt, from the command line, and what none of them does."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl.chat.commands import suggestions
from chatrepl.chat.commands.table import is_command
from chatrepl.config import prompts
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from tests.support.chatting import ask, sent
from tests.support.program import run
from tests.support.server import Server
from tests.support.talking import Talk
from tests.support.terminal import Terminal, chatrepl, environment

FILES = {
    "review": "---\ndescription: Review a change\nargument-hint: [branch]\nsystem: Be terse.\nmodel: big\n"
    "options: { temperature = 0.5 }\n---\nReview $1 in $lang. !`git diff` @../secret.md @notes.md\n",
    "notes": "NOTE",
    "pirate": "---\nsystem: Arr!\nmodel: ship\noptions: { seed = 7 }\n---\n",
    "git/commit": "Commit: $ARGUMENTS",
    "help": "Not this.",
    "broken": "---\noptions: 3\n---\nx",
    "two words": "x",
}


@pytest.fixture
def folder(home: Path) -> Path:
    for name, text in FILES.items():
        path = home / "prompts" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (home / "secret.md").write_text("SECRET")
    return home / "prompts"


@pytest.fixture
def chat(server: Server, home: Path, folder: Path) -> Iterator[Terminal]:
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home), columns=200) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def test_a_file_is_asked_with_what_it_sets_and_the_next_question_without(chat: Terminal, server: Server) -> None:
    chat.line("/review main")
    chat.wait_for("lang:")
    ask(chat, "Go", "Hello")
    assert "`git diff` is sent as text" in chat.text()
    assert "@../secret.md is sent as text" in chat.text()
    body = server.requests[-1].body
    assert (body["model"], body["temperature"]) == ("big", 0.5)
    (_, system), (_, text) = sent(server)
    assert system == "Be terse."
    assert text.endswith("Review main in Go. !`git diff` @../secret.md @notes.md")
    assert "NOTE" in text
    assert "/notes.md" not in text, "it goes out by the name that it has in the file"
    assert "SECRET" not in text
    ask(chat, "And now?", "Hello")
    assert server.requests[-1].body["model"] == "m"
    assert "temperature" not in server.requests[-1].body
    assert [role for role, _ in sent(server)] == ["user", "assistant", "user"]


def test_a_persona_sets_the_session(chat: Terminal, server: Server) -> None:
    ask(chat, "/pirate", "the system prompt is set")
    ask(chat, "Hi", "Hello")
    assert sent(server) == [("system", "Arr!"), ("user", "Hi")]
    assert (server.requests[-1].body["model"], server.requests[-1].body["seed"]) == ("ship", 7)


def test_what_cannot_be_run_is_told(chat: Terminal) -> None:
    ask(chat, "/prompts", "is a command")
    for told in ("/review [branch]", "line 2", "'two words.md' cannot be run", "/git:commit"):
        assert told in chat.text()
    ask(chat, "/help", "/help is a command; the prompt file of that name is run by -t help")
    ask(chat, "/broken", "broken.md, line 2")
    ask(chat, "/reviev x", "did you mean '/review'")


def test_its_tools_are_on_for_its_question_alone(server: Server, home: Path, folder: Path) -> None:
    home.chmod(0o700)
    (home / "config.toml").write_text('[tools.dice]\ncommand = ["true"]\ndescription = "Rolls."\n')
    (folder / "roll.md").write_text("---\ntools: dice\n---\nRoll!")
    (folder / "wrong.md").write_text("---\ntools: cards\n---\nDraw!")
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home), columns=200) as chat:
        chat.wait_for_prompt()
        ask(chat, "/roll", "Hello")
        assert [each["function"]["name"] for each in server.requests[-1].body["tools"]] == ["dice"]
        ask(chat, "And now?", "Hello")
        assert "tools" not in server.requests[-1].body
        ask(chat, "/wrong", "There is no tool or server 'cards'")
    assert len(server.requests) == 2
    assert run("--base-url", server.url, "-m", "m", "-t", "roll", home=home).returncode == 0
    assert server.requests[-1].body["tools"]
    assert run("--base-url", server.url, "-m", "m", "-t", "wrong", home=home).returncode == 2


def test_it_may_ask_for_the_search_of_the_vendor(server: Server, home: Path, folder: Path) -> None:
    (folder / "news.md").write_text("---\nsearch: true\n---\nWhat is new?")
    words = ("--dialect", "openai-responses", "--base-url", server.url, "-m", "m", "-t", "news")
    run(*words, home=home)
    assert server.requests[-1].body["tools"] == [{"type": "web_search"}]
    told = run("--base-url", server.url, "-m", "m", "-t", "news", home=home).stderr.decode()
    assert "has no web search of its own that chatrepl knows; the dialect openai-responses has one." in told
    assert "No sources" not in told


def test_a_variable_without_a_value_sends_nothing(chat: Terminal, server: Server) -> None:
    chat.line("/review main")
    chat.wait_for("lang:")
    ask(chat, "", "lang has no value")
    assert not server.requests


def test_the_session_is_saved_as_a_persona(chat: Terminal, folder: Path) -> None:
    ask(chat, "/system Be kind.", "is set")
    ask(chat, "/set seed 3", "seed")
    ask(chat, "/save --prompt kind", "Saved to")
    found = prompts.load(folder, "kind")
    assert (found.model, found.system, found.options, found.text) == ("m", "Be kind.", {"seed": 3}, "")
    ask(chat, "/save --prompt kind", "is there already")


def test_an_editor_writes_one(server: Server, home: Path, folder: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf 'Say $input' > \"$1\"\n")
    editor.chmod(0o700)
    env = environment(home, VISUAL=str(editor))
    with chatrepl("--base-url", server.url, "-m", "m", env=env, columns=200) as chat:
        chat.wait_for_prompt()
        ask(chat, "/prompts edit new:say", "Saved to")
        ask(chat, "/new:say hello", "Hello")
    assert sent(server) == [("user", "Say hello")]


@pytest.mark.parametrize(
    ("words", "piped", "asked"),
    [
        (("-t", "git:commit", "now", "and here"), None, "Commit: now and here"),
        (("-t", "git:commit"), "a diff\nlang=x", "Commit: a diff\nlang=x"),
        (("-t", "git:commit", "now"), "a diff", "Commit: now\n\na diff"),
        (("-t", "help"), None, "Not this."),
    ],
)
def test_a_file_is_asked_from_the_command_line(
    server: Server, home: Path, folder: Path, words: tuple[str, ...], piped: str | None, asked: str
) -> None:
    done = run("--base-url", server.url, "-m", "m", *words, home=home, typed=piped)
    assert (done.returncode, done.stdout) == (0, b"Hello\n")
    assert sent(server) == [("user", asked)]


def test_values_keep_their_blanks_and_flags_go_before_what_the_file_sets(
    server: Server, home: Path, folder: Path
) -> None:
    flags = ("--base-url", server.url, "-m", "m", "-o", "temperature=0.1")
    done = run(*flags, "-t", "review", "main", "lang=Visual Basic", home=home)
    assert done.returncode == 0
    body = server.requests[-1].body
    assert (body["model"], body["temperature"]) == ("m", 0.1)
    assert "Review main in Visual Basic." in str(body)


@pytest.mark.parametrize("name", ["review", "broken", "nothing", "../secret", "a b", ""])
def test_what_cannot_be_asked_is_one_line_and_status_2(server: Server, home: Path, folder: Path, name: str) -> None:
    done = run("--base-url", server.url, "-m", "m", "-t", name, home=home)
    assert (done.returncode, done.stdout, len(server.requests)) == (2, b"", 0)
    assert len(done.stderr.splitlines()) <= 2


def test_files_are_completed_with_what_they_are_for(talk: Talk, folder: Path) -> None:
    chat = talk(Profile("test", dialect="openai-chat", place=Url("http://127.0.0.1:9"), model="m"))
    assert ("/git:commit", "Commit: $ARGUMENTS", 3) in list(suggestions(chat, "/gi"))
    assert list(suggestions(chat, "/review")) == [("/review ", "[branch] · Review a change", 7)]
    assert list(suggestions(chat, "/review main la")) == [("lang=", "", 2)]
    assert [text for text, _, _ in suggestions(chat, "/help")] == ["/help "]


def test_their_names_and_slips_of_them_are_commands(folder: Path) -> None:
    for line in ("/review x", "/git:commit x y", "/reviwe x", "/notes"):
        assert is_command(line, folder)
    for line in ("/tmp is full", "/git:commit/x y", "/secret.md x", "/" + "x" * 300 + " y"):
        assert not is_command(line, folder)
