"""/request and /thinking, as a person uses them."""

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl.chat import commands
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.text.urls import shown as shown_url
from tests.support.chatting import ask
from tests.support.replies import reply
from tests.support.server import END, PATIENCE, Exchange, Server, chunk, say, whole
from tests.support.talking import Talk, shown
from tests.support.terminal import Terminal, chatrepl, environment

SECRET = "sk-never-to-be-seen"
CONFIG = """
default = "work"
[profiles.work]
dialect = "openai-chat"
base_url = "{url}?team=blue&api-key={secret}"
model = "test-model"
key_env = "WORK_KEY"
headers = {{ x-secret = "{secret}" }}
[profiles.text]
dialect = "openai-completions"
base_url = "{url}"
model = "m"
options = {{ template = "plain" }}
[profiles.lost]
dialect = "openai-chat"
base_url_env = "NOWHERE"
"""


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    home.mkdir()
    (home / "config.toml").write_text(CONFIG.format(url=server.url, secret=SECRET))
    with chatrepl(env=environment(home, WORK_KEY=SECRET), columns=110, rows=40) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def looked(chat: Terminal) -> str:
    """What /request shows, which sends nothing."""
    chat.line("/request")
    chat.wait_for("what you type next", times=chat.text().count("what you type next") + 1)
    chat.wait_for_prompt()
    lines = chat.lines()
    ends = [place for place, line in enumerate(lines) if line.startswith(">")]
    return "\n".join(lines[ends[-2] + 1 : ends[-1]])


def test_request_shows_address_messages_and_parameters_and_no_key(chat: Terminal, server: Server) -> None:
    ask(chat, "/system You are brief.", "prompt is set")
    server.answers(say("Hello, dear user"))
    ask(chat, "Hi", "Hello, dear user")
    ask(chat, "/set temperature 0.2", "temperature = 0.2")
    assert looked(chat).split("\n") == [
        f"POST {server.url}/chat/completions?team=blue&api-key=(hidden)",
        "work · test-model · openai-chat",
        "system     14 characters, about 4 tokens",
        "user       2 characters, about 1 token · 6 %",
        "assistant  16 characters, about 5 tokens · 50 %",
        "all that   32 characters, about 9 tokens",
        "user       what you type next",
        "stream = true",
        'stream_options = {"include_usage": true}',
        "temperature = 0.2",
    ]
    assert SECRET not in chat.text()
    assert len(server.requests) == 1


def test_request_knows_what_the_server_was_found_to_refuse(chat: Terminal, server: Server) -> None:
    refusal = {"error": {"message": "Unsupported parameter: 'temperature'", "param": "temperature"}}
    ask(chat, "/set temperature 0.2", "temperature = 0.2")
    server.answers(whole(refusal, 400), say("First."))
    ask(chat, "Hi", "First.")
    assert "temperature =" not in looked(chat)  # though it is told that it is left out


def test_request_tells_many_messages_together(chat: Terminal, server: Server) -> None:
    for number in range(11):
        server.answers(say(f"Reply {number}."))
        ask(chat, f"Question {number}?", f"Reply {number}.")
    shown = looked(chat)
    assert "2 messages  19 characters, about 7 tokens" in shown
    assert shown.count("assistant") == 10


def test_request_tells_that_raw_sends_only_what_is_typed(chat: Terminal, server: Server) -> None:
    ask(chat, "/profile text", "text · m")
    server.answers(reply("openai-completions", "Fine."), reply("openai-completions", "Good."))
    ask(chat, "How are you?", "Fine.")
    assert "not sent" not in looked(chat)
    ask(chat, "/set raw true", "raw = true")
    shown = looked(chat)
    assert "The conversation so far is kept but not sent: only what you type is." in shown
    assert "assistant" not in shown
    ask(chat, "And now?", "Good.")
    assert server.requests[-1].body["prompt"] == "And now?"


def test_request_of_a_profile_without_an_address_is_a_line(chat: Terminal) -> None:
    ask(chat, "/profile lost", "lost · its first model")
    chat.line("/request")
    chat.wait_for("has no address")
    chat.wait_for_prompt()


def test_profile_alone_lists_what_its_argument_may_be(chat: Terminal) -> None:
    chat.line("/profile")
    chat.wait_for("profile ›")
    for name in ("openrouter", "local", "lost"):
        chat.send(name)
        chat.wait_for(f"› {name}")
        chat.send("\x15")
    chat.send("\x1b")
    chat.wait_for(" · openai-chat · ")
    chat.wait_for_prompt()
    chat.line("/profile nope")
    chat.wait_for("There is no profile 'nope'")
    chat.wait_for_prompt()
    assert "--list-profiles" not in chat.text()


