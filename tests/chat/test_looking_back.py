"""What was said and sent can be seen again: set aside, thought, recorded; and sessions that begin and never were."""

import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl import sessions
from chatrepl.chat.commands import history
from chatrepl.client.exchange import Exchange
from chatrepl.client.routes import Route
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.text.redaction import Secrets
from tests.support.chatting import ask, sent
from tests.support.program import run
from tests.support.server import Server, chunk, say, whole
from tests.support.talking import Talk, asked, shown
from tests.support.terminal import CTRL_C, CTRL_D, Terminal, chatrepl, environment


@pytest.fixture
def chat(server: Server, home: Path):  # type: ignore[no-untyped-def]
    with chatrepl("--base-url", server.url, "-m", "test-model", env=environment(home)) as terminal:
        terminal.wait_for_prompt()
        yield terminal


ASIDE = {
    "reset": [("/reset", "forgotten")],
    "undo": [("/undo", "removed")],
    "undone, and something new said": [("/undo", "removed"), ("Something new", "Another one.")],
    "edited": [("/edit", "set aside")],
    "retried": [("/retry", "Another one.")],
}


@pytest.mark.parametrize("case", ASIDE)
def test_what_was_set_aside_is_found_and_marked(chat: Terminal, server: Server, home: Path, case: str) -> None:
    server.answers(say("The walrus sings."), say("Another one."))
    ask(chat, "Tell me of the sea", "The walrus sings.")
    for line, told in ASIDE[case]:
        chat.line(line)
        chat.wait_for(told)
    if case == "edited":
        chat.wait_for_prompt("Tell me of the sea")
        chat.send(CTRL_C)
    chat.wait_for_prompt()
    ask(chat, "/find walrus", "(set aside) The walrus sings.")
    found = list(sessions.found(home / "sessions", "walrus"))
    assert [(match.line, match.aside) for match in found] == [("The walrus sings.", True)]
    assert sessions.named(home / "sessions", "walrus")


def test_what_stands_is_found_unmarked(chat: Terminal, home: Path) -> None:
    ask(chat, "Tell me of the walrus", "Hello")
    ask(chat, "/find walrus", "/resume ID")
    assert "set aside" not in chat.text()


@pytest.mark.parametrize(("line", "title"), [("/new", "Hi"), ("/clear", "Hi"), ("/new Seals", "Seals")])
def test_a_new_session_keeps_the_old_one_and_the_system_prompt(
    chat: Terminal, server: Server, home: Path, line: str, title: str
) -> None:
    ask(chat, "/system Be brief.", "The system prompt is set")
    ask(chat, "First", "Hello")
    ask(chat, line, "goes back to the old one")
    ask(chat, "Hi", "Hello")
    assert sent(server) == [("system", "Be brief."), ("user", "Hi")]
    assert sorted(each.title for each in sessions.listed(home / "sessions")) == sorted(["First", title])


def test_a_new_session_where_nothing_was_said(chat: Terminal, home: Path) -> None:
    ask(chat, "/new", "A new session.")
    chat.send(CTRL_D)
    assert chat.end() == 0
    assert list(sessions.listed(home / "sessions")) == []


def thinks(thought: str, text: str) -> str:
    delta = '{"choices":[{"index":0,"delta":{"reasoning_content":%s}}]}'
    import json

    return f"data: {delta % json.dumps(thought)}\n\n" + chunk(text) + chunk(finish="stop") + "data: [DONE]\n\n"


def thinking(server: Server, *replies: tuple[str, str]) -> None:
    def script(body: str):  # type: ignore[no-untyped-def]
        def answer(exchange) -> None:  # type: ignore[no-untyped-def]
            exchange.head()
            exchange.send(body)

        return answer

    server.answers(*(script(thinks(*reply)) for reply in replies))


def test_reasoning_is_seen_again(chat: Terminal, server: Server, home: Path) -> None:
    thinking(server, ("A greeting, it seems.", "Hello"), ("Now a farewell.", "Bye"))
    ask(chat, "/thinking off", "hidden")
    ask(chat, "Hi", "Hello")
    ask(chat, "And now?", "Bye")
    assert "A greeting" not in chat.text()
    ask(chat, "/thinking 1", "▎ A greeting, it seems.")
    ask(chat, "/thinking 2", "▎ Now a farewell.")
    ask(chat, "/thinking", "▎ Now a farewell.")
    ask(chat, "/thinking 3", "only 2 turns")
    ask(chat, "/thinking on", "shown")
    ask(chat, "/history", "▎ Now a farewell.")
    ask(chat, "/thinking line", "folded")
    ask(chat, "/history", "/thinking 2 shows it")
    with chatrepl("-c", "--base-url", server.url, "-m", "m", env=environment(home)) as again:
        again.wait_for("▎ A greeting, it seems.")
        again.wait_for("▎ Now a farewell.")
        again.wait_for('resumed "Hi (fork)" · 2 turns · just now')


