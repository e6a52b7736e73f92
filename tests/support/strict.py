"""What strict servers refuse of a request with tools, each in the words of a real one: the doubles of the protocols.

Each function takes the body of a request, and what came to be sent back, and raises ``Strict`` with the server's text.
"""

import json
import re
from collections.abc import Callable, Collection
from itertools import pairwise
from typing import Any


class Strict(AssertionError):
    """The server refuses the request."""


def demand(good: object, said: str) -> None:
    """Refuse with that text if it is not good."""
    if not good:
        raise Strict(said)


def named(name: str) -> None:
    """Names of functions."""
    demand(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name), f"Invalid 'name': {name!r}")


def schema(found: dict[str, Any]) -> None:
    """The schema of arguments."""
    demand(found.get("type") == "object", "Invalid schema: type object is required")
    demand(isinstance(found.get("properties"), dict), "Invalid schema: object schema missing properties")
    demand(isinstance(found.get("required", []), list), "Invalid schema: required has to be an array")
    union = {"oneOf", "allOf", "anyOf"} & found.keys()
    demand(not union, "input_schema does not support oneOf, allOf, or anyOf at the top level")


def arguments(text: object) -> None:
    """Arguments as a text of JSON."""
    demand(isinstance(text, str) and isinstance(json.loads(text), dict), "invalid tool call arguments")


def unique(ids: Collection[str]) -> None:
    demand(len(set(ids)) == len(ids), "tool_use ids must be unique")


CHAT_FIELDS = {"role", "content", "tool_calls", "tool_call_id"}


def chat(body: dict[str, Any], fields: Collection[str] = (), *, mistral: bool = False, longest: int = 40) -> None:
    """OpenAI's chat completions."""
    for tool in body.get("tools", []):
        demand(tool["type"] == "function", "Missing tool type")
        named(tool["function"]["name"])
        schema(tool["function"]["parameters"])
    demand(body.get("tools") != [], "[] is too short - 'tools'")
    waiting: list[str] = []
    for message in body["messages"]:
        extra = message.keys() - CHAT_FIELDS - set(fields)
        demand(not extra, f"property {extra} is unsupported")
        if message["role"] == "tool":
            demand(waiting and message["tool_call_id"] == waiting[0], "messages with role 'tool' must be a response")
            demand(isinstance(message["content"], str) and message["content"], "tool content has to be a string")
            waiting.pop(0)
            continue
        demand(not waiting, f"must be followed by tool messages responding to each 'tool_call_id': {waiting}")
        calls = message.get("tool_calls")
        demand(calls != [], "[] is too short - 'messages.tool_calls'")
        demand(calls or message["content"] is not None, "invalid message content type: <nil>")
        for call in calls or []:
            demand(call["type"] == "function", "Missing tool call type")
            named(call["function"]["name"])
            arguments(call["function"]["arguments"])
            waiting.append(call["id"])
    demand(not waiting, "insufficient tool messages")
    ids = [call["id"] for message in body["messages"] for call in message.get("tool_calls") or []]
    unique(ids)
    demand(
        all(len(each) <= longest for each in ids), f"string too long. Expected a string with maximum length {longest}"
    )
    if mistral:
        demand(all(re.fullmatch(r"[A-Za-z0-9]{9}", each) for each in ids), "a-z, A-Z, 0-9, with a length of 9")
        roles = [message["role"] for message in body["messages"]]
        demand(("tool", "user") not in set(pairwise(roles)), "Unexpected role 'user' after role 'tool'")


def responses(body: dict[str, Any], sent: Collection[str] = ()) -> None:
    """OpenAI's responses; ``sent`` are the encrypted contents that came."""
    for tool in body.get("tools", []):
        named(tool["name"])
        schema(tool["parameters"])
        demand(tool["strict"] is False, "Invalid schema for function: strict")
    items = body["input"]
    calls = [item["call_id"] for item in items if item["type"] == "function_call"]
    unique(calls)
    demand(all(len(each) <= 64 for each in calls), "string too long. Expected a string with maximum length 64")
    outputs = [item["call_id"] for item in items if item["type"] == "function_call_output"]
    demand(sorted(calls) == sorted(outputs), "No tool output found for function call")
    for item, after in pairwise([*items, {}]):
        if item["type"] == "function_call":
            named(item["name"])
            arguments(item["arguments"])
            demand("id" not in item, "was provided without its required 'reasoning' item")
        if item["type"] == "reasoning":
            demand("summary" in item, "missing required field `summary`")
            demand(item["encrypted_content"] in sent, "the encrypted content could not be verified")
            demand(after.get("type") in ("function_call", "message", "reasoning"), "required following item")
    waiting: list[str] = []
    for item in items:
        if item["type"] == "function_call":
            waiting.append(item["call_id"])
        elif item["type"] == "function_call_output":
            demand(item["call_id"] in waiting, "No tool call found for function call output")
            waiting.remove(item["call_id"])
        elif item["type"] == "message":
            demand(not waiting, "insufficient tool messages: a message stands between a call and its output")


