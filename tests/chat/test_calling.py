"""A turn with tools: shown, allowed, run, written down, and never run twice, wherever it ends."""

import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat import call_lines, commands, turn
from chatrepl.chat.tooling import Tooling
from chatrepl.config import reading
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Conversation, question, unanswered
from chatrepl.dialects import dialect
from chatrepl.errors import FAILED, CommandError
from chatrepl.sessions import peek
from chatrepl.sessions.journal import Journal
from chatrepl.sessions.steps import MAY_HAVE_RUN, NOT_RUN
from chatrepl.tools import Result
from tests.support import strict
from tests.support.calling import SUPPORT, Chat, configured, until, wants, with_servers
from tests.support.exchanges import PROFILE
from tests.support.program import run as chatrepl_run
from tests.support.server import Exchange, Server, say, whole
from tests.support.strict import DOUBLES
from tests.support.terminal import chatrepl, environment


def roles(chat: Chat) -> list[str]:
    """Of the messages of the first turn."""
    return [message.role for message in chat.session.conversation.turns[0]]


Begin = Callable[..., Chat]


@pytest.fixture
def begin(home: Path, server: Server) -> Iterator[Begin]:
    made: list[Chat] = []

    def begin(*answers: str, **more: Any) -> Chat:
        made.append(Chat(home, server, *answers, **more))
        return made[-1]

    yield begin
    for chat in made:
        chat.session.close()


def test_a_call_runs_after_a_yes_and_the_model_answers_in_words(begin: Begin) -> None:
    chat = begin("y")
    outcome = chat.ask(wants({"city": "Rome"}), say("It is sunny."))
    assert outcome.reply.text == "It is sunny."
    assert chat.ran == [{"city": "Rome"}]
    assert chat.results == ["sunny in Rome"]
    assert [message.role for message in chat.session.conversation.turns[0]] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert 'weather  city="Rome"' in chat.out.getvalue()
    assert "sunny in Rome" in chat.out.getvalue()
    assert outcome.calls[0]._replace(seconds=0) == ("weather", {"city": "Rome"}, "sunny in Rome", 0, "")


def test_the_figures_below_an_answer_are_those_of_all_its_requests(begin: Begin) -> None:
    chat = begin("y", "y")
    chat.session.ui = replace(chat.session.ui, statistics=True)
    outcome = chat.ask(wants({"city": "Rome"}), wants({"city": "Bonn"}), say("Sunny."))
    assert re.search(r"3 requests · <?\d+\.\d s(?: · \d+ tok/s)? · 109 in · 16 out", chat.out.getvalue())
    assert outcome.used
    assert (outcome.used.input, outcome.used.output) == (109, 16)
    assert (chat.session.spent.input, chat.session.spent.output) == (109, 16)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "Refused by the user."),
        ("n", "Refused by the user."),
        ("n not that city", "Refused by the user: not that city"),
        ("maybe", "Refused by the user."),
    ],
)
def test_without_a_yes_nothing_runs_and_the_model_reads_why(begin: Begin, said: str, told: str) -> None:
    chat = begin(said)
    chat.ask(wants({"city": "Rome"}), say("As you like."))
    assert chat.ran == []
    assert chat.results == [f"Error: {told}"]
    assert "refused" in chat.out.getvalue()


def test_ctrl_c_at_the_question_stops_the_turn_and_runs_nothing(begin: Begin) -> None:
    def stopped(_question: str) -> str:
        raise KeyboardInterrupt

    chat = begin()
    chat.session.user = replace(chat.session.user, stoppable=stopped)
    outcome = chat.ask(wants({"city": "Rome"}, {"city": "Oslo"}))
    assert (outcome.ending, chat.ran, len(chat.server.requests)) == ("interrupted", [], 1)
    assert not unanswered(chat.session.conversation.messages)
    assert '○ weather  city="Rome"  cancelled' in chat.out.getvalue()


