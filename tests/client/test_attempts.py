"""One request and what is remembered of it: who is asked, who answered, and by which clock it is sent again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chatrepl.client import Connection, spoken
from chatrepl.client.memory import DOWN, Memory
from chatrepl.config.config import Profile
from chatrepl.config.place import Embedded, Url
from chatrepl.conversation import Conversation, Message, ThinkingPart, ToolCallPart, ToolResultPart, question
from chatrepl.errors import ConfigError, Refused
from chatrepl.events import Text, nobody
from tests.support import faults
from tests.support.server import Server, say

ASKING = Conversation().asking(question("Hi"))
ONE = Profile("one", dialect="openai-chat", place=Url("http://127.0.0.1:9/v1"), model="m", retries=0)


def connection(*profiles: Profile, **env: str) -> Connection:
    said: list[str] = []
    return Connection(env, Path(), said.append, {each.name: each for each in profiles})


def text(connection: Connection, profile: Profile) -> tuple[str, Profile]:
    """The reply, and who answered."""
    attempts = connection.attempts(profile)
    attempts.ready()
    events = attempts.events(ASKING, stream=True, waiting=nobody)
    return "".join(event.text for event in events if isinstance(event, Text)), attempts.answering


def test_the_request_tells_who_answered(server: Server) -> None:
    two = replace(ONE, name="two", place=Url(server.url))
    found = connection(ONE, two)
    said, answering = text(found, replace(ONE, fallback=("two",)))
    assert (said, answering.name) == ("Hello", "two")
    assert found.memory.answering(ONE).name == "two"
    assert found.memory.answering(replace(ONE, model="other")).name == "one", "another model may be asked of another"


def test_a_start_that_fails_names_who_was_wanted_and_not_who_answered_before(server: Server) -> None:
    keyless = replace(ONE, name="keyless", key_env="NO_SUCH_KEY")
    found = connection(ONE, keyless)
    assert text(found, replace(ONE, place=Url(server.url)))[1].name == "one"
    attempts = found.attempts(keyless)
    with pytest.raises(ConfigError, match="NO_SUCH_KEY is not set"):
        attempts.ready()
    assert attempts.answering.name == "keyless"


def test_a_date_to_wait_for_is_counted_by_the_clock_that_was_given(server: Server) -> None:
    server.answers(faults.refusal(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), say("Hello"))
    found, slept = connection(), list[float]()
    found.clock = lambda: 1445412480.0 - 30  # half a minute before
    found.sleep = slept.append
    assert text(found, replace(ONE, place=Url(server.url), retries=1))[0] == "Hello"
    assert slept == [30.0]


def test_a_refused_parameter_is_remembered_for_that_model_at_that_server(server: Server) -> None:
    server.answers(faults.refusal(400, "Unsupported parameter: 'seed'"))
    found = connection()
    asked = replace(ONE, place=Url(server.url), options={"seed": 5})
    assert text(found, asked)[0] == "Hello"
    assert found.memory.known(asked).parameters == {"seed": "off"}
    assert found.memory.known(replace(asked, model="other")).parameters == {}
    assert found.memory.known(replace(asked, place=Url("https://elsewhere.example"))).parameters == {}
    text(found, asked)
    assert ["seed" in request.body for request in server.requests] == [True, False, False]


WORTHLESS = {
    "anthropic": ("anthropic:3:Sig=\n", "", "The block is bound to a different conversation"),
    "openai-responses": (
        'openai-responses:0:{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "Sig="}\n',
        "",
        "The encrypted content for item rs_1 could not be verified.",
    ),
    "gemini": ("gemini:Sig=", "", "Thought signature is not valid"),
    "openai-chat": ("", 'openai-chat:{"google": {"thought_signature": "Sig="}}', "Invalid thought_signature"),
}
"""What is kept with a call in each protocol to go back, and what is said where a change made it worthless."""


@pytest.mark.parametrize("dialect", WORTHLESS)
def test_reasoning_that_a_change_made_worthless_is_left_out_from_then_on(server: Server, dialect: str) -> None:
    signature, opaque, said = WORTHLESS[dialect]
    thought = Message("assistant", (ThinkingPart("Hm.", signature), ToolCallPart("c", "now", "{}", opaque=opaque)))
    asking = Conversation().asking(question("Hi"), thought, Message("tool", (ToolResultPart("c", "noon"),)))
    server.answers(faults.refusal(400, said), faults.refusal(400, "no such thing"), faults.refusal(400, said))
    asked = replace(ONE, dialect=dialect, place=Url(server.url), model="gemini-3")
    found = connection()
    for complaint in ("no such thing", said):  # what is left out already cannot be the reason
        with pytest.raises(Refused, match=complaint):
            list(found.attempts(asked).events(asking, stream=True, waiting=nobody))
    assert ["Sig=" in json.dumps(request.body) for request in server.requests] == [True, False, False]
    assert ["noon" in json.dumps(request.body) for request in server.requests] == [True] * 3


def test_reasoning_that_a_server_behind_a_gateway_wants_back_is_given(server: Server) -> None:
    thought = Message("assistant", (ThinkingPart("Hm."), ToolCallPart("c", "now", "{}")))
    asking = Conversation().asking(question("Hi"), thought, Message("tool", (ToolResultPart("c", "noon"),)))
    wanted = "The `reasoning_content` in the thinking mode must be passed back to the API."
    server.answers(faults.refusal(400, wanted), say("Hello"))
    list(connection().attempts(replace(ONE, place=Url(server.url))).events(asking, stream=True, waiting=nobody))
    assert [request.body["messages"][1].get("reasoning_content") for request in server.requests] == [None, "Hm."]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details."),
        (500, "The model produced output that does not match the expected peg-native format"),
    ],
)
def test_a_call_that_its_server_could_not_read_is_asked_for_once_more(server: Server, status: int, said: str) -> None:
    server.answers(faults.refusal(status, said), say("Hello"), *[faults.refusal(status, said)] * 2)
    asked = replace(ONE, place=Url(server.url))
    assert text(connection(), asked)[0] == "Hello"
    with pytest.raises(Refused):
        text(connection(), asked)
    assert len(server.requests) == 4


def test_what_was_down_is_forgotten_after_a_while_or_when_all_are_tried_again() -> None:
    memory = Memory()
    assert memory.down_since(ONE, 0.0) is None
    memory.unreachable(ONE, 0.0)
    memory.unreachable(ONE, 50.0)
    assert memory.down_since(ONE, DOWN - 1) == 0.0, "since the first time"
    assert memory.down_since(ONE, DOWN) is None
    memory.unreachable(ONE, 900.0)
    assert memory.down_since(ONE, 900.0) == 900.0
    memory.try_all_again()
    assert memory.down_since(ONE, 900.0) is None


def test_a_request_that_is_wrong_in_itself_is_sent_to_no_fallback(server: Server) -> None:
    server.answers(faults.refusal(400, "no such thing"))
    attempts = connection(ONE).attempts(replace(ONE, name="two", place=Url(server.url), fallback=("one",)))
    attempts.ready()
    with pytest.raises(Refused):
        list(attempts.events(ASKING, stream=True, waiting=nobody))
    assert attempts.answering.name == "two"


def test_the_embedded_model_alone_gets_a_system_prompt_of_its_own() -> None:
    local = replace(ONE, place=Embedded("http://127.0.0.1:9/v1"))
    assert spoken(local, ASKING).system == "You are a helpful assistant."
    assert spoken(replace(local, system="Be brief."), ASKING).system == "Be brief."
    assert spoken(local, replace(ASKING, system="Be long.")).system == "Be long."
    assert spoken(ONE, ASKING).system == ""