def anthropic(body: dict[str, Any], sent: Collection[str] = ()) -> None:
    """Anthropic's messages; ``sent`` are the signatures that came."""
    demand(body["max_tokens"], "max_tokens: Field required")
    for tool in body.get("tools", []):
        demand(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool["name"]), "tools.0.custom.name")
        schema(tool["input_schema"])
    messages = body["messages"]
    demand(messages[0]["role"] == "user", "first message must use the user role")
    demand(all(one["role"] != other["role"] for one, other in pairwise(messages)), "roles must alternate")
    waiting: list[str] = []
    ids: list[str] = []
    for message in messages:
        blocks = message["content"]
        blocks = [{"type": "text", "text": blocks}] if isinstance(blocks, str) else blocks
        demand(blocks, "messages: at least one content block is required")
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        first = [block["type"] for block in blocks[: len(results)]]
        demand(results == waiting and set(first) <= {"tool_result"}, "without `tool_result` blocks immediately after")
        uses = [place for place, block in enumerate(blocks) if block["type"] == "tool_use"]
        demand(not uses or uses == list(range(uses[0], len(blocks))), "`tool_use` ids were found without `tool_result`")
        waiting = [blocks[place]["id"] for place in uses]
        ids += waiting
        for block in blocks:
            demand(block["type"] != "text" or block["text"].strip(), "text content blocks must be non-empty")
            if block["type"] == "tool_use":
                named(block["name"])
            demand(block["type"] != "tool_use" or isinstance(block["input"], dict), "input should be an object")
            demand(block["type"] != "thinking" or block["signature"] in sent, "Invalid `signature` in `thinking` block")
            if block["type"] == "tool_result":
                demand(block["content"] != [], "content list is empty")
    demand(not waiting, "`tool_use` ids were found without `tool_result` blocks immediately after")
    unique(ids)
    demand(all(re.fullmatch(r"[a-zA-Z0-9_-]+", each) for each in ids), "String should match pattern")
    demand(not ids or body.get("tools"), "Requests which include `tool_use` or `tool_result` blocks must define tools")


def gemini(body: dict[str, Any], sent: Collection[str] = (), *, generation: int = 3) -> None:
    """Google's Gemini; ``sent`` are the signatures that came."""
    for tool in body.get("tools", []):
        demand(tool["functionDeclarations"], "functionDeclarations is empty")
        for each in tool["functionDeclarations"]:
            demand(re.fullmatch(r"[A-Za-z_][\w.:-]{0,127}", each["name"], re.ASCII), "Invalid function name")
            demand("parameters" not in each, "both parameters and parametersJsonSchema")
            demand("$schema" not in json.dumps(each), 'Unknown name "$schema"')
            demand("$ref" not in json.dumps(each), 'Unknown name "$ref"')
    waiting: list[Any] = []
    contents = body["contents"]
    last_question = max(
        place
        for place, content in enumerate(contents)
        if content["role"] == "user" and not any("functionResponse" in part for part in content["parts"])
    )
    for place, content in enumerate(contents):
        demand(content["role"] in ("user", "model"), "role must be user or model")
        demand(content["parts"], "parts is empty")
        answers = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        demand(not answers or len(answers) == len(content["parts"]), "text beside functionResponse")
        demand(len(answers) == len(waiting), "number of function response parts is equal to that of calls")
        for call, answer in zip(waiting, answers, strict=True):
            demand((call["name"], call.get("id")) == (answer["name"], answer.get("id")), "the names differ")
            demand(isinstance(answer["response"], dict), "response has to be an object")
        calls = [part for part in content["parts"] if "functionCall" in part]
        demand(not calls or content["role"] == "model", "a call of the user")
        waiting = [part["functionCall"] for part in calls]
        demand(all(isinstance(call["args"], dict) for call in waiting), "args has to be an object")
        named_by_id = [call for call in waiting if "id" in call]
        demand(generation >= 3 or not named_by_id, 'Unknown name "id"')
        if calls and generation >= 3 and place > last_question:
            signature = calls[0].get("thoughtSignature", "")
            good = signature == "skip_thought_signature_validator" or (signature and signature in sent)
            demand(good, "Function call is missing a thought_signature in functionCall parts")
    demand(not waiting, "function response turn comes immediately after a function call turn")
    demand("functionCall" not in contents[0]["parts"][0], "function call turn comes immediately after a user turn")


def ollama(body: dict[str, Any], _sent: Collection[str] = ()) -> None:
    """Ollama's own protocol."""
    for tool in body.get("tools", []):
        schema(tool["function"]["parameters"])
    for message in body["messages"]:
        demand(isinstance(message["content"], str), "cannot unmarshal array into Go struct field content")
        for call in message.get("tool_calls", []):
            demand(isinstance(call["function"]["arguments"], dict), "cannot unmarshal string into arguments")
        if message["role"] == "tool":
            demand(message.get("tool_name") or message.get("tool_call_id"), "a result of no call")


def completions(body: dict[str, Any], _sent: Collection[str] = ()) -> None:
    """OpenAI's completions, which have no tools."""
    demand("tools" not in body and isinstance(body["prompt"], str), "Unrecognized request argument supplied: tools")


def egp(body: dict[str, Any], _sent: Collection[str] = ()) -> None:
    """Scale's EGP: one call a message, and its result at once after it."""
    demand("tools" not in body, "extra fields not permitted: tools")
    for message, after in pairwise([*body["messages"], {}]):
        demand("tool_calls" not in message, "extra fields not permitted: tool_calls")
        if request := message.get("tool_request"):
            demand(message["role"] == "agent", "extra fields not permitted: tool_request")
            arguments(request["arguments"])
            demand((after.get("role"), after.get("name")) == ("tool", request["name"]), "a call without its result")


DOUBLES: dict[str, Callable[[dict[str, Any], Collection[str]], None]] = {
    "openai-chat": lambda body, _sent: chat(body),
    "azure-inference": lambda body, _sent: chat(body),
    "openai-responses": responses,
    "anthropic": anthropic,
    "gemini": gemini,
    "ollama": ollama,
    "openai-completions": completions,
    "scale-egp": egp,
}
"""The double of each dialect."""
