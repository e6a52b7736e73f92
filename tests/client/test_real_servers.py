"""The dialects against servers that nobody here wrote, through chatrepl's own session: llama.cpp's, aimock, LiteLLM."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from chatrepl.chat import turn
from chatrepl.client.embedded import server as local
from chatrepl.config.config import Profile, Ui
from chatrepl.config.place import Url
from chatrepl.conversation import Message, question
from tests.support import servers, tinymodel
from tests.support.talking import KEY, Talk, asked, refusal, shown

# llama.cpp's server. Its model has random weights: what it says means nothing, how it says it does.


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.LocalServer]:
    if not local.is_installed():
        pytest.skip("xllamacpp has no wheel for this platform")
    folder = tmp_path_factory.mktemp("llama")
    server = local.start(tinymodel.write(folder / "tiny.gguf"), log=folder / "llama.log", context=512)
    yield server
    server.close()


LLAMA_DIALECTS = ["openai-chat", "openai-completions", "openai-responses", "anthropic"]
on_llama = pytest.mark.parametrize("dialect", LLAMA_DIALECTS)


def tiny(llama: local.LocalServer, dialect: str, **options: Any) -> Profile:
    exact = {"max_tokens": 12, "temperature": 0, "seed": 1, "ignore_eos": True}
    return Profile("tiny", dialect=dialect, place=Url(llama.base_url), model="tiny", options=exact | options)


def counted(message: Message) -> tuple[int, int]:
    """The tokens of a question and of its reply."""
    assert message.usage is not None
    assert message.usage.input is not None
    assert message.usage.output is not None
    return message.usage.input, message.usage.output


@on_llama
def test_llama_says_the_same_streamed_and_whole(llama: local.LocalServer, talk: Talk, dialect: str) -> None:
    streamed, whole = (
        asked(talk(tiny(llama, dialect), stream=stream, key=llama.key), "hello world") for stream in (True, False)
    )
    # Half a character at the end of a stream is not sent; in a reply in one piece it is U+FFFD.
    assert streamed.text.rstrip("\ufffd") == whole.text.rstrip("\ufffd") != ""
    assert counted(streamed) == counted(whole)
    assert counted(streamed)[1] == 12
    assert streamed.ending == whole.ending
    assert streamed.model == whole.model == "tiny"


@on_llama
def test_llama_gets_the_history_and_the_system_prompt(llama: local.LocalServer, talk: Talk, dialect: str) -> None:
    # Whole, for streamed messages tell the size of the prompt only if the first token is a whole character.
    session = talk(tiny(llama, dialect), stream=False, key=llama.key)
    first, second = (counted(asked(session, "hello"))[0] for _ in range(2))
    assert second > first + 12, "the question and the reply before are in the prompt"
    advised = talk(replace(tiny(llama, dialect), system="the world of hello " * 3), stream=False, key=llama.key)
    assert counted(asked(advised, "hello"))[0] > first + 12


@on_llama
def test_llama_ends_a_reply_at_the_limit_or_at_a_stop_text(llama: local.LocalServer, talk: Talk, dialect: str) -> None:
    endless = asked(talk(tiny(llama, dialect, max_tokens=40), key=llama.key), "hello world")
    # Of the Responses protocol llama.cpp says "completed", whatever ended the reply.
    assert endless.ending == ("stop" if dialect == "openai-responses" else "length")
    assert counted(endless)[1] == 40
    mark = first_clear(endless.text)
    stopped = asked(talk(tiny(llama, dialect, max_tokens=40, stop=[mark]), key=llama.key), "hello world")
    assert stopped.ending == "stop"
    assert stopped.text == endless.text.partition(mark)[0]


def first_clear(text: str) -> str:
    """A character that stands between others: llama.cpp looks for stop texts only behind whole characters."""
    clear = [character.isascii() and character.isprintable() for character in text]
    return next(text[i] for i, both in enumerate(pairwise(clear), 1) if all(both) and text.index(text[i]) == i)


@on_llama
def test_llama_refuses_a_wrong_key(llama: local.LocalServer, talk: Talk, dialect: str) -> None:
    error = refusal(talk(tiny(llama, dialect), key="a-wrong-key"))
    assert str(error) == "tiny answered 401 Unauthorized: Invalid API Key"
    assert "A_KEY" in error.hint.shown(at_prompt=True)


@on_llama
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_llama_tells_that_a_conversation_is_too_long(
    llama: local.LocalServer, talk: Talk, dialect: str, stream: bool
) -> None:
    error = refusal(talk(tiny(llama, dialect), stream=stream, key=llama.key), "hello " * 1000)
    assert str(error).startswith("tiny answered 400 Bad Request: request (")
    assert "\n" not in str(error)
    assert "/undo" in error.hint.shown(at_prompt=True)


@on_llama
def test_llama_lists_its_model_and_the_size_of_its_context(llama: local.LocalServer, talk: Talk, dialect: str) -> None:
    assert [(model.id, model.context) for model in talk(tiny(llama, dialect), key=llama.key).offered()] == [
        ("tiny", 512)
    ]


def test_a_conversation_with_llama_goes_on_from_dialect_to_dialect(llama: local.LocalServer, talk: Talk) -> None:
    session = talk(tiny(llama, "openai-chat"), key=llama.key)
    sizes = []
    for dialect in [*LLAMA_DIALECTS, "openai-chat"]:
        session.switch(replace(tiny(llama, dialect, max_tokens=4), key_env="A_KEY"))
        session.ui = Ui(stream=True)
        asked(session, "hello")
        session.ui = Ui(stream=False)
        sizes.append(counted(asked(session, "hello"))[0])
    sizes.remove(sizes[LLAMA_DIALECTS.index("openai-completions")])  # its prompts are written otherwise
    assert sizes == sorted(set(sizes))


# aimock, which plays the protocols of many vendors from a script.


def fixture(word: str, response: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What aimock does where a question holds that word."""
    return {"match": {"userMessage": word}, "response": response, **more}


