"""The REPL as a person uses it: the whole program on a pty, against a server that is scripted byte by byte."""

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.chatting import ask, say_slowly, sent

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl.chat import commands, repl
from chatrepl.chat.commands.table import ELSEWHERE, named
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.errors import CommandError
from tests.support.server import Script, Server, byte_by_byte, cut, say, serving, stay, whole
from tests.support.talking import Talk, shown
from tests.support.terminal import (
    ALT_ENTER,
    CTRL_C,
    CTRL_D,
    CTRL_J,
    ENTER,
    PASTE,
    TAB,
    UP,
    Terminal,
    chatrepl,
    environment,
)


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    """chatrepl at its prompt, talking to the scripted server."""
    with chatrepl("--base-url", server.url, "-m", "test-model", env=environment(home)) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def test_the_first_line_says_profile_and_model_and_where_help_is(chat: Terminal, home: Path) -> None:
    first = "".join(chat.lines()[:3])
    assert "by-hand" in first
    assert "test-model" in first
    assert "/help" in first


@pytest.mark.parametrize("script", [say, byte_by_byte])
def test_pieces_become_one_message_that_goes_along_with_the_next_question(
    chat: Terminal, server: Server, script: Callable[..., Script]
) -> None:
    server.answers(script("Hel", "lo"), say("Fine."))
    ask(chat, "Hi", "Hello")
    ask(chat, "How are you?", "Fine.")
    assert sent(server) == [("user", "Hi"), ("assistant", "Hello"), ("user", "How are you?")]


def test_the_system_prompt_is_one_message_and_first(chat: Terminal, server: Server) -> None:
    ask(chat, "Hi", "Hello")
    ask(chat, "/system You talk like a pirate.", "The system prompt is set")
    ask(chat, "Who are you?", "Hello")
    ask(chat, "/system You are brief.", "prompt is set")
    server.answers(say("Brief."))
    ask(chat, "And now?", "Brief.")
    assert sent(server, 1)[0] == ("system", "You talk like a pirate.")
    assert [role for role, _ in sent(server, 1)] == ["system", "user", "assistant", "user"]
    assert [content for role, content in sent(server) if role == "system"] == ["You are brief."]


def test_reset_forgets_the_conversation_and_keeps_the_system_prompt_and_undo_brings_it_back(
    chat: Terminal, server: Server
) -> None:
    ask(chat, "/system You are brief.", "prompt is set")
    ask(chat, "Hi", "Hello")
    ask(chat, "/reset", "1 turn forgotten; /undo brings it back")
    server.answers(say("Again."))
    ask(chat, "Who?", "Again.")
    assert sent(server) == [("system", "You are brief."), ("user", "Who?")]
    ask(chat, "/reset", "1 turn forgotten")
    for times, line in enumerate(("/retry", "/continue", "/edit"), 1):
        chat.line(line)
        chat.wait_for("/undo brings back what was set aside.", times=times)
    ask(chat, "/undo", "Everything is back")
    server.answers(say("Yes."))
    ask(chat, "Still there?", "Yes.")
    assert sent(server)[1:3] == [("user", "Who?"), ("assistant", "Again.")]


def test_ctrl_c_stops_a_reply_keeps_what_came_and_hangs_up(chat: Terminal, server: Server, home: Path) -> None:
    server.answers(stay("It is ", "fo"), say("ur."))
    chat.line("What is 2 + 2?")
    chat.wait_for("It is fo")
    chat.send(CTRL_C)
    chat.wait_for("Stopped.")
    chat.wait_for_prompt()
    assert server.requests[0].closed.wait(20)
    ask(chat, "Go on", "ur.")
    assert sent(server) == [("user", "What is 2 + 2?"), ("assistant", "It is fo"), ("user", "Go on")]
    assert [entry["ending"] for entry in messages(home) if entry["role"] == "assistant"] == ["interrupted", "stop"]


def test_ctrl_c_before_the_first_word_puts_the_question_back(chat: Terminal, server: Server) -> None:
    server.answers(stay())
    chat.line("Anybody there?")
    server.received()
    chat.send(CTRL_C)
    chat.wait_for("Stopped before the first word")
    chat.wait_for_prompt("Anybody there?")
    server.answers(say("Yes."))
    ask(chat, "", "Yes.")
    assert sent(server) == [("user", "Anybody there?")]


def test_keys_typed_during_a_reply_stand_in_the_next_prompt_and_not_in_the_reply(
    chat: Terminal, server: Server
) -> None:
    release = threading.Event()
    server.answers(say_slowly(release))
    chat.line("Hi")
    chat.wait_for("one")
    chat.send("typed ahead")
    release.set()
    chat.wait_for("two")
    chat.wait_for_prompt("typed ahead")
    assert chat.text().count("typed ahead") == 1


