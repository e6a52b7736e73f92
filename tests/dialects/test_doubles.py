"""Scale's EGP and Azure's content filter: nobody has a server of them, so here are doubles written from the reference.

They look at a request as the reference says the service does, and refuse what it would refuse.
"""

import json
from typing import Any

import pytest

from chatrepl.chat import turn
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import question
from tests.support.server import Exchange, Server, whole
from tests.support.talking import KEY, Talk, asked, refusal, shown


def complained(exchange: Exchange, status: int, data: Any) -> None:
    whole(data, status)(exchange)


# Scale


def scale(exchange: Exchange) -> None:
    """Checks as FastAPI does, then streams the same envelope for each piece; no end mark, and no last blank line."""
    received = exchange.received
    if received.headers.get("x-api-key") != KEY:
        complained(exchange, 401, {"detail": "Not authenticated"})
    elif received.path != "/v1/chat-completions":
        complained(exchange, 404, {"detail": "Not Found"})
    elif wrong := _scale_complaints(received.body):
        complained(exchange, 422, {"detail": wrong})
    elif received.body.get("stream"):
        exchange.head()
        pieces = [_envelope("Ay, "), _envelope("ay.", token_usage={"prompt": 71, "completion": 2, "total": 73})]
        exchange.send("\r\n\r\n".join(f"data: {json.dumps(piece)}" for piece in pieces))
    else:
        usage = {"prompt": 71, "completion": 2, "total": 73}
        complained(exchange, 200, _envelope("Ay, ay.", token_usage=usage))


def _envelope(content: str, token_usage: Any = None) -> dict[str, Any]:
    message = {"role": "agent", "content": content, "tool_request": None}
    return {"chat_completion": {"message": message, "finish_reason": None}, "token_usage": token_usage}


def _scale_complaints(body: dict[str, Any]) -> list[dict[str, Any]]:
    known = {"model", "messages", "stream", "instructions", "model_parameters", "memory_strategy", "account_id"}
    inner = {"temperature", "max_tokens", "stop_sequences", "topP", "topK", "frequency_penalty", "presence_penalty"}
    parameters = body.get("model_parameters", {})
    wrong: list[tuple[str | int, ...]] = [(name,) for name in body if name not in known]
    wrong += [("model_parameters", name) for name in parameters if name not in inner]
    wrong += [
        ("messages", number)
        for number, message in enumerate(body.get("messages") or [{}])
        if message.get("role") not in ("user", "agent", "system", "tool") or not isinstance(message.get("content"), str)
    ]
    told = [{"loc": ["body", *place], "msg": "extra fields not permitted", "type": "value_error"} for place in wrong]
    if parameters.get("temperature", 0) > 1:
        place = ["body", "model_parameters", "temperature"]
        told.append({"loc": place, "msg": "ensure this value is less than or equal to 1", "type": "value_error"})
    return told


def egp(server: Server, **options: Any) -> Profile:
    system = "Talk like a sailor."
    return Profile("egp", dialect="scale-egp", place=Url(server.url), model="gpt-4", system=system, options=options)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_scale_answers_three_turns_with_all_parameters(server: Server, talk: Talk, stream: bool) -> None:
    server.answers(scale, scale, scale)
    options = {"temperature": 0.2, "max_tokens": 9, "stop": "###", "top_p": 0.9, "seed": 7}
    session = talk(egp(server, **options), stream=stream)
    replies = [asked(session, f"Order {number}!") for number in range(3)]
    assert {reply.text for reply in replies} == {"Ay, ay."}
    assert {reply.ending for reply in replies} == {"stop"}
    assert replies[0].usage is not None
    assert (replies[0].usage.input, replies[0].usage.total) == (71, 73)
    body = server.requests[-1].body
    assert body["instructions"] == "Talk like a sailor."
    assert [message["role"] for message in body["messages"]] == ["user", "agent", "user", "agent", "user"]
    assert body["model_parameters"] == {"temperature": 0.2, "max_tokens": 9, "stop_sequences": ["###"], "topP": 0.9}


def test_scale_refuses_a_wrong_key_and_a_wrong_value_in_one_line(server: Server, talk: Talk) -> None:
    server.answers(scale, scale)
    error = refusal(talk(egp(server), key="another"))
    assert str(error) == "egp answered 401 Unauthorized: Not authenticated"
    assert "A_KEY" in error.hint.shown(at_prompt=True)
    error = refusal(talk(egp(server, temperature=1.5)))
    where = "body.model_parameters.temperature"
    assert (
        str(error) == f"egp answered 422 Unprocessable Content: {where}: ensure this value is less than or equal to 1"
    )
    assert "/set" in error.hint.shown(at_prompt=True)


def test_scale_refuses_an_inner_parameter_and_it_alone_is_left_out(server: Server, talk: Talk) -> None:
    server.answers(scale, scale)
    session = talk(egp(server, temperature=0.2, model_parameters={"logprobs": 1}))
    asked(session, "Hello")
    assert "does not take logprobs; asked again without it" in shown(session)
    assert server.requests[-1].body["model_parameters"] == {"temperature": 0.2}