SCRIPT = [
    fixture("limit", {"error": {"message": "Slow down", "type": "rate_limit_error"}, "status": 429}),
    fixture("secret", {"error": {"message": "No such key", "type": "authentication_error"}, "status": 401}),
    fixture("cut", {"content": "This breaks off in the middle"}, truncateAfterChunks=8, chunkSize=3, latency=5),
    fixture("long", {"content": "And then", "finishReason": "length"}),
    fixture("think", {"content": "Four.", "reasoning": "Two and two."}),
    fixture("Hello", {"content": "Hi there, déjà vu \U0001f600!"}, chunkSize=3),
    fixture("Again", {"content": "And again."}),
]


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("aimock")
    (folder / "script.json").write_text(json.dumps({"fixtures": SCRIPT}), "utf-8")
    command = [*servers.aimock(), "-p", "{port}", "-f", str(folder / "script.json")]
    with servers.running(command, "/v1/models", folder / "log") as origin:
        yield origin


AIMOCK = {
    "openai-chat": ("openai-chat", "/v1", {}),
    "openai-responses": ("openai-responses", "/v1", {}),
    "anthropic": ("anthropic", "", {}),
    "ollama": ("ollama", "", {}),
    "gemini": ("gemini", "", {}),
    "azure-inference": ("azure-inference", "", {}),
    "azure-deployment": ("azure-inference", "/openai/deployments/{model}", {"api_version": "2024-10-21"}),
    "openrouter": ("openai-chat", "/api/v1", {}),
}
"""The dialect, the path below the origin and the options, of each kind of endpoint that aimock has."""
on_aimock = pytest.mark.parametrize("kind", AIMOCK)
streamed_and_whole = pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])


def mock(origin: str, kind: str) -> Profile:
    dialect, path, options = AIMOCK[kind]
    return Profile("mock", dialect=dialect, place=Url(origin + path), model="gpt-4o", options=options)


@on_aimock
@streamed_and_whole
def test_aimock_answers_two_turns(aimock: str, talk: Talk, kind: str, stream: bool) -> None:
    session = talk(replace(mock(aimock, kind), system="You are brief."), stream=stream)
    first, second = asked(session, "Hello"), asked(session, "Again")
    assert first.text == "Hi there, déjà vu \U0001f600!"
    assert second.text == "And again."
    assert (first.ending, second.ending) == ("stop", "stop")


@on_aimock
@streamed_and_whole
def test_aimock_thinks_before_it_answers(aimock: str, talk: Talk, kind: str, stream: bool) -> None:
    reply = asked(talk(mock(aimock, kind), stream=stream), "think")
    assert (reply.thinking, reply.text) == ("Two and two.", "Four.")


