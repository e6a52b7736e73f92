"""How many tokens a request is, as its server counts it for nothing: Anthropic, Gemini and llama.cpp can."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chatrepl import replace
from chatrepl.config.config import Profile, Timeouts
from chatrepl.dialects import Request
from chatrepl.errors import ChatError
from chatrepl.text import urls
from chatrepl.text.shapes import dig, table

if TYPE_CHECKING:
    from chatrepl.client.client import Client

PATIENCE = Timeouts(connect=2, first_byte=5, silence=3, total=8)
"""Somebody waits, and an estimate would do."""

Post = Callable[[Request], Any]


def counted(client: "Client", profile: Profile, request: Request, key: str) -> int | None:
    """The tokens of that request; None where its server does not count them for nothing, or does not answer."""
    count = _COUNTERS.get(profile.dialect)
    if not count:
        return None
    asked = replace(profile, timeouts=PATIENCE)
    try:
        found = count(request, lambda each: client.told(asked, each, key))
    except ChatError:
        return None
    return found if type(found) is int and found >= 0 else None


def _anthropic(request: Request, post: Post) -> Any:
    wanted = ("model", "messages", "system", "tools", "tool_choice", "thinking")
    body = {name: value for name, value in (request.body or {}).items() if name in wanted}
    before, mark, query = request.url.partition("?")
    return dig(post(replace(request, url=f"{before}/count_tokens{mark}{query}", body=body)), "input_tokens")


def _gemini(request: Request, post: Post) -> Any:
    before, _, _ = request.url.partition("?")
    place, _, _ = before.rpartition(":")
    _, _, model = place.rpartition("/models/")
    whole = {"model": f"models/{model}", **(request.body or {})}
    body = {"generateContentRequest": whole}
    return dig(post(replace(request, url=f"{place}:countTokens", body=body)), "totalTokens")


def _llama(request: Request, post: Post) -> Any:
    """Only where the server says that it is llama.cpp, for no other is asked what it does not know."""
    origin = urls.origin(request.url)
    about = post(replace(request, method="GET", url=f"{origin}/props", body=None))
    if "default_generation_settings" not in table(about):
        return None
    body = request.body or {}
    prompt = body.get("prompt")
    if prompt is None:
        known: dict[str, Any] = {name: body[name] for name in ("messages", "tools") if name in body}
        prompt = dig(post(replace(request, url=f"{origin}/apply-template", body=known)), "prompt")
    if not isinstance(prompt, str):
        return None
    content = {"content": prompt, "add_special": True, "parse_special": True}
    tokens = dig(post(replace(request, url=f"{origin}/tokenize", body=content)), "tokens")
    return len(tokens) if isinstance(tokens, list) else None


_COUNTERS: dict[str, Callable[[Request, Post], Any]] = {
    "anthropic": _anthropic,
    "gemini": _gemini,
    "openai-chat": _llama,
    "openai-completions": _llama,
}
