"""A turn with tools, there and back: what a protocol wants to see again goes back to it, and to no other."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat.reply import Reply
from chatrepl.conversation import (
    Conversation,
    ImagePart,
    Message,
    Part,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    with_own_ids,
)
from chatrepl.dialects import DIALECTS, dialect
from chatrepl.dialects.response import read
from tests.support.exchanges import CAPTURES, PROFILE, load, user
from tests.support.strict import DOUBLES

ASKED = user(TextPart("What is it?"))


def replied(name: str, capture: str) -> Message:
    """The message that a captured answer becomes."""
    answer, reply = load(CAPTURES / name / f"{capture}.http"), Reply()
    events = read(dialect(name), PROFILE, answer.status, answer.headers, [answer.body], stream=answer.streamed)
    for event in events:
        reply.feed(event)
    return reply.message()


def body(name: str, *turn: Message) -> dict[str, Any]:
    """The body of the request that goes on after that turn."""
    request = dialect(name).encode(PROFILE, Conversation().asking(*turn), "", stream=True)
    assert request.body is not None
    return request.body


def test_anthropic_gets_its_thinking_blocks_back_unchanged_beside_the_tool_call() -> None:
    reply = replied("anthropic", "reference-stream-thinking-twice")
    messages = body("anthropic", ASKED, reply, Message("tool", (ToolResultPart("toolu_1", "noon"),)))["messages"]
    assert messages[1]["content"] == [
        {"type": "thinking", "thinking": "First one.", "signature": "Sig1="},
        {"type": "redacted_thinking", "data": "Emw=="},
        {"type": "thinking", "thinking": "Then", "signature": "Sig2="},
        {"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}},
    ]
    assert messages[2] == {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "noon"}],
    }


@pytest.mark.parametrize("signature", ["", "sig", "gemini:CiQ=", "anthropic:x:y\n", "anthropic:4:no line end"])
def test_anthropic_gets_no_thinking_that_it_did_not_sign(signature: str) -> None:
    reply = Message("assistant", (ThinkingPart("Hm.", signature), ToolCallPart("c", "now", "{}")))
    messages = body("anthropic", ASKED, reply, Message("tool", (ToolResultPart("c", "noon"),)))["messages"]
    assert [block["type"] for block in messages[1]["content"]] == ["tool_use"]


def test_anthropic_is_asked_for_no_thinking_where_a_call_of_the_turn_has_none() -> None:
    own = Message("assistant", (ThinkingPart("Hm.", "anthropic:3:Sig=\n"), ToolCallPart("a", "now", "{}")))
    foreign = Message("assistant", (ToolCallPart("b", "now", "{}"),))
    budget = replace(PROFILE, options={"thinking": {"type": "enabled", "budget_tokens": 1024}})
    results = [Message("tool", (ToolResultPart(number, "noon"),)) for number in "ab"]

    def asked(*turn: Message) -> dict[str, Any]:
        found = dialect("anthropic").encode(budget, Conversation().asking(ASKED, *turn), "", stream=True).body
        assert found is not None
        return found

    assert "thinking" in asked(own, results[0])
    mixed = asked(own, results[0], foreign, results[1])
    assert "thinking" not in mixed
    assert "Sig=" not in str(mixed)
    before = Conversation().asking(ASKED, foreign, results[1], Message("assistant", (TextPart("Noon."),)))
    later = dialect("anthropic").encode(budget, before.asking(ASKED), "", stream=True).body
    assert later is not None
    assert "thinking" in later, "a turn that is over is not looked at"


def test_anthropic_gets_a_reply_to_be_continued_without_the_blank_at_its_end() -> None:
    begun = Message("assistant", (TextPart("It is "),))
    assert body("anthropic", ASKED, begun)["messages"][-1] == {"role": "assistant", "content": "It is"}


def test_anthropic_gets_no_sampling_where_its_version_refuses_it() -> None:
    options = {"temperature": 0.5, "top_p": 0.9, "top_k": 5, "thinking": {"type": "enabled", "budget_tokens": 2048}}
    profile = replace(PROFILE, headers={"Anthropic-Version": "2026-10-21"}, options=options)
    request = dialect("anthropic").encode(profile, Conversation().asking(ASKED), "", stream=True)
    assert request.headers == {"anthropic-version": "2026-10-21"}
    assert request.body is not None
    assert request.body.keys() == {"model", "max_tokens", "messages", "stream", "thinking", "cache_control"}
    assert request.body["max_tokens"] > 2048


CALL = ToolCallPart("c", "now", '{"broken')


@pytest.mark.parametrize("name", ["anthropic", "ollama", "gemini", "scale-egp"])
def test_a_call_without_its_result_is_not_sent_and_one_with_broken_arguments_is_sent_with_an_object(name: str) -> None:
    unanswered = str(body(name, ASKED, Message("assistant", (CALL,)), user(TextPart("Well?"))))
    assert "now" not in unanswered
    answered = body(name, ASKED, Message("assistant", (CALL,)), Message("tool", (ToolResultPart("c", "noon"),)))
    assert "now" in str(answered)
    assert re.search(r"INVALID_JSON\W+broken", str(answered))


@pytest.mark.parametrize("name", ["anthropic", "ollama", "gemini", "scale-egp"])
def test_a_reply_of_which_nothing_can_be_sent_leaves_roles_that_alternate(name: str) -> None:
    lost = Message("assistant", (ThinkingPart("Hm."),), ending="interrupted")
    sent = body(name, ASKED, lost, user(TextPart("Go on")))
    roles = [message["role"] for message in sent.get("messages") or sent["contents"]]
    assert roles in (["user"], ["user", "assistant", "user"])


def test_gemini_gets_the_signature_of_a_thought_back_on_its_tool_call() -> None:
    reply = replied("gemini", "reference-stream-tools")
    results = Message("tool", (ToolResultPart("call_0_add", "1"), ToolResultPart("fc_2", "noon")))
    contents = body("gemini", ASKED, reply, results)["contents"]
    assert contents[1]["parts"] == [
        {"text": "Let me see. "},
        {"functionCall": {"id": "call_0_add", "name": "add", "args": {"a": 1}}, "thoughtSignature": "CiQ="},
        {"functionCall": {"id": "fc_2", "name": "now", "args": {}}},
    ]
    assert [part["functionResponse"]["name"] for part in contents[2]["parts"]] == ["add", "now"]


def test_gemini_gets_no_signature_of_another_vendor() -> None:
    reply = Message("assistant", (ThinkingPart("Hm.", "anthropic:3:sig\n"), ToolCallPart("c", "now", "{}")))
    sent = body("gemini", ASKED, reply, Message("tool", (ToolResultPart("c", "noon"),)))
    call = sent["contents"][1]["parts"][0]
    assert call["thoughtSignature"] == "skip_thought_signature_validator"


CALLING = [path for path in sorted(CAPTURES.glob("*/*.http")) if "tool" in path.stem and "prompt" not in path.stem]
"""Answers in which tools are called, of every protocol that has them."""


class Everything(list[str]):
    """What came to be sent back, where that is as good as anything: by its own server."""

    def __contains__(self, _each: object) -> bool:
        return True


@pytest.mark.parametrize("other", DIALECTS)
@pytest.mark.parametrize("path", CALLING, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_turn_with_calls_goes_on_under_every_other_protocol(path: Path, other: str) -> None:
    one = path.parent.name
    reply = with_own_ids(replied(one, path.stem), [])
    made = [part for part in reply.parts if isinstance(part, ToolCallPart)]
    results: list[Part] = []
    for place, call in enumerate(made):
        picture = [ImagePart("image/png", f"iVBORw0KGgo{place:05}")] if place % 2 == 0 else []
        results += [ToolResultPart(call.id, f"result {place}", "failed" if place % 2 else ""), *picture]
    turn = (ASKED, reply, Message("tool", tuple(results)))
    finished = Conversation("", [(*turn, Message("assistant", (TextPart("Noon."),)))]).asking(ASKED)
    for talk in (Conversation().asking(*turn), finished):
        body = dialect(other).encode(PROFILE, talk, "", stream=True).body
        assert body is not None
        DOUBLES[other](body, Everything() if one == other else ())
        sent = json.dumps(body)
        assert [each for each in range(len(made)) if f"result {each}" in sent] == list(range(len(made)))
        if ImagePart in dialect(other).carries:
            assert all(part.data in sent for part in results if isinstance(part, ImagePart))
