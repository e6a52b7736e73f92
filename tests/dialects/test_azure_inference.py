"""Azure's flavours: one dialect, told apart by what the profile says."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatrepl.config.config import Profile, built_in, located
from chatrepl.config.place import Url
from chatrepl.conversation import Conversation, TextPart
from chatrepl.dialects import Request, dialect
from chatrepl.errors import ConfigError
from tests.support.exchanges import user
from tests.support.server import Server, whole
from tests.support.talking import Talk, asked as ask

AZURE = dialect("azure-inference")


def asked(base_url: str, model: str = "m", headers: dict[str, str] | None = None, **options: Any) -> Request:
    profile = Profile("azure", place=Url(base_url), model=model, headers=headers or {}, options=options)
    return AZURE.encode(profile, Conversation().asking(user(TextPart("Hi"))), "KEY", stream=False)


@pytest.mark.parametrize(
    ("base_url", "options", "url"),
    [
        (
            "https://x.models.ai.azure.com/",
            {},
            "https://x.models.ai.azure.com/chat/completions?api-version=2024-05-01-preview",
        ),
        ("https://x/models", {"api_version": "2025-04-01"}, "https://x/models/chat/completions?api-version=2025-04-01"),
        ("https://x/models?api-version=1", {}, "https://x/models/chat/completions?api-version=1"),
        ("https://x/models?a=b", {"api_version": "1"}, "https://x/models/chat/completions?a=b&api-version=1"),
        ("https://x/openai/v1/", {"api_version": ""}, "https://x/openai/v1/chat/completions"),
        (
            "https://x/openai/deployments/{model}?api-version=2024-10-21",
            {},
            "https://x/openai/deployments/m/chat/completions?api-version=2024-10-21",
        ),
        ("https://x/models/chat/completions", {"api_version": ""}, "https://x/models/chat/completions"),
    ],
)
def test_the_address_names_the_version_once(base_url: str, options: dict[str, Any], url: str) -> None:
    request = asked(base_url, **options)
    assert request.url == url
    assert request.body == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        ({}, {"api-key": "KEY", "Authorization": "Bearer KEY"}),
        ({"auth": "both"}, {"api-key": "KEY", "Authorization": "Bearer KEY"}),
        ({"auth": "api-key"}, {"api-key": "KEY"}),
        ({"auth": "bearer"}, {"Authorization": "Bearer KEY"}),
    ],
)
def test_the_key_is_shown_as_the_profile_says(auth: dict[str, Any], headers: dict[str, str]) -> None:
    assert asked("https://x", **auth).headers == headers | {"extra-parameters": "pass-through"}


@pytest.mark.parametrize("auth", ["entra", ["both"], None])
def test_another_way_to_show_it_is_refused(auth: object) -> None:
    with pytest.raises(ConfigError, match="auth"):
        asked("https://x", auth=auth)


def test_headers_of_the_profile_go_before_ours() -> None:
    assert asked("https://x", headers={"Extra-Parameters": "drop"}, auth="api-key").headers == {
        "api-key": "KEY",
        "Extra-Parameters": "drop",
    }


def test_an_endpoint_of_one_model_is_not_told_which() -> None:
    assert "model" not in (asked("https://x", model="").body or {})


def test_stop_is_always_a_list() -> None:
    assert (asked("https://x", stop="END").body or {})["stop"] == ["END"]


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://x/models?api-version=1", "https://x/models/info?api-version=1"),
        ("https://x/openai/v1?api-version=preview", "https://x/openai/v1/models?api-version=preview"),
    ],
)
def test_models_come_from_a_list_or_from_what_the_endpoint_says_of_itself(base_url: str, url: str) -> None:
    assert AZURE.models
    assert AZURE.decode_models
    assert AZURE.models(Profile("azure", place=Url(base_url)), "").url == url
    for body in ({"model_name": "phi", "model_type": "chat-completion"}, {"data": [{"id": "phi"}]}):
        assert [model.id for model in AZURE.decode_models(body)] == ["phi"]


def test_an_error_without_a_body_is_told_by_its_header() -> None:
    assert AZURE.error_text(400, {"x-ms-error-code": "OperationNotSupported"}, b"") == "OperationNotSupported"


DEPLOYED = built_in(Path()).profile("azure-deployment")


@pytest.mark.parametrize(
    "endpoint", ["https://x.openai.azure.com", "https://x.openai.azure.com/", "https://x.openai.azure.com/openai/"]
)
def test_the_deployment_stands_in_the_path_of_the_older_addresses(endpoint: str) -> None:
    profile = replace(located(DEPLOYED, {"AZURE_OPENAI_ENDPOINT": endpoint}), model="my gpt")
    request = AZURE.encode(profile, Conversation().asking(user(TextPart("Hi"))), "KEY", stream=False)
    path = "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21"
    assert request.url == f"https://x.openai.azure.com{path}"
    assert "deployment" not in (request.body or {})
    assert (request.headers["api-key"], request.headers.get("Authorization")) == ("KEY", None)


def test_a_deployment_has_to_be_named() -> None:
    profile = located(DEPLOYED, {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com"})
    assert AZURE.models
    with pytest.raises(ConfigError, match="deployment") as caught:
        AZURE.models(profile, "KEY")
    assert "-m NAME" in caught.value.hint.text


@pytest.mark.parametrize("status", [404, 405])
def test_an_endpoint_that_does_not_tell_its_model_is_asked_without_one(server: Server, talk: Talk, status: int) -> None:
    server.listing = whole({"error": {"code": "404", "message": "Resource not found"}}, status)
    assert ask(talk(Profile("azure", dialect="azure-inference", place=Url(server.url))), "Hi").text == "Hello"
    assert "model" not in server.requests[0].body