@on_aimock
@streamed_and_whole
def test_aimock_stops_at_the_limit(aimock: str, talk: Talk, kind: str, stream: bool) -> None:
    reply = asked(talk(mock(aimock, kind), stream=stream), "long")
    # Of Ollama's protocol aimock has but one ending, and in Responses it leaves the reason out.
    ending = {"ollama": "stop", "openai-responses": "other"}.get(kind, "length")
    assert (reply.text, reply.ending) == ("And then", ending)


@on_aimock
def test_aimock_breaks_off_and_what_came_is_kept(aimock: str, talk: Talk, kind: str) -> None:
    session = talk(mock(aimock, kind))
    reply = turn.ask(session, question("cut")).message
    assert reply is not None
    assert "This breaks off in the middle".startswith(reply.text)
    assert reply.text
    assert reply.ending == "failed"
    assert "The reply is incomplete" in shown(session)


@on_aimock
@streamed_and_whole
@pytest.mark.parametrize(
    ("word", "line", "hint"),
    [
        ("limit", "mock answered 429 Too Many Requests: Slow down", "wait a little"),
        ("secret", "mock answered 401 Unauthorized: No such key", "A_KEY"),
        ("no such question", "mock answered ", ""),
    ],
)
def test_aimock_refuses_in_one_line_with_a_hint(
    aimock: str, talk: Talk, kind: str, stream: bool, word: str, line: str, hint: str
) -> None:
    error = refusal(talk(mock(aimock, kind), stream=stream), word)
    assert str(error).startswith(line)
    assert "\n" not in str(error)
    assert hint in error.hint.shown(at_prompt=True)


@pytest.mark.parametrize("kind", ["openai-chat", "openai-responses", "ollama"])
def test_aimock_lists_models(aimock: str, talk: Talk, kind: str) -> None:
    assert talk(mock(aimock, kind)).offered()


# A LiteLLM proxy, whose answers come from its own configuration.

LITELLM = {
    "model_list": [
        {
            "model_name": name,
            "litellm_params": {"model": f"openai/{name}", "api_key": "sk-none", "mock_response": response},
        }
        for name, response in {
            "mock-chat": "Hi there, déjà vu \U0001f600!",
            "mock-limit": "litellm.RateLimitError",
            "mock-context": "litellm.ContextWindowExceededError",
        }.items()
    ],
    "general_settings": {"master_key": f"sk-{KEY}"},
    "litellm_settings": {"num_retries": 0},
    "router_settings": {"num_retries": 0, "disable_cooldowns": True},
}


@pytest.fixture(scope="module")
def litellm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not (found := shutil.which("litellm")):
        pytest.skip("no litellm on the PATH: pip install 'litellm[proxy]' in a virtual environment brings it")
    folder = tmp_path_factory.mktemp("litellm")
    (folder / "config.yaml").write_text(json.dumps(LITELLM, ensure_ascii=False), "utf-8")  # which is YAML too
    command = [found, "--config", str(folder / "config.yaml"), "--host", "127.0.0.1", "--port", "{port}"]
    command += ["--telemetry", "False"]
    with servers.running(command, "/health/liveliness", folder / "log", LITELLM_LOCAL_MODEL_COST_MAP="True") as origin:
        yield origin


def proxied(origin: str, model: str, dialect: str = "openai-chat") -> Profile:
    base = origin if dialect in ("anthropic", "gemini") else f"{origin}/v1"
    return Profile("proxy", dialect=dialect, place=Url(base), model=model)


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-completions", "anthropic", "gemini"])
@streamed_and_whole
def test_litellm_answers_two_turns(litellm: str, talk: Talk, dialect: str, stream: bool) -> None:
    session = talk(proxied(litellm, "mock-chat", dialect), stream=stream, key=f"sk-{KEY}")
    assert [asked(session, "Hello").text for _ in range(2)] == ["Hi there, déjà vu \U0001f600!"] * 2


@pytest.mark.parametrize(
    ("model", "status", "hint"), [("mock-limit", 429, "wait a little"), ("mock-context", 400, "/undo")]
)
def test_litellm_refuses_in_one_line_with_a_hint(litellm: str, talk: Talk, model: str, status: int, hint: str) -> None:
    error = refusal(talk(proxied(litellm, model), key=f"sk-{KEY}"))
    assert error.status == status
    assert "\n" not in str(error)
    assert hint in error.hint.shown(at_prompt=True)


def test_litellm_lists_its_models(litellm: str, talk: Talk) -> None:
    offered = talk(proxied(litellm, ""), key=f"sk-{KEY}").offered()
    assert {model.id for model in offered} == {"mock-chat", "mock-limit", "mock-context"}