def test_arguments_are_changed_in_a_file_that_an_editor_takes_for_json(begin: Begin, home: Path) -> None:
    chat, editor = begin("e", "y"), home / "editor"
    editor.write_text("""#!/bin/sh\nprintf '{"city": "%s"}' "$(basename "$1")" > "$1"\n""")
    editor.chmod(0o700)
    chat.session.env = {**chat.session.env, "EDITOR": str(editor)}
    chat.ask(wants({"city": "Rome"}), say("Fine."))
    assert chat.ran == [{"city": "arguments.json"}]


def test_a_yes_for_the_tool_holds_for_the_session_and_one_for_good_is_kept(begin: Begin, home: Path) -> None:
    chat = begin("t")
    chat.ask(wants({"city": "a"}, {"city": "b"}), say("Fine."))
    assert (len(chat.questions), len(chat.ran)) == (1, 2)
    other = begin("a")
    other.ask(wants({"city": "c"}), say("Fine."))
    assert len(other.questions) == 1
    assert "[allowed.weather]" in (home / "config.toml").read_text()
    assert (home / "config.toml").stat().st_mode & 0o777 == 0o600


def test_the_same_call_for_the_third_time_and_more_calls_than_allowed_are_asked_about(begin: Begin) -> None:
    chat = begin(allow=("weather",))
    chat.ask(*[wants({"city": "Rome"})] * 3, say("Fine."))
    assert len(chat.ran) == 2
    assert "third time" in chat.out.getvalue()
    scripts = [wants({"city": str(number)}) for number in range(5)]
    outcome = chat.ask(*scripts, wants({"city": "again"}), say("never asked"))
    assert len(chat.ran) == 2 + 4
    assert "4 calls were made" in chat.out.getvalue()
    assert outcome.ending == "interrupted"
    DOUBLES["openai-chat"](_body(chat.session.conversation), ())


def test_where_nobody_can_be_asked_the_user_is_told_why_calls_stop(begin: Begin) -> None:
    chat = begin(allow=("weather",))
    chat.session.user = replace(chat.session.user, has_prompt=False)
    chat.ask(*[wants({"city": "Rome"})] * 5, say("never asked"))
    assert (chat.questions, len(chat.ran)) == ([], 2)
    told = chat.out.getvalue()
    assert "The same call for the third time." in told
    assert "4 calls were made for this question." in told
    assert "?" not in told


def test_one_answer_that_ends_at_the_limit_of_calls_failed_and_says_what_to_raise(home: Path, server: Server) -> None:
    configured(home)
    with (home / "config.toml").open("a") as file:
        file.write("[ui]\ncalls = 1\n")
    server.answers(*(wants({"city": city}) for city in ("Rome", "Bonn", "Oslo")))
    words = ("--base-url", server.url, "-m", "m", "--tools", "weather", "--allow", "weather", "--json", "Hi")
    done = chatrepl_run(*words, home=home)
    assert done.returncode == FAILED
    assert json.loads(done.stdout)["error"] == "The model went on calling tools and gave no answer"
    assert b"calls = N under [ui]" in done.stderr


def test_calls_that_cannot_run_are_counted_too_and_the_rest_of_a_reply_is_one_line(begin: Begin) -> None:
    chat = begin(allow=("weather",))
    chat.ask(*[wants({"city": "Rome"}, name=f"gone{number}") for number in range(6)], say("Fine."))
    assert len(chat.questions) == 1
    assert len(chat.server.requests) == 6
    chat.server.forget()
    chat.ask(wants(*({"city": str(number)} for number in range(500))), say("Fine."))
    assert len(chat.ran) == 4
    assert len(chat.results) == 6 + 500
    assert "○ 495 more calls are not run." in chat.out.getvalue()
    assert len(chat.out.getvalue().splitlines()) < 60


def test_of_too_many_tools_it_is_told_who_brings_the_most(begin: Begin) -> None:
    chat = begin()
    said = "Invalid 'tools': array too long. Expected an array with maximum length 128, but got one with length 200."
    outcome = chat.ask(whole({"error": {"message": said, "code": "array_above_max_length"}}, 400))
    assert outcome.failure
    assert outcome.failure.hint.shown(at_prompt=True).startswith("weather brings 1. /tools off NAME")
    assert len(chat.server.requests) == 1


