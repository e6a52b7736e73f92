"""Servers that count tokens for nothing are asked in their own way, and no other is asked anything."""

from typing import Any

import pytest

from chatrepl import client, dialects
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Conversation, question
from tests.support.server import Exchange, Server, whole

COUNTED: dict[str, tuple[str, Any]] = {
    "anthropic": ("/messages/count_tokens", {"input_tokens": 12}),
    "gemini": ("/models/m:countTokens", {"totalTokens": 12}),
}


def count(name: str, server: Server) -> int | None:
    profile = Profile("test", dialect=name, place=Url(server.url), model="m")
    asking = client.Client({})
    try:
        request = dialects.request(profile, Conversation("Be brief.").asking(question("Hi?")), "", stream=False)
        return client.counted(asking, profile, request, "")
    finally:
        assert asking.last is None, "it is no question"
        asking.close()


@pytest.mark.parametrize("name", COUNTED)
def test_they_are_asked_in_their_own_way(server: Server, name: str) -> None:
    path, told = COUNTED[name]
    server.answers(whole(told))
    assert count(name, server) == 12
    assert server.requests[0].path.endswith(path)
    assert "max_tokens" not in server.requests[0].body


def test_llama_cpp_makes_the_prompt_and_counts_its_tokens(server: Server) -> None:
    server.listing = whole({"default_generation_settings": {"n_ctx": 2048}})
    server.answers(whole({"prompt": "<s>Hi?"}), whole({"tokens": [1, 2, 3]}))
    assert count("openai-chat", server) == 3
    assert [each.path for each in server.requests] == ["/apply-template", "/tokenize"]


@pytest.mark.parametrize("name", ["openai-chat", "openai-responses", "ollama"])
def test_no_other_server_is_asked(server: Server, name: str) -> None:
    assert count(name, server) is None
    assert not server.requests


@pytest.mark.parametrize("answer", [whole({}), whole([]), whole({"input_tokens": "12"}), whole({"error": "no"}, 400)])
def test_an_answer_that_is_none_counts_nothing(server: Server, answer: Any) -> None:
    server.answers(answer)
    assert count("anthropic", server) is None


def test_a_server_that_hangs_up_counts_nothing(server: Server) -> None:
    server.answers(Exchange.hang_up)
    assert count("anthropic", server) is None
