"""What real servers say when they refuse, and what to try then."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chatrepl.dialects import dialect
from chatrepl.dialects.response import read, refused
from chatrepl.errors import ASK_AGAIN, Refused
from tests.support.exchanges import PROFILE, answers, load

KEYED = replace(PROFILE, name="test", key_env="A_KEY")
LONG, REPLY, IMAGE, WORDS = "/compact or /undo shortens", "/set max_tokens", "takes no images", "other words"
FILE = "takes no such file"
KEY, BILLING, WAIT, MODEL = "A_KEY", "billing", "wait a little", "/models lists what there is"
CHAT, AGAIN, PARAMETERS, PLACE = "openai-chat", ASK_AGAIN, "/set changes a parameter", "base_url"


def openai(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **more}}


def google(status: str, message: str, *details: Any) -> dict[str, Any]:
    return {"error": {"code": 400, "message": message, "status": status, "details": list(details)}}


def claude(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


ENVELOPES: list[tuple[str, int, Any, str]] = [
    # the conversation is too long
    (
        "openai-chat",
        400,
        openai("This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens."),
        LONG,
    ),
    (
        "openai-chat",
        400,
        openai("The decoder prompt (length 5000) is longer than the maximum model length of 4096."),
        LONG,
    ),
    ("openai-chat", 400, openai("Please reduce the length of the messages or completion."), LONG),
    (
        "openai-chat",
        400,
        {"message": "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"},
        LONG,
    ),
    (
        "openai-chat",
        400,
        {"error": "This model's maximum prompt length is 131072 but the request contains 200000 tokens."},
        LONG,
    ),
    (
        "openai-chat",
        422,
        {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096."},
        LONG,
    ),
    (
        "openai-chat",
        429,
        openai("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000."),
        LONG,
    ),
    ("openai-chat", 500, openai("input is too large to process. increase the physical batch size"), LONG),
    ("openai-chat", 413, openai("Request Entity Too Large"), LONG),
    ("openai-responses", 400, openai("Your input exceeds the context window of this model."), LONG),
    ("openai-responses", 400, openai("Invalid 'input': string too long."), LONG),
    ("anthropic", 400, claude("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), LONG),
    (
        "anthropic",
        400,
        claude("invalid_request_error", "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
        LONG,
    ),
    ("ollama", 400, {"error": "the input length exceeds the context length"}, LONG),
    (
        "gemini",
        400,
        google("INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
        LONG,
    ),
    # the reply that was asked for is too long
    (
        "openai-chat",
        400,
        openai("max_tokens is too large: 100000. This model supports at most 16384 completion tokens"),
        REPLY,
    ),
    (
        "anthropic",
        400,
        claude(
            "invalid_request_error", "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens"
        ),
        REPLY,
    ),
    # images
    ("openai-chat", 400, openai("unsupported content[].type"), FILE),
    ("openai-responses", 400, openai("'input_file' is not supported by llamacpp at this moment"), FILE),
    ("openai-chat", 422, openai("messages[0]: unknown variant `file`, expected `text`"), FILE),
    ("openai-chat", 500, openai("image input is not supported - hint: you may need to provide the mmproj"), IMAGE),
    ("openai-chat", 400, openai("Invalid content type. image_url is only supported by certain models."), IMAGE),
    ("openai-chat", 404, openai("No endpoints found that support image input"), IMAGE),
    ("ollama", 500, {"error": "this model is missing data required for image input"}, IMAGE),
    # filtered
    (
        "azure-inference",
        400,
        openai(
            "The response was filtered due to the prompt triggering our content management policy.",
            code="content_filter",
        ),
        WORDS,
    ),
    (
        "openai-chat",
        403,
        {"error": {"code": 403, "message": "Your input was flagged", "metadata": {"reasons": ["x"]}}},
        WORDS,
    ),
    # the key
    ("openai-chat", 401, openai("Incorrect API key provided: sk-***.", code="invalid_api_key"), KEY),
    ("openai-chat", 400, openai("No connected db.", type="no_db_connection"), KEY),
    ("openai-chat", 401, {"error": {"message": "User not found.", "code": 401}}, KEY),
    (
        "azure-inference",
        401,
        {"statusCode": 401, "message": "Unauthorized. Access token is missing, invalid or expired."},
        KEY,
    ),
    ("scale-egp", 403, {"detail": "Not authenticated"}, KEY),
    ("anthropic", 401, claude("authentication_error", "invalid x-api-key"), KEY),
    ("gemini", 400, google("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), KEY),
    ("gemini", 403, google("PERMISSION_DENIED", "Method doesn't allow unregistered callers."), KEY),
    # the account
    (
        "openai-chat",
        429,
        openai("You exceeded your current quota, please check your plan and billing details."),
        BILLING,
    ),
    ("openai-chat", 402, openai("Insufficient Balance"), BILLING),
    (
        "anthropic",
        400,
        claude("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
        BILLING,
    ),
    ("anthropic", 429, claude("rate_limit_error", "This workspace has reached its spend limit."), BILLING),
    # too many requests; some of them speak of billing and quota all the same
    (
        "openai-chat",
        429,
        openai("Rate limit reached for m on requests per min. Please try again in 20s. Raise it at billing"),
        WAIT,
    ),
    (
        "azure-inference",
        429,
        openai(
            "Requests have exceeded the token rate limit. Please retry after 7 seconds. See https://aka.ms/oai/quotaincrease"
        ),
        WAIT,
    ),
    ("gemini", 429, google("RESOURCE_EXHAUSTED", "You exceeded your current quota. Please retry in 17.1s."), WAIT),
    ("gemini", 429, google("RESOURCE_EXHAUSTED", "Resource exhausted", {"retryDelay": "17s"}), WAIT),
    ("anthropic", 429, claude("rate_limit_error", "Number of request tokens has exceeded your rate limit"), WAIT),
    ("scale-egp", 429, {"message": "Limit Exceeded"}, WAIT),
    # the model
    ("openai-chat", 404, openai("The model `gpt-x` does not exist or you do not have access to it."), MODEL),
    ("openai-chat", 400, openai("Invalid model name passed in model=zzz."), MODEL),
    ("openai-chat", 400, openai("The model `m` has been decommissioned and is no longer supported."), MODEL),
    ("openai-chat", 400, {"error": {"message": "m is not a valid model ID", "code": 400}}, MODEL),
    ("openai-responses", 400, openai("The requested model 'm' does not exist."), MODEL),
    ("openai-completions", 404, openai("This is a chat model and not supported in the v1/completions endpoint."), CHAT),
    (
        "azure-inference",
        404,
        {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}},
        MODEL,
    ),
    ("anthropic", 404, claude("not_found_error", "model: claude-nope"), MODEL),
    ("ollama", 404, {"error": "model 'x' not found"}, MODEL),
    ("gemini", 404, google("NOT_FOUND", "models/gemini-nope is not found for API version v1beta"), MODEL),
    # a parameter
    ("openai-chat", 400, openai("Unsupported value: 'temperature' does not support 0.2 with this model."), PARAMETERS),
    ("scale-egp", 422, {"detail": [{"loc": ["body", "temperature"], "msg": "too high"}]}, PARAMETERS),
    ("ollama", 400, {"error": '"m" does not support thinking'}, PARAMETERS),
    # the server
    ("openai-chat", 503, openai("Loading model", type="unavailable_error"), AGAIN),
    ("openai-chat", 498, openai("Flex tier capacity exceeded"), AGAIN),
    ("anthropic", 529, claude("overloaded_error", "Overloaded"), AGAIN),
    ("gemini", 503, google("UNAVAILABLE", "The model is overloaded. Please try again later."), AGAIN),
    ("openai-responses", 405, {"detail": "Method Not Allowed"}, "base URL"),
    ("openai-chat", 301, "", PLACE),
]


@pytest.mark.parametrize(
    ("name", "status", "envelope", "hint"),
    ENVELOPES,
    ids=[f"{name}-{status}-{n}" for n, (name, status, *_) in enumerate(ENVELOPES)],
)
def test_an_error_brings_its_hint(name: str, status: int, envelope: Any, hint: str) -> None:
    error = refused(dialect(name), KEYED, status, {}, json.dumps(envelope).encode())
    assert hint in error.hint.shown(at_prompt=True)
    assert "\n" not in str(error)


def test_without_a_key_that_works_a_chat_can_talk_to_another() -> None:
    hint = refused(dialect("openai-chat"), KEYED, 401, {}, b"{}").hint
    assert "/profile" in hint.shown(at_prompt=True)
    assert "/profile" not in hint.shown(at_prompt=False)


def test_a_path_that_is_echoed_says_nothing_of_the_dialect_that_asks_it() -> None:
    echo = json.dumps({"detail": "Cannot POST /v1/chat/completions"}).encode()
    for name, helps in (("openai-chat", MODEL), ("azure-inference", MODEL), ("openai-completions", CHAT)):
        assert helps in refused(dialect(name), replace(KEYED, dialect=name), 404, {}, echo).hint.shown(at_prompt=True)


@pytest.mark.parametrize(
    ("name", "error", "status"),
    [
        ("openai-chat", {"error": {"message": "slow down", "code": "429"}}, 429),
        ("openai-chat", {"error": {"message": "busy", "code": 503}}, 503),
        ("openai-chat", {"error": {"message": "a number of its own", "code": "1302"}}, 200),
        ("openai-chat", {"error": {"message": "a number of its own", "code": 1302}}, 200),
        ("openai-chat", {"error": {"message": "no", "code": "²"}}, 200),
        ("anthropic", claude("overloaded_error", "Overloaded"), 529),
        ("anthropic", claude("rate_limit_error", "slow down"), 429),
        ("anthropic", claude("api_error", "Internal server error"), 500),
        ("anthropic", claude("invalid_request_error", "no"), 200),
        (
            "openai-chat",
            {"object": "error", "message": "out of memory", "type": "InternalServerError", "code": 500},
            500,
        ),
        ("openai-responses", {"type": "error", "code": "rate_limit_exceeded", "message": "slow down"}, 429),
    ],
)
def test_an_error_inside_a_good_answer_has_its_status(name: str, error: Any, status: int) -> None:
    body = f"event: error\ndata: {json.dumps(error)}\n\n".encode()
    with pytest.raises(Refused) as caught:
        list(read(dialect(name), KEYED, 200, {"content-type": "text/event-stream"}, [body], stream=True))
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("Rate limit exceeded", WAIT),
        ("You exceeded your current quota", BILLING),
        ("Invalid API key", KEY),
        ("maximum context length is 4096", LONG),
        ("The server had an error", AGAIN),
    ],
)
def test_an_error_inside_a_good_answer_brings_one_too(said: str, hint: str) -> None:
    body = json.dumps({"error": {"message": said}}).encode()
    with pytest.raises(Refused) as caught:
        list(read(dialect("openai-chat"), KEYED, 200, {"content-type": "application/json"}, [body], stream=True))
    assert hint in caught.value.hint.shown(at_prompt=True)


@pytest.mark.parametrize(
    "path", [path for path in answers() if load(path).status >= 300], ids="{0.parent.name}/{0.stem}".format
)
def test_no_captured_error_is_without_a_hint(path: Any) -> None:
    answer = load(path)
    assert refused(dialect(path.parent.name), KEYED, answer.status, answer.headers, answer.body).hint