def test_a_call_that_gemini_could_not_read_is_asked_for_again(begin: Begin) -> None:
    chat = begin()
    chat.session.profile = replace(chat.session.profile, dialect="gemini")
    nothing = whole({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]})
    words = whole({"candidates": [{"content": {"parts": [{"text": "In words."}]}, "finishReason": "STOP"}]})
    chat.session.ui = replace(chat.session.ui, stream=False)
    assert chat.ask(nothing, nothing, words).reply.text == "In words."
    assert chat.ask(nothing, nothing, nothing).failure
    assert chat.out.getvalue().count("cannot be read; asking again") == 4


def test_no_flag_answers_for_the_user(begin: Begin) -> None:
    chat = begin("y", prompt=False)
    chat.ask(wants({"city": "Rome"}), say("As you like."))
    assert chat.ran == []
    assert "--allow weather" in chat.out.getvalue()


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_a_call_of_a_reply_that_was_cut_does_not_run(begin: Begin, finish: str) -> None:
    chat = begin("y", allow=("weather",))
    chat.ask(wants({"city": "Rome"}, finish=finish))
    assert chat.ran == []


def test_a_failing_program_broken_arguments_and_an_unknown_tool_are_results(begin: Begin) -> None:
    chat = begin(allow=("weather",))
    chat.ask(wants({"fail": True}, '{"half'), wants({}, name="nonsense"), say("Fine."))
    assert chat.results[0].startswith("Error: exit 1: no such city")
    assert "not valid JSON" in chat.results[1]
    assert "There is no tool 'nonsense'" in chat.results[2]


def test_a_call_that_cannot_be_read_has_the_name_that_the_user_knows(begin: Begin) -> None:
    chat = begin()
    chat.ask(wants('{"half', name="files__read"), say("Fine."))
    assert '● files.read  {"half' in chat.out.getvalue()


def test_no_call_takes_no_time(begin: Begin) -> None:
    chat = begin()
    call_lines.tell(chat.session, "weather", Result("sunny", "sunny"))
    assert "<0.1 s · sunny" in chat.out.getvalue()


def test_calls_look_the_same_when_they_are_shown_again(begin: Begin) -> None:
    chat = begin("y", "n", "y")
    chat.ask(wants({"city": "Rome"}, {"city": "Oslo"}, {"fail": True}), say("Fine."))
    live = re.findall("(?m)^[●○].*[^?\n]$", chat.out.getvalue())
    commands.run(chat.session, "/history")
    again = re.findall("(?m)^[●○].*[^?\n]$", chat.out.getvalue())[len(live) :]
    assert len(live) == 3
    assert again == [re.sub(r" <?\d\.\d s ·", "", line) for line in live]


def test_a_server_without_tools_gets_the_question_without_them(begin: Begin) -> None:
    refusal = whole({"error": {"message": '"auto" tool choice requires --enable-auto-tool-choice to be set'}}, 400)
    chat = begin()
    assert chat.ask(refusal, say("Then in words.")).reply.text == "Then in words."
    assert "tools" in chat.server.requests[0].body
    assert "tools" not in chat.server.requests[1].body
    assert chat.out.getvalue().count("takes no tools") == 1
    chat.ask(say("Again."))
    assert "tools" not in chat.server.requests[-1].body


def _body(conversation: Conversation, name: str = "openai-chat", profile: Profile = PROFILE) -> dict[str, Any]:
    asking = conversation.asking(question("And now?"))
    body = dialect(name).encode(profile, asking, "", stream=True).body
    assert body is not None
    return body


