"""The web search of the vendors: how a request asks for it, and where a reply tells its sources."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from chatrepl.config.config import Profile
from chatrepl.dialects.dialect import Request
from chatrepl.events import Source
from chatrepl.text import urls
from chatrepl.text.shapes import dig, items, text

Body = dict[str, Any]

BY_THEMSELVES = ("perplexity.ai", "compound", "sonar")
"""Servers and models that search whatever they are asked."""


def asked(profile: Profile, request: Request) -> Request:
    """The request with the vendor's own search, where the profile wants it and there is one."""
    if not profile.search or request.body is None or not (more := _wanted(profile)):
        return request
    body = {**request.body, **{name: value for name, value in more.items() if not isinstance(value, list)}}
    for name, value in more.items():
        if isinstance(value, list):
            body[name] = [*items(body.get(name)), *value]
    return replace(request, body=body)


def missing(profile: Profile) -> str:
    """Why the profile's server has no search that can be asked for, "" where it has one."""
    if _wanted(profile) or searches_by_itself(profile):
        return ""
    other = "; the dialect openai-responses has one" if profile.dialect == "openai-chat" else ""
    return f"{profile.called or profile.dialect} has no web search of its own that chatrepl knows{other}"


def searches_by_itself(profile: Profile) -> bool:
    """Whether the server searches without being asked to."""
    who = f"{urls.host_of(profile.base_url)} {profile.model}"
    return profile.dialect == "openai-chat" and any(word in who for word in BY_THEMSELVES)


def _wanted(profile: Profile) -> Body:
    """What is added to the body of a request."""
    host = urls.host_of(profile.base_url)
    match profile.dialect:
        case "openai-responses":
            sources = {} if re.search(r"(?:^|\.)(?:x\.ai|perplexity\.ai)$", host) else {"include": [_SOURCES]}
            return {"tools": [{"type": "web_search"}], **sources}
        case "anthropic":
            return {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 5}]}
        case "gemini":
            return {"tools": [{"googleSearch": {}}]}
        case "openai-chat" if host.endswith("openrouter.ai") or profile.name == "openrouter":
            return {"tools": [{"type": "openrouter:web_search"}]}
        case "openai-chat" if "-search" in profile.model:
            return {"web_search_options": {}}
    return {}


_SOURCES = "web_search_call.action.sources"


def annotations(value: object) -> Iterator[Source]:
    """The citations beside a text of OpenAI's protocols."""
    for each in items(value):
        yield from _source(dig(each, "url_citation") or each, cited=True)


def beside(chunk: Mapping[str, Any]) -> Iterator[Source]:
    """What Perplexity, xAI and Z.ai tell at the top of a chunk."""
    for name in ("search_results", "web_search", "citations"):
        for each in items(chunk.get(name)):
            yield from _source({"url": each} if isinstance(each, str) else each)


def of_item(item: object) -> Iterator[Source]:
    """The sources in an item of OpenAI's responses: of its search, or beside its text."""
    for part in items(dig(item, "content")):
        yield from annotations(dig(part, "annotations"))
    if dig(item, "type") in ("web_search_call", "search_results"):
        for each in [*items(dig(item, "action", "sources")), *items(dig(item, "results"))]:
            yield from _source(each)


def of_block(block: object) -> Iterator[Source]:
    """The sources in a block of Anthropic's, or in a delta to it."""
    for each in [dig(block, "citation"), *items(dig(block, "citations"))]:
        yield from _source(each, cited=True)
    if dig(block, "type") == "web_search_tool_result":
        for each in items(dig(block, "content")):
            yield from _source(each)


def grounding(metadata: object) -> Iterator[Source]:
    """The sources of Gemini's search."""
    supports = items(dig(metadata, "groundingSupports"))
    cited = {number for each in supports for number in _numbers(dig(each, "groundingChunkIndices"))}
    for number, each in enumerate(items(dig(metadata, "groundingChunks"))):
        found = dig(each, "web") or dig(each, "maps") or dig(each, "retrievedContext")
        yield from _source(found, cited=number in cited)


def _numbers(value: object) -> Iterable[int]:
    return (each for each in items(value) if isinstance(each, int))


def _source(value: object, *, cited: bool = False) -> Iterator[Source]:
    url = text(dig(value, "url")) or text(dig(value, "uri")) or text(dig(value, "link"))
    if re.match(r"https?://", url, re.IGNORECASE):
        yield Source(url.removesuffix("?utm_source=openai"), text(dig(value, "title")), cited)
