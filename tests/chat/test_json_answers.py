"""Answers of a given shape: checked, asked for once more, and alone on standard output."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("there is no pty on Windows", allow_module_level=True)

from chatrepl.text import indenting
from tests.support.calling import configured, wants
from tests.support.chatting import ask, sent
from tests.support.program import run
from tests.support.server import Server, cut, say, whole
from tests.support.strict import DOUBLES
from tests.support.terminal import Terminal, chatrepl, environment

GOOD, BAD = '{"name": "Ada", "age": 36}', '{"name": "Ada", "age": "old"}'
SHORT = "name, age int"


@pytest.fixture
def chat(server: Server, home: Path) -> Iterator[Terminal]:
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home), columns=100) as terminal:
        terminal.wait_for_prompt()
        yield terminal


def one_shot(server: Server, home: Path, *words: str, **more: Any) -> tuple[int, str, str]:
    done = run("--base-url", server.url, "-m", "m", *words, "Who?", home=home, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_good_answer_stands_alone_on_standard_output(server: Server, home: Path) -> None:
    server.answers(say(GOOD[:9], GOOD[9:]))
    assert one_shot(server, home, "--schema", SHORT) == (0, f"{GOOD}\n", "")
    found = server.requests[0].body["response_format"]["json_schema"]
    assert found["strict"] is True
    assert list(found["schema"]["properties"]) == ["name", "age"]


def test_one_that_breaks_the_schema_is_asked_for_once_more_with_what_is_wrong(server: Server, home: Path) -> None:
    server.answers(say(BAD), say(f"```json\n{GOOD}\n```"))
    status, out, told = one_shot(server, home, "--schema", SHORT)
    assert (status, out) == (0, f"{GOOD}\n")
    assert "$.age: 'old' is not of type 'integer'" in told
    (_, first), (_, wrong), (_, complaint) = sent(server)
    assert (first, wrong) == ("Who?", BAD)
    assert "'old' is not of type 'integer'" in complaint
    (session,) = (home / "sessions").glob("*.jsonl")
    assert run("--export", session.stem, str(home / "x.txt"), home=home).returncode == 0
    kept = (home / "x.txt").read_text()
    assert GOOD in kept
    assert BAD not in kept


def test_a_second_one_is_status_1_and_what_came_is_told(server: Server, home: Path) -> None:
    server.answers(say(BAD), say(BAD))
    status, out, told = one_shot(server, home, "--schema", SHORT)
    assert (status, out, len(server.requests)) == (1, "", 2)
    assert told.rstrip().endswith(BAD)
    server.answers(say(BAD), say(BAD))
    status, out, told = one_shot(server, home, "--schema", SHORT, "--json")
    assert status == 1
    assert json.loads(out)["text"] == BAD
    assert "does not keep to the schema" in json.loads(out)["error"]


@pytest.mark.parametrize("answer", ["Sorry, no.", "[1]", "", '{"name": NaN, "age": 1}', '{"name": "A'])
def test_what_is_no_answer_of_that_shape(server: Server, home: Path, answer: str) -> None:
    server.answers(say(answer), say(answer))
    status, out, _ = one_shot(server, home, "--schema", SHORT)
    assert (status, out) == (1, "")


def test_a_reply_that_breaks_off_is_not_asked_for_again(server: Server, home: Path) -> None:
    server.answers(cut('{"name": '))
    status, out, _ = one_shot(server, home, "--schema", SHORT)
    assert (status, out, len(server.requests)) == (1, "", 1)


def test_a_server_that_refuses_the_schema_gets_it_in_words(server: Server, home: Path) -> None:
    refusal = {"error": {"message": "This response_format type is unavailable now"}}
    server.answers(whole(refusal, 400), say(GOOD))
    status, out, _ = one_shot(server, home, "--schema", SHORT)
    assert (status, out) == (0, f"{GOOD}\n")
    assert "response_format" not in server.requests[1].body
    assert "Answer with JSON alone" in sent(server)[0][1]


@pytest.mark.parametrize(
    "schema",
    ["age foo", "nothing.json", '{"type": "foo"}', "{", '{"type": "object", "properties": 3}', "[]", "@nothing"],
)
def test_what_is_no_schema_is_one_line_and_status_2(server: Server, home: Path, schema: str) -> None:
    status, out, told = one_shot(server, home, "--schema", schema)
    assert (status, out, len(server.requests)) == (2, "", 0)
    assert len(told.splitlines()) <= 2


def test_it_can_stand_in_a_file_and_in_a_prompt_file(server: Server, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"type": "array", "items": {"enum": ["a", "b"]}}')
    server.answers(say('["a"]'))
    assert one_shot(server, home, "--schema", str(path))[:2] == (0, '["a"]\n')
    (home / "prompts").mkdir(parents=True, exist_ok=True)
    (home / "prompts" / "who.md").write_text(f"---\nschema: {SHORT}\n---\nWho?")
    server.answers(say(GOOD))
    assert one_shot(server, home, "-t", "who")[:2] == (0, f"{GOOD}\n")


def test_in_the_chat_it_is_drawn_as_json(chat: Terminal, server: Server) -> None:
    ask(chat, f"/schema {SHORT}", '"age": {"type": "integer"}')
    server.answers(say(BAD.replace(" ", "")), say(GOOD[:12].replace(" ", ""), GOOD[12:].replace(" ", "")))
    ask(chat, "Who?", '"age": 36')
    assert "is not of type 'integer'" in chat.text()
    lines = [line.strip() for line in chat.lines()]
    assert '"name": "Ada",' in lines
    ask(chat, "/history", '"age": 36')
    assert '"age": "old"' not in chat.text().partition("/history")[2]
    ask(chat, "/schema off", "any shape")
    ask(chat, "And?", "Hello")
    assert "response_format" not in server.requests[-1].body


def test_brackets_without_end_are_not_indented_without_end() -> None:
    shown = indenting.Indented().feed("[" * 20_000)
    assert len(shown) < 20_000 * (2 * indenting.DEEPEST + 2)


def test_with_tools_the_answer_behind_the_calls_is_checked(server: Server, home: Path) -> None:
    configured(home)
    again = wants({"city": "Oslo"})
    server.answers(wants({"city": "Rome"}), say("Sunny."), again, say(GOOD))
    status, out, _ = one_shot(server, home, "--tools", "weather", "--allow", "weather", "--json", "--schema", SHORT)
    assert status == 0
    told = json.loads(out)
    assert told["text"] == GOOD
    assert [call["arguments"]["city"] for call in told["tools"]] == ["Rome", "Oslo"]
    bodies = [each.body for each in server.requests]
    assert all(body["tools"] and body["response_format"] for body in bodies)
    assert "does not keep to the schema" in bodies[2]["messages"][-1]["content"]
    assert "sunny in Rome" in json.dumps(bodies[2]["messages"]), "what was found out goes along"
    for body in bodies:
        DOUBLES["openai-chat"](body, ())


def test_the_session_keeps_it(chat: Terminal, server: Server, home: Path) -> None:
    chat.line(f"/schema {SHORT}")
    chat.wait_for('"age"')
    server.answers(say(GOOD))
    ask(chat, "Who?", "9 in · 2 out")
    chat.line("/new")
    chat.wait_for_prompt()
    server.answers(say(GOOD))
    ask(chat, "Who now?", "9 in · 2 out")
    assert "response_format" in server.requests[-1].body
    chat.line("/exit")
    chat.end()
    with chatrepl("-c", env=environment(home)) as terminal:
        terminal.wait_for("Answers are JSON of a schema: /schema shows it")
        terminal.wait_for_prompt()
        server.answers(say(GOOD), say("Hi"))
        ask(terminal, "And who?", "9 in · 2 out")
        assert "response_format" in server.requests[-1].body
        ask(terminal, "/schema off", "any shape")
        ask(terminal, "Well?", "Hi")
        assert "response_format" not in server.requests[-1].body


def test_a_file_with_a_schema_that_is_none_is_as_one_without(tmp_path: Path) -> None:
    from chatrepl.chat import json_answers

    assert [json_answers.of_session(kept) for kept in ("", "{", "[]", '{"type": 5}', "a" * 99_999)] == [None] * 5