def test_killed_between_any_two_writes_a_session_resumes_and_runs_nothing_again(begin: Begin, home: Path) -> None:
    chat = begin(allow=("weather",))
    chat.ask(wants({"city": "a"}, {"city": "b"}), wants({"city": "c"}), say("Fine."))
    path = chat.session.transcript.path
    assert path
    lines = path.read_bytes().splitlines(keepends=True)
    seen = set()
    for count in range(1, len(lines) + 1):
        for data in (b"".join(lines[:count]), b"".join(lines[:count])[:-7]):
            state = Journal(data).state
            cut = home / "cut.jsonl"
            cut.write_bytes(data)
            with cut.open("rb") as file:
                assert peek.is_open(file) == (bool(state.question) or not data.endswith(b"\n")) or not state.who
            doubtful = state.steps.doubtful
            for entry in state.settlement():
                state.take(entry)
            assert peek.turns(cut) == len(state.conversation.turns)
            told = [getattr(part, "text", "") for message in state.conversation.messages for part in message.parts]
            assert len(doubtful) == told.count(MAY_HAVE_RUN)
            seen |= {text for text in told if text in (MAY_HAVE_RUN, NOT_RUN)}
            assert not unanswered(state.conversation.messages)
            for name in DOUBLES:
                DOUBLES[name](_body(state.conversation, name), ())
    assert seen == {MAY_HAVE_RUN, NOT_RUN}


def test_ctrl_c_during_a_call_ends_the_turn_well_formed_and_it_can_be_gone_on_with(begin: Begin, home: Path) -> None:
    chat = begin(allow=("weather",))

    def press() -> None:
        until((home / "log.begun").exists)
        os.kill(os.getpid(), signal.SIGINT)

    with chat.session.interrupts.caught():
        pressing = threading.Thread(target=press)
        pressing.start()
        outcome = chat.ask(wants({"wait": True}, {"city": "b"}))
        pressing.join()
    assert outcome.ending == "interrupted"
    assert outcome.kept
    assert [each.error for each in outcome.calls] == ["Cancelled by the user."] * 2
    for name in DOUBLES:
        DOUBLES[name](_body(chat.session.conversation, name), ())
    mistral = replace(PROFILE, place=Url("https://api.mistral.ai/v1"))
    strict.chat(_body(chat.session.conversation, profile=mistral), mistral=True)
    chat.server.answers(say("Then without."))
    assert turn.go_on(chat.session).reply.text == "Then without."
    (only,) = chat.session.conversation.turns
    assert [message.role for message in only] == ["user", "assistant", "tool", "assistant"]
    assert len(chat.ran) == 1


def test_a_failure_after_a_call_keeps_the_call(begin: Begin) -> None:
    chat = begin(allow=("weather",))
    outcome = chat.ask(wants({"city": "Rome"}), whole({"error": {"message": "no"}}, 403))
    assert outcome.failure
    assert outcome.kept
    assert not outcome.question_back
    assert [message.role for message in chat.session.conversation.turns[0]] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    chat.server.answers(say("Sunny."))
    assert turn.go_on(chat.session).reply.text == "Sunny."
    assert len(chat.ran) == 1


def test_retry_asks_the_question_alone_and_its_turn_takes_the_place_of_the_old_one(begin: Begin) -> None:
    chat = begin(allow=("weather",))
    chat.ask(wants({"city": "Rome"}), say("Sunny."))
    chat.server.answers(wants({"city": "Bonn"}), say("Rainy."))
    assert turn.retry(chat.session).reply.text == "Rainy."
    (only,) = chat.session.conversation.turns
    assert len(only) == 4
    assert chat.ran == [{"city": "Rome"}, {"city": "Bonn"}]


def test_one_shot_tells_the_calls_as_json(home: Path, server: Server) -> None:
    configured(home)
    server.answers(wants({"city": "Rome"}), say("Sunny."))
    done = chatrepl_run(
        "--base-url", server.url, "-m", "m", "--tools", "weather", "--allow", "weather", "--json", "Hi", home=home
    )
    told = json.loads(done.stdout)
    assert told["text"] == "Sunny."
    used = told["usage"]
    assert used["input"] == 59
    assert used["total"] == used["input"] + used["output"]
    (call,) = told["tools"]
    assert call.pop("seconds") > 0
    assert call == {"name": "weather", "arguments": {"city": "Rome"}, "result": "sunny in Rome", "error": None}