def test_profile_alone_is_a_list_with_numbers_where_lines_are_read(server: Server, home: Path) -> None:
    with chatrepl("--base-url", server.url, "-m", "m", "--plain", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("/profile")
        chat.wait_for("Which one? [1-")
        (row,) = (line for line in chat.lines() if " lmstudio " in f" {line} ")
        chat.line(row.split()[0])
        chat.wait_for("lmstudio · ")


def test_profile_names_the_model_that_answers_where_none_was_named(server: Server, home: Path) -> None:
    with chatrepl("--base-url", server.url, env=environment(home)) as chat:
        chat.wait_for_prompt()
        ask(chat, "/profile by-hand", "by-hand · its first model")
        ask(chat, "Hi", "Hello")
        ask(chat, "/profile by-hand", "by-hand · test-model · openai-chat")


def test_an_address_from_the_environment_is_told_before_the_first_question_and_after(
    server: Server, home: Path
) -> None:
    env = environment(home, OPENAI_API_KEY="k", OPENAI_BASE_URL=server.url)
    status = f"openai at {server.url.removesuffix('/v1')} · m"
    with chatrepl("-p", "openai", "-m", "m", env=env) as chat:
        chat.wait_for(f"{status} · 0 tokens")
        ask(chat, "/profile openai", f" · openai-chat · {server.url}")
        ask(chat, "/model m", "openai · m")
        ask(chat, "Hi", "Hello")
        chat.wait_for(f"{status} · 11 tokens")


def test_without_a_picker_models_are_chosen_by_number_or_there_are_too_many(talk: Talk, server: Server) -> None:
    session = talk(Profile("test", dialect="openai-chat", place=Url(server.url), model="m"))
    session.user = replace(session.user, answer=lambda _question: "1")
    server.listing = {"data": [{"id": "m"}, {"id": "another"}]}
    commands.run(session, "/model")
    assert session.profile.model == "another"
    server.listing = {"data": [{"id": f"m{number}"} for number in range(21)]}
    commands.run(session, "/model")
    assert session.profile.model == "another"
    assert "The server offers 21 models: /models lists them" in shown(session)


def test_a_key_that_is_missing_is_told_before_anything_is_asked(chat: Terminal, home: Path) -> None:
    ask(chat, "/profile groq", "GROQ_API_KEY is not set.")
    ask(chat, "/profile text", "text · m")
    assert chat.text().count("is not set") == 1
    with chatrepl("-p", "openai", env=environment(home)) as other:
        other.wait_for("OPENAI_API_KEY is not set.")
        other.wait_for("export OPENAI_API_KEY=...")
        other.wait_for_prompt()


def test_thinking_is_shown_or_hidden_and_kept_in_both_cases(chat: Terminal, server: Server, home: Path) -> None:
    ask(chat, "/thinking", "reasoning is shown.")
    server.answers(reply("openai-chat", "Four.", "Two and two."), reply("openai-chat", "Six.", "Three and three."))
    ask(chat, "2 + 2?", "Four.")
    assert "Two and two." in chat.text()
    ask(chat, "/set thinking false", "thinking = off")
    ask(chat, "3 + 3?", "Six.")
    assert "Three and three." not in chat.text()
    (session,) = (home / "sessions").glob("*.jsonl")
    assert "Three and three." in session.read_text("utf-8")
    chat.line("/thinking loud")
    chat.wait_for("thinking is one of on, line, off, not 'loud'")


@pytest.mark.parametrize(
    ("how", "said", "title"), [("line", "folded into a line", "▎ Three and four"), ("off", "hidden", "thinks · ")]
)
def test_hidden_reasoning_is_counted_or_not_even_that(
    chat: Terminal, server: Server, how: str, said: str, title: str
) -> None:
    release = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send("data: " + json.dumps({"choices": [{"delta": {"reasoning_content": "Three and four"}}]}) + "\n\n")
        assert release.wait(PATIENCE)
        exchange.send(chunk("Seven.") + END)

    ask(chat, f"/thinking {how}", f"reasoning is {said}.")
    server.answers(script)
    chat.line("3 + 4?")
    chat.wait_for(title)
    release.set()
    chat.wait_for("Seven.")
    chat.wait_for_prompt()
    assert "Three" not in chat.text()
    assert (" s · ~4 tokens" in chat.text()) == (how == "line"), "that is what stays of it"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/v1/chat", "https://example.org/v1/chat"),
        ("https://me:pw@example.org/v1", "https://example.org/v1"),
        ("https://h/v1?api-version=1&key=abc&x=1#f", "https://h/v1?api-version=1&key=(hidden)&x=1#f"),
        ("https://h/v1?Access_Token=abc", "https://h/v1?Access_Token=(hidden)"),
        ("https://h/a@b?sig=x@y", "https://h/a@b?sig=(hidden)"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_a_profile_brings_its_system_prompt_where_there_is_none_or_the_former_ones(talk: Talk, server: Server) -> None:
    session = talk(Profile("one", dialect="openai-chat", place=Url(server.url), model="m"))
    profiles = {name: replace(session.profile, name=name, system=f"I am {name}.") for name in ("two", "three")}
    session.config = session.config._replace(profiles={"one": session.profile, **profiles})

    def switched(name: str) -> tuple[str, bool]:
        before = len(shown(session))
        commands.run(session, f"/profile {name}")
        return session.conversation.system, "system prompt" in shown(session)[before:]

    assert switched("two") == ("I am two.", True)
    assert switched("three") == ("I am three.", True)
    assert switched("one") == ("", True)
    assert switched("three") == ("I am three.", True)
    commands.run(session, "/system Mine.")
    assert switched("two") == ("Mine.", False)
