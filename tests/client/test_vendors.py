"""Every built-in vendor, asked at a double: address, key, model and shape of the request."""

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chatrepl.chat import turn
from chatrepl.config import built_in
from chatrepl.config.place import Url
from chatrepl.config.vendors import CHECKED, PROFILES
from tests.support import faults
from tests.support.server import Server

BUILT_IN = built_in(Path("none")).profiles

PATHS = {
    "openai-chat": "/chat/completions",
    "openai-completions": "/completions",
    "openai-responses": "/responses",
    "azure-inference": "/chat/completions",
    "scale-egp": "/chat-completions",
    "anthropic": "/v1/messages",
    "ollama": "/api/chat",
    "gemini": "/v1beta/models/{model}:streamGenerateContent",
}
"""Where each dialect asks, below the base URL."""

SHAPES = {"openai-completions": "prompt", "openai-responses": "input", "gemini": "contents"}
"""What holds the conversation, where it is not called messages."""

KEYS = {"anthropic": "x-api-key", "gemini": "x-goog-api-key", "scale-egp": "x-api-key"}
"""The header of the key, where it is not in Authorization."""


@pytest.mark.parametrize("name", [name for name, profile in BUILT_IN.items() if profile.place.remote])
def test_a_vendor_is_asked_at_its_address_with_its_key_its_model_and_in_its_shape(
    name: str, server: Server, tmp_path: Path
) -> None:
    own = BUILT_IN[name]
    path, host = urlsplit(own.base_url).path, server.url.removesuffix("/v1")
    moved = replace(own, place=Url(host + path), base_url_env="", key_env="THE_KEY", model=own.model or "m")
    profile = replace(moved, elsewhere="")  # in the dialect that it speaks at home
    wire = faults.wire(own.dialect)
    server.answers(faults.answer(200, wire.whole, wire.kind))
    with faults.session(tmp_path, profile) as seen:
        assert turn.send(seen.session, "Hi").kept, seen.notes.getvalue()
    [request] = server.requests
    below = PATHS[own.dialect].replace("{model}", profile.model)
    deployment = "/openai/deployments/m" if name == "azure-deployment" else ""
    assert urlsplit(request.path).path == f"{path.rstrip('/')}{deployment}{below}"
    header = "api-key" if own.options.get("auth") == "api-key" else KEYS.get(own.dialect, "authorization")
    assert request.headers[header].removeprefix("Bearer ") == faults.KEY
    assert SHAPES.get(own.dialect, "messages") in request.body
    assert own.dialect == "gemini" or request.body["model"] == profile.model


def test_the_table_of_vendors_tells_when_it_was_checked_and_each_vendor_has_what_it_takes() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", CHECKED)
    for name, own in BUILT_IN.items():
        assert own.about, name
        assert own.base_url or own.base_url_env or not own.place.remote, name
        assert own.base_url.startswith(("https://", "http://127.0.0.1:")) or not own.base_url, name
    wanted = (
        "xai together fireworks cerebras moonshot zai dashscope minimax huggingface nvidia perplexity vercel cohere "
        "deepinfra ollama-cloud sambanova nebius scaleway openai-chat openai-completions openai-responses"
    )
    assert set(wanted.split()) <= PROFILES.keys()