def test_keys_typed_ahead_allow_nothing_and_a_kill_in_a_call_is_told(home: Path, server: Server) -> None:
    configured(home)
    words = ("--base-url", server.url, "-m", "m", "--tools", "weather")
    release = threading.Event()

    def waiting(exchange: Exchange) -> None:
        assert release.wait(20)
        wants({"wait": True})(exchange)

    server.answers(waiting, say("Fine."))
    with chatrepl(*words, env=environment(home)) as chat:
        chat.wait_for_prompt()
        chat.line("Hi")
        server.received()
        chat.send("y\r")
        chat.wait_for("next")
        release.set()
        chat.wait_for("v view:")
        assert not (home / "log").exists()
        chat.line("y")
        chat.until(lambda: (home / "log.begun").exists(), "the call")
        chat.kill()
    with chatrepl(*words, "-c", env=environment(home)) as chat:
        chat.wait_for("weather may have run")
        chat.wait_for_prompt()
    assert len((home / "log").read_text().splitlines()) == 1


def test_tools_are_turned_on_listed_with_their_cost_and_shown_call_by_call(begin: Begin) -> None:
    chat = begin(allow=("weather",))
    session = chat.session
    commands.run(session, "/tools off weather")
    assert "None is on" in chat.out.getvalue()
    chat.ask(say("Nothing to call."))
    assert "tools" not in chat.server.requests[-1].body
    session.profile = replace(session.profile, context=400)
    commands.run(session, "/tools on weather")
    assert "1 tool on, about" in chat.out.getvalue()
    assert "% of the context" in chat.out.getvalue()
    with pytest.raises(CommandError, match="did you mean 'weather'"):
        commands.run(session, "/tools on wether")
    chat.ask(wants({"city": "Rome"}), say("Sunny."))
    for line in ("/call", "/history", "/call 1"):
        commands.run(session, line)
    assert chat.out.getvalue().count("sunny in Rome") == 4
    with pytest.raises(CommandError, match="only 1 call"):
        commands.run(session, "/call 2")


def test_a_tool_that_changed_since_it_was_allowed_is_asked_about_with_the_difference(begin: Begin, home: Path) -> None:
    chat = begin("a")
    chat.ask(wants({"city": "Rome"}), say("Fine."))
    text = (home / "config.toml").read_text()
    (home / "config.toml").write_text(text.replace("parameters =", 'description = "Now worse."\nparameters =', 1))
    chat.session.config = reading.load(home / "config.toml")
    chat.session.tooling.close()
    chat.session.tooling = Tooling(["weather"])
    chat.ask(wants({"city": "Bonn"}), say("As you like."))
    assert len(chat.questions) == 2
    assert "has changed since you allowed it" in chat.out.getvalue()
    assert "+ Now worse." in chat.out.getvalue()
    assert chat.ran == [{"city": "Rome"}]


def test_a_real_server_is_asked_about_once_for_all_its_tools(begin: Begin, home: Path) -> None:
    chat = begin("s")
    with_servers(home, chat, sdk=[sys.executable, str(SUPPORT / "mcp_sdk_server.py")])
    outcome = chat.ask(wants({"a": 1, "b": 2}, name="sdk__add"), wants({"to": 3}, name="sdk__count"), say("Fine."))
    assert chat.results == ["3", "done"]
    assert len(chat.questions) == 1
    assert [each.name for each in outcome.calls] == ["sdk__add", "sdk__count"]
    assert "sdk.add  a=1 b=2" in chat.out.getvalue()
    for name in DOUBLES:
        DOUBLES[name](_body(chat.session.conversation, name), ())


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.3, 1.0])
def test_ctrl_c_while_a_server_starts_leaves_the_chat_as_it_was(begin: Begin, home: Path, seconds: float) -> None:
    chat = begin()
    with_servers(home, chat, never=["sleep", "100"])
    pressing = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    with chat.session.interrupts.caught():
        pressing.start()
        with pytest.raises(KeyboardInterrupt):
            chat.ask()
    pressing.join()
    assert chat.session.conversation.turns == []
    assert chat.session.transcript.state.question is None
    commands.run(chat.session, "/tools off all")
    assert chat.ask(say("Without.")).reply.text == "Without."