def test_keys_typed_before_ctrl_c_are_not_lost(chat: Terminal, server: Server) -> None:
    server.answers(stay("one"))
    chat.line("Hi")
    chat.wait_for("one")
    chat.send("typed ahead")
    chat.send(CTRL_C)
    chat.wait_for("Stopped.")
    chat.wait_for_prompt("typed ahead")


FAILURES = {
    "a wrong key": (whole({"error": {"message": "Incorrect API key"}}, 401), "401 Unauthorized: Incorrect API key"),
    "an unknown model": (whole({"error": {"message": "no such model"}}, 404), "404 Not Found: no such model"),
    "no JSON": (whole("Welcome!"), "is not JSON"),
    "an error with status 200": (whole({"error": {"message": "asleep"}}), "asleep"),
    "an error in the stream": (whole('data: {"error":{"message":"crashed"}}\n\n', kind="text/event-stream"), "crashed"),
    "nothing at all": (whole("", kind="text/event-stream"), "broke off"),
    "a reset connection": (lambda exchange: exchange.hang_up(), "closed the connection without an answer"),
    "a page": (whole("<html><title>Sign in</title></html>", 404, "text/html"), "404 Not Found: Sign in"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_a_line_the_repl_lives_on_and_the_question_is_back(
    chat: Terminal, server: Server, home: Path, case: str
) -> None:
    script, line = FAILURES[case]
    server.answers(*[script] * (3 if "reset" in case else 1))  # a dead connection is tried twice more
    chat.line("Precious words")
    chat.wait_for(line)
    chat.wait_for_prompt("Precious words")
    assert "Traceback" not in chat.text()
    ask(chat, "", "Hello")
    assert sent(server) == [("user", "Precious words")]
    assert "Precious words" in journal(home)


def test_no_server_is_a_line_too(home: Path) -> None:
    with serving() as gone:
        url = gone.url
    with chatrepl("--base-url", url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Anybody?")
        chat.wait_for("cannot be reached: connection refused")
        chat.wait_for_prompt("Anybody?")


def test_a_stream_cut_after_three_tokens_is_kept_and_marked(chat: Terminal, server: Server, home: Path) -> None:
    server.answers(cut("one ", "two ", "three"))
    ask(chat, "Count", "one two three")
    chat.wait_for("The reply is incomplete. What came is kept; /continue goes on with it.")
    assert "may help" not in chat.text()
    ask(chat, "Go on", "Hello")
    assert sent(server) == [("user", "Count"), ("assistant", "one two three"), ("user", "Go on")]
    assert [entry["ending"] for entry in messages(home) if entry["role"] == "assistant"] == ["failed", "stop"]


def test_retry_asks_again_and_replaces_the_reply(chat: Terminal, server: Server) -> None:
    server.answers(say("First."), say("Second."), say("Third."))
    ask(chat, "Hi", "First.")
    ask(chat, "/retry", "Second.")
    assert sent(server) == [("user", "Hi")]
    ask(chat, "More", "Third.")
    assert sent(server) == [("user", "Hi"), ("assistant", "Second."), ("user", "More")]


def test_a_retry_that_fails_keeps_the_old_reply(chat: Terminal, server: Server) -> None:
    server.answers(say("First."), whole({"error": "no such model"}, 404), say("Third."))
    ask(chat, "Hi", "First.")
    chat.line("/retry")
    chat.wait_for("404")
    chat.wait_for_prompt()
    ask(chat, "More", "Third.")
    assert sent(server) == [("user", "Hi"), ("assistant", "First."), ("user", "More")]


def test_undo_takes_turns_away(chat: Terminal, server: Server) -> None:
    server.answers(say("First."), say("Second."), say("Third."))
    ask(chat, "a", "First.")
    ask(chat, "b", "Second.")
    ask(chat, "/undo", "1 turn removed; /redo brings it back.")
    ask(chat, "c", "Third.")
    assert sent(server) == [("user", "a"), ("assistant", "First."), ("user", "c")]


def test_turns_that_are_gone_come_back_as_it_or_them(chat: Terminal) -> None:
    ask(chat, "a", "Hello")
    chat.line("b")
    chat.wait_for("Hello", times=2)
    chat.wait_for_prompt()
    chat.line("/edit 1")
    chat.wait_for("2 turns set aside; /undo brings them back.")


def test_an_unknown_command_names_its_neighbour_and_sends_nothing(chat: Terminal, server: Server) -> None:
    chat.line("/hlep")
    chat.wait_for("did you mean '/help'?")
    chat.wait_for_prompt()
    chat.send(UP)
    chat.wait_for_prompt("/hlep")
    assert not server.requests


@pytest.mark.parametrize(
    ("typed", "meant"), [*ELSEWHERE.items(), ("/BYE", "/quit"), ("/models?", "/models"), ("/modle", "/model")]
)
def test_a_name_from_elsewhere_and_a_wrong_one_lead_to_the_command(typed: str, meant: str) -> None:
    assert meant in commands.COMMANDS
    with pytest.raises(CommandError, match=re.escape(f"There is no command '{typed}': did you mean '{meant}'?")):
        named(typed)


def test_two_slashes_send_a_message_that_begins_with_one(chat: Terminal, server: Server) -> None:
    ask(chat, "//help is a word", "Hello")
    assert sent(server) == [("user", "/help is a word")]


def test_lines_can_be_added_and_pasted(chat: Terminal, server: Server) -> None:
    chat.send(f"one{CTRL_J}two{ALT_ENTER}three{PASTE[0]}\nfour\nfive{PASTE[1]}")
    ask(chat, "", "Hello")
    assert sent(server) == [("user", "one\ntwo\nthree\nfour\nfive")]


def test_a_command_is_completed_by_tab(chat: Terminal, server: Server) -> None:
    chat.send(f"/sys{TAB}")
    chat.wait_for("/system")
    chat.line(" You are brief.")
    chat.wait_for("The system prompt is set")


def test_save_writes_the_conversation_and_never_over_a_file(chat: Terminal, server: Server, tmp_path: Path) -> None:
    target = tmp_path / "talk.md"
    ask(chat, "Hi", "Hello")
    ask(chat, f"/save {target}", "Saved to")
    before = target.read_text("utf-8")
    assert "Hi" in before
    assert "Hello" in before
    chat.line(f"/save {target}")
    chat.wait_for("exists")
    assert target.read_text("utf-8") == before


def test_save_names_the_folder_that_is_not_there(chat: Terminal, tmp_path: Path) -> None:
    ask(chat, "Hi", "Hello")
    chat.line(f"/save {tmp_path}/nowhere/talk.md")
    chat.wait_for("nowhere")
    chat.wait_for_prompt()
    assert "Traceback" not in chat.text()


@pytest.mark.parametrize("name", ["nofile", "nofile.xyz", "nofile.md"])
def test_load_tells_first_that_there_is_no_file(chat: Terminal, name: str) -> None:
    ask(chat, f"/load {name}", f"{name} cannot be read: No such file or directory")


def test_a_saved_conversation_is_loaded_and_goes_on(chat: Terminal, server: Server, tmp_path: Path) -> None:
    ask(chat, "/system You are brief.", "prompt is set")
    ask(chat, "Hi", "Hello")
    ask(chat, f"/save {tmp_path}/talk.md", "Saved to")
    ask(chat, "/reset", "forgotten")
    ask(chat, f"/load {tmp_path}/talk.md", "1 turn loaded")
    server.answers(say("Yes."))
    ask(chat, "Remember?", "Yes.")
    assert sent(server) == [
        ("system", "You are brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Remember?"),
    ]


def test_set_changes_the_request_and_set_save_the_configuration(chat: Terminal, server: Server, home: Path) -> None:
    ask(chat, "/set temperature 0.2", "temperature = 0.2")
    ask(chat, "/set --save markdown off", "saved to")
    ask(chat, "Hi", "Hello")
    assert server.requests[0].body["temperature"] == 0.2
    assert "markdown = false" in (home / "config.toml").read_text("utf-8")
    chat.line("/set temprature 1")
    chat.wait_for("did you mean 'temperature'?")


def test_a_parameter_that_the_server_refuses_heals_itself_and_is_remembered(chat: Terminal, server: Server) -> None:
    refusal = {
        "error": {
            "message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            "param": "max_tokens",
        }
    }
    ask(chat, "/set max_tokens 50", "max_tokens = 50")
    server.answers(whole(refusal, 400), say("First."), say("Second."))
    ask(chat, "Hi", "First.")
    chat.wait_for("does not take max_tokens; asked again with max_completion_tokens")
    ask(chat, "More", "Second.")
    bodies = [each.body for each in server.requests]
    assert [body.get("max_tokens") for body in bodies] == [50, None, None]
    assert [body.get("max_completion_tokens") for body in bodies] == [None, 50, 50]


def test_a_parameter_is_mended_once_and_no_more(chat: Terminal, server: Server) -> None:
    refusal = whole({"error": {"message": "Unsupported parameter: 'max_tokens'", "param": "max_tokens"}}, 400)
    ask(chat, "/set max_tokens 50", "max_tokens = 50")
    server.answers(refusal, refusal)
    chat.line("Hi")
    chat.wait_for("400 Bad Request")
    chat.wait_for_prompt("Hi")
    assert len(server.requests) == 2


def test_models_are_listed_and_one_is_chosen(chat: Terminal, server: Server) -> None:
    ask(chat, "/models", "other-model")
    ask(chat, "/model othermodel", "The server does not list 'othermodel': did you mean 'other-model'?")
    ask(chat, "/model other-model", "by-hand · other-model")
    assert chat.text().count("does not list") == 1
    ask(chat, "Hi", "Hello")
    assert server.requests[0].body["model"] == "other-model"


def test_a_profile_is_switched_in_mid_conversation(server: Server, home: Path) -> None:
    home.mkdir()
    with serving() as second:
        (home / "config.toml").write_text(
            f'default = "one"\n[profiles.one]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "m1"\n'
            f'[profiles.two]\ndialect = "openai-chat"\nbase_url = "{second.url}"\nmodel = "m2"\n'
        )
        with chatrepl(env=environment(home)) as chat:
            chat.wait_for_prompt()
            ask(chat, "Hi", "Hello")
            ask(chat, "/profile two", "two · m2")
            second.answers(say("Yes."))
            ask(chat, "Still there?", "Yes.")
            assert sent(second) == [("user", "Hi"), ("assistant", "Hello"), ("user", "Still there?")]


def test_who_is_talked_to_by_hand_can_be_returned_to(chat: Terminal, server: Server) -> None:
    ask(chat, "Hi", "Hello")
    ask(chat, "/profile local", "local · ")
    ask(chat, "/profile by-hand", f"by-hand · test-model · openai-chat · {server.url}")
    server.answers(say("Yes."))
    ask(chat, "Still there?", "Yes.")


def test_ctrl_c_clears_the_line_and_twice_on_an_empty_one_leaves(chat: Terminal) -> None:
    chat.send("half a thought")
    chat.wait_for_prompt("half a thought")
    chat.send(CTRL_C)
    chat.wait_for_prompt()
    chat.send(CTRL_C)
    chat.wait_for("Ctrl-C again")
    chat.wait_for_prompt()
    chat.send(CTRL_C)
    assert chat.end() == 0


def test_ctrl_c_long_after_another_clears_a_thought_and_does_not_leave(talk: Talk) -> None:
    chat = talk(Profile("test", dialect="openai-chat", place=Url("http://127.0.0.1:9/v1"), model="m"))
    seconds = iter([1000.0, 1060.0, 1061.0])
    chat.clock = lambda: next(seconds)

    class Pressed:
        typed = True
        is_text = False
        images = ()

        def read(self, start: str = "", *, held: bool = False) -> str:
            raise KeyboardInterrupt

        def answer(self, question: str) -> str:
            return ""

        def close(self) -> None:
            pass

    repl.run(chat, Pressed())
    assert shown(chat).count("Ctrl-C again") == 2
    assert list(seconds) == []


def test_a_failed_command_leaves_nothing_before_the_next(chat: Terminal, server: Server) -> None:
    chat.send(f"/help nosuch{ENTER}/nosuch{ENTER}")
    chat.wait_for("There is no command", times=2)
    chat.wait_for_prompt()
    assert "/nosuch/nosuch" not in chat.text()


@pytest.mark.parametrize("word", ["help", "?", "Help "])
def test_a_word_that_other_programs_obey_is_obeyed_and_behind_a_blank_it_is_sent(
    chat: Terminal, server: Server, word: str
) -> None:
    ask(chat, word, "/help all")
    assert not server.requests
    ask(chat, f" {word}", "Hello")
    assert sent(server) == [("user", f" {word}")]
    chat.send(f"{PASTE[0]}{word}{PASTE[1]}")
    ask(chat, "", "Hello")
    assert len(server.requests) == 2, "what was pasted is a text"


@pytest.mark.parametrize("keys", [CTRL_D, *(f"{word}{ENTER}" for word in ("/quit", "/exit", "exit", "quit", ":q"))])
def test_it_ends_well_and_says_where_the_session_is(chat: Terminal, keys: str) -> None:
    ask(chat, "Hi", "Hello")
    chat.send(keys)
    assert chat.end() == 0
    assert "The session is in ~/sessions/" in chat.text()


def test_what_a_server_says_never_acts_on_the_terminal(chat: Terminal, server: Server) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x1b]52;c;aGk=\x1b\\ \x9b31m"
    server.answers(say(f"safe{evil}end"), whole({"error": {"message": f"bad{evil}end"}}, 400))
    ask(chat, "Hi", "safe")
    chat.line("Hi")
    chat.wait_for("400 Bad Request: bad")
    for sequence in (b"\x1b]0;owned", b"\x1b]52", b"\x9b31m"):
        assert sequence not in chat.bytes


def messages(home: Path) -> list[dict[str, str]]:
    return [entry["message"] for line in journal(home).splitlines() if "message" in (entry := json.loads(line))]


def journal(home: Path) -> str:
    (path,) = (home / "sessions").glob("*.jsonl")
    return path.read_text("utf-8")