@pytest.mark.parametrize(("lines", "left"), [(40, 0), (41, 21), (5_000, 4_980)])
def test_of_a_long_text_that_was_pasted_the_first_lines_are_shown_again(
    server: Server, talk: Talk, lines: int, left: int
) -> None:
    server.answers(say("I see."))
    session = talk(Profile("test", dialect="openai-chat", place=Url(server.url), model="m"))
    asked(session, "\n".join(f"line {place}" for place in range(1, lines + 1)))
    history.show_again(session)
    again = shown(session).rpartition("> line 1\n")[2]
    assert again.count("line ") == lines - left - 1  # behind the first one
    assert (f"  … {left:,} more lines; /history shows all." in again) == bool(left)


def test_nothing_is_said_to_be_resumed_where_there_was_no_session(server: Server, home: Path) -> None:
    with chatrepl("-c", "--plain", "--base-url", server.url, "-m", "m", env=environment(home)) as first:
        first.wait_for("There is no session to continue yet")
        first.wait_for("> ")
        assert "resumed" not in first.text()


def test_a_plain_prompt_tells_the_reasoning_too(server: Server, home: Path) -> None:
    thinking(server, ("A greeting, it seems.", "Hello"))
    with chatrepl("--plain", "--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        chat.wait_for("Hello")
        chat.line("/thinking 1")
        chat.wait_for("thinking: A greeting, it seems.")


FAILURES = {
    "refused": [whole({"error": {"message": "no"}}, 400)],
    "nothing": [say("")],
}


@pytest.mark.parametrize("case", FAILURES)
@pytest.mark.parametrize("flags", [(), ("--json",), ("--no-stream",)])
def test_a_one_shot_that_fails_leaves_no_session(server: Server, home: Path, case: str, flags: tuple[str, ...]) -> None:
    server.answers(*FAILURES[case])
    done = run("--base-url", server.url, "-m", "m", *flags, "Hi", home=home)
    assert done.returncode == 1
    assert list((home / "sessions").glob("*")) == []
    if flags == ("--json",):
        assert b'"session": null' in done.stdout


def test_a_question_that_failed_in_a_session_with_others_is_no_loss(chat: Terminal, server: Server, home: Path) -> None:
    ask(chat, "Hi", "Hello")
    server.answers(whole({"error": {"message": "no such thing"}}, 400))
    chat.line("And?")
    chat.wait_for("no such thing")
    chat.wait_for_prompt("And?")
    chat.send(CTRL_C + CTRL_D)
    assert chat.end() == 0
    assert [each.turns for each in sessions.listed(home / "sessions")] == [1]


def test_the_context_is_known_after_the_first_turn(chat: Terminal, server: Server) -> None:
    server.listing = {"data": [{"id": "test-model", "context_length": 4096}]}
    ask(chat, "Hi", "Hello")
    chat.line("/title It")
    chat.until(lambda: "/4k · It" in chat.lines()[-1], "the context")


def test_a_recording_of_another_question_is_told(server: Server, home: Path, tmp_path: Path) -> None:
    flags = ["--base-url", server.url, "-m", "m"]
    assert run(*flags, "--record", str(tmp_path / "r"), "What is a walrus?", home=home).returncode == 0
    again = run(*flags, "--replay", str(tmp_path / "r"), "What is a walrus?", home=home)
    assert (again.stdout, again.stderr) == (b"Hello\n", b"")
    other = run(*flags, "--replay", str(tmp_path / "r"), "What is a seal?", home=home)
    assert other.stdout == b"Hello\n"
    assert b"The recording answers another question: 'What is a walrus?'" in other.stderr


def exchange(kind: str, *pieces: bytes) -> Exchange:
    headers = {"content-type": kind}
    made = Exchange("POST", "http://x", {}, b"{}", Secrets(), Route(), "", 0.0, 200, answer_headers=headers)
    for piece in pieces:
        made.came(piece, 1.0)
    return made


STREAM = b'data: {"a":1}\n\n: beat\n\nevent: x\ndata: {"b":2}\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_stream_is_told_in_short(size: int) -> None:
    seen = exchange("text/event-stream", *(STREAM[at : at + size] for at in range(0, len(STREAM), size)))
    told = "\n".join(seen.told())
    assert f"a stream of {len(STREAM)} bytes in 3 events; /last --raw shows its end" in told
    assert '"b": 2' in told
    assert "[DONE]" not in told
    assert "data: [DONE]" in "\n".join(seen.told(raw=True))


def test_so_are_json_lines_and_a_whole_answer_is_not() -> None:
    assert "in 2 events" in "\n".join(exchange("application/x-ndjson", b'{"a":1}\n{"b"', b":2}\n").told())
    assert '{"a":1}' in "\n".join(exchange("application/json", b'{"a":1}').told())


def test_last_raw_at_the_prompt(chat: Terminal, server: Server) -> None:
    ask(chat, "Hi", "Hello")
    ask(chat, "/last", "/last --raw shows its end")
    ask(chat, "/last --raw", "data: [DONE]")
