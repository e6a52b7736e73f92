"""The web search of the vendors: how a request asks for it, and where a reply tells its sources."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chatrepl import replace
from chatrepl.config.config import Profile
from chatrepl.dialects import citations, gemini_history
from chatrepl.dialects.citations import Citation
from chatrepl.dialects.dialect import Request
from chatrepl.events import Event, Search, Source
from chatrepl.text import urls
from chatrepl.text.shapes import count, dig, items, parsed, text

Body = dict[str, Any]

BY_THEMSELVES = ("perplexity.ai", "compound", "sonar")
"""Servers and models that search whatever they are asked."""


def asked(profile: Profile, request: Request) -> Request:
    """The request with the vendor's own search, where the profile wants it and there is one."""
    if not profile.search or request.body is None or not (more := _wanted(profile)):
        return request
    if request.body.get("tools") and not beside_tools(profile):
        return request
    body = {**request.body, **{name: value for name, value in more.items() if not isinstance(value, list)}}
    for name, value in more.items():
        if isinstance(value, list):
            body[name] = [*items(body.get(name)), *value]
    return replace(request, body=body)


def beside_tools(profile: Profile) -> bool:
    """Whether it searches where tools are offered too: Gemini does so from 3 on, and refuses both before."""
    return profile.dialect != "gemini" or gemini_history.generation(profile.model) >= 3


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
    match profile.dialect:
        case "openai-responses" if any(urls.is_at(profile.base_url, host) for host in ("x.ai", "perplexity.ai")):
            return {"tools": [{"type": "web_search"}]}
        case "openai-responses":
            return {"tools": [{"type": "web_search"}], "include": ["web_search_call.action.sources"]}
        case "anthropic":
            return {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 5}]}
        case "gemini":
            return {"tools": [{"googleSearch": {}}]}
        case "openai-chat" if urls.is_at(profile.base_url, "openrouter.ai") or profile.name == "openrouter":
            return {"tools": [{"type": "openrouter:web_search"}]}
        case "openai-chat" if "-search" in profile.model:
            return {"web_search_options": {}}
    return {}


MOST = 1_000
"""So many citations of a text are read."""


def annotations(value: object) -> Iterator[Citation]:
    """The citations beside a text of OpenAI's protocols."""
    for each in items(value)[:MOST]:
        cited = dig(each, "url_citation") or each
        yield from (citations.marked(cited, source) for source in _source(cited))


def beside(chunk: Mapping[str, Any]) -> Iterator[Source]:
    """What Perplexity, xAI and Z.ai tell at the top of a chunk."""
    for name in ("search_results", "web_search", "citations"):
        for each in items(chunk.get(name)):
            yield from _source({"url": each} if isinstance(each, str) else each)


def executed(value: object) -> Iterator[Source | Search]:
    """What Groq's compound models looked for, and found."""
    for each in items(value):
        found = items(dig(each, "search_results", "results")) or items(dig(each, "search_results"))
        if found or text(dig(each, "type")) == "search":
            yield Search(_query(parsed(text(dig(each, "arguments")))), over=bool(found))
        for result in found:
            yield from _source(result)


def of_item(item: object) -> Iterator[Source]:
    """The sources that an item of OpenAI's responses found."""
    if dig(item, "type") in ("web_search_call", "search_results"):
        for each in [*items(dig(item, "action", "sources")), *items(dig(item, "results"))]:
            yield from _source(each)


def searched(item: object, *, over: bool) -> Iterator[Search]:
    """The search that an item of OpenAI's responses is; what it is for is told at its end."""
    kind = text(dig(item, "type"))
    if kind.endswith("search_call") or kind == "search_results":
        yield Search(_query(dig(item, "action") or item), over)


def results(block: object) -> Iterator[Source]:
    """The sources that a block of Anthropic's found."""
    if dig(block, "type") == "web_search_tool_result":
        for each in items(dig(block, "content")):
            yield from _source(each)


def of_block(block: object) -> Iterator[Source]:
    """The sources that a block of Anthropic's cites."""
    for each in items(dig(block, "citations")):
        yield from _source(each, cited=True)


def of_tool(block: object) -> Iterator[Search]:
    """The search that a block of Anthropic's asks for, or was made for it."""
    kind, name = text(dig(block, "type")), text(dig(block, "name"))
    asks = kind == "server_tool_use" and name.startswith("web_")
    if asks or re.fullmatch(r"web_\w+_tool_result", kind):
        yield Search(_query(dig(block, "input")), not asks, text(dig(block, "content", "error_code")))


def _query(value: object) -> str:
    """What is looked for: words, several of them, or an address."""
    several = [text(each) for each in items(dig(value, "queries"))]
    found = text(dig(value, "query")) or " · ".join(filter(None, several))
    return found or text(dig(value, "pattern")) or text(dig(value, "url"))


def grounding(metadata: object) -> Iterator[Event | Citation]:
    """The sources of Gemini's search, those that are cited in the order of the text, and what it looked for."""
    chunks = [next(_source(_found(each)), None) for each in items(dig(metadata, "groundingChunks"))]
    supports = items(dig(metadata, "groundingSupports"))[:MOST]
    for each in sorted(supports, key=lambda each: count(dig(each, "segment", "endIndex")) or 0):
        for number in items(dig(each, "groundingChunkIndices")):
            if isinstance(number, int) and 0 <= number < len(chunks) and (source := chunks[number]):
                yield citations.support(each, source)
    yield from filter(None, chunks)
    if query := _query({"queries": items(dig(metadata, "webSearchQueries"))}):
        yield Search(query, over=True)


def _found(chunk: object) -> object:
    return dig(chunk, "web") or dig(chunk, "maps") or dig(chunk, "retrievedContext")


def _source(value: object, *, cited: bool = False) -> Iterator[Source]:
    url = next((found for name in ("url", "uri", "link", "source") if (found := text(dig(value, name)))), "")
    if re.match(r"https?://", url, re.IGNORECASE):
        yield Source(url.removesuffix("?utm_source=openai"), text(dig(value, "title")), cited)