def test_scale_gets_no_thinking_and_no_message_without_words(server: Server, talk: Talk) -> None:
    session = talk(egp(server))
    server.answers(Exchange.head, scale)  # a stream of nothing
    assert not turn.ask(session, question("Anybody?")).kept
    asked(session, "Anybody?")
    assert [message["content"] for message in server.requests[-1].body["messages"]] == ["Anybody?"]


# Azure

SAFE = {name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")}
VIOLENT = SAFE | {"violence": {"filtered": True, "severity": "high"}}
SCHEMA = {"messages", "model", "stream", "temperature", "top_p", "max_tokens", "stop", "seed", "tools"}


def azure(exchange: Exchange) -> None:
    """Checks version, key and parameters; the filter stops a prompt about war and, later, a reply about swords."""
    received = exchange.received
    words = received.body["messages"][-1]["content"]
    if "api-version=" not in received.path:
        complained(exchange, 404, {"error": {"code": "404", "message": "Resource not found"}})
    elif received.headers.get("api-key") != KEY:
        complained(
            exchange, 401, {"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}
        )
    elif received.headers.get("extra-parameters") != "pass-through" and set(received.body) - SCHEMA:
        complained(exchange, 422, {"error": {"code": "parameter_not_supported", "message": "One is not supported."}})
    elif not isinstance(received.body.get("stop", []), list):
        complained(exchange, 422, {"detail": [{"loc": ["body", "stop"], "msg": "not a list", "type": "type_error"}]})
    elif "war" in words:
        inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": VIOLENT}
        error = {
            "message": "The response was filtered",
            "param": "prompt",
            "code": "content_filter",
            "innererror": inner,
        }
        complained(exchange, 400, {"error": error})
    else:
        exchange.head()
        exchange.send("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in _azure_chunks("sword" in words)))
        exchange.send("data: [DONE]\n\n")


def _azure_chunks(violent: bool) -> list[dict[str, Any]]:
    """As in the asynchronous mode of the filter: what it finds comes beside the text, in choices without a delta."""
    offsets = {"check_offset": 44, "start_offset": 44, "end_offset": 198}
    found = {"index": 0, "finish_reason": None, "content_filter_results": SAFE, "content_filter_offsets": offsets}
    caught = found | {"finish_reason": "content_filter", "content_filter_results": VIOLENT}
    choices: list[list[dict[str, Any]]] = [
        [{"index": 0, "delta": {"role": "assistant", "content": "", "refusal": None}, "finish_reason": None}],
        [{"index": 0, "delta": {"content": "A blade "}, "finish_reason": None}],
        [found],
        [{"index": 0, "delta": {"content": "of steel."}, "finish_reason": None}],
        [caught] if violent else [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        [found],
    ]
    first = {"id": "", "model": "", "choices": [], "prompt_filter_results": [{"content_filter_results": SAFE}]}
    usage = {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24}
    chunks = [{"id": "chatcmpl-1", "model": "gpt-x", "choices": each} for each in choices]
    return [first, *chunks, {"id": "chatcmpl-1", "model": "gpt-x", "choices": [], "usage": usage}]


def inference(server: Server, **options: Any) -> Profile:
    return Profile("azure", dialect="azure-inference", place=Url(server.url), model="gpt-x", options=options)


def test_azure_answers_two_turns_with_all_parameters(server: Server, talk: Talk) -> None:
    server.answers(azure, azure)
    session = talk(inference(server, stop="###", temperature=0.1, top_k=5))
    first, second = asked(session, "What is a knife?"), asked(session, "And a spoon?")
    assert first.text == second.text == "A blade of steel."
    assert (first.ending, first.model) == ("stop", "gpt-x")
    assert first.usage is not None
    assert first.usage.total == 24
    assert [message["role"] for message in server.requests[-1].body["messages"]] == ["user", "assistant", "user"]


def test_azure_stops_a_reply_and_the_user_reads_why(server: Server, talk: Talk) -> None:
    server.answers(azure, azure)
    session = talk(inference(server))
    reply = asked(session, "What is a sword?")
    assert (reply.text, reply.ending) == ("A blade of steel.", "content_filter")
    assert "content filter" in shown(session)
    asked(session, "What is a knife?")
    assert len(server.requests[-1].body["messages"]) == 3


def test_azure_stops_a_prompt_in_words(server: Server, talk: Talk) -> None:
    server.answers(azure)
    error = refusal(talk(inference(server)), "What is a war?")
    assert str(error) == "azure answered 400 Bad Request: The content filter stopped the prompt: violence (high)"
    assert "other words" in error.hint.shown(at_prompt=True)


def test_azure_refuses_a_wrong_key_and_a_wrong_version(server: Server, talk: Talk) -> None:
    server.answers(azure, azure)
    server.listing = whole({"detail": "Not Found"}, 404)  # it lists nothing, as no server of another dialect would
    assert "A_KEY" in refusal(talk(inference(server), key="another")).hint.shown(at_prompt=True)
    error = refusal(talk(inference(server, api_version="")))
    assert str(error) == "azure answered 404 Not Found: Resource not found"
    assert "base URL" in error.hint.shown(at_prompt=True)


def test_azure_tells_the_one_model_of_an_endpoint(server: Server, talk: Talk) -> None:
    server.listing = {"model_name": "gpt-x", "model_type": "chat-completion", "model_provider_name": "X"}
    assert [model.id for model in talk(inference(server)).offered()] == ["gpt-x"]
