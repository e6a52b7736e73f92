"""The vendors' own web search: what asks for it, and the sources that replies tell, in each protocol."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatrepl import dialects
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Conversation, Definition, question
from chatrepl.dialects import search
from chatrepl.dialects.framing import Frame
from chatrepl.events import Source
from tests.support.program import run
from tests.support.server import Server, whole

A, B = "https://a.example/x", "https://b.example/y"


def profile(dialect: str, url: str = "https://api.example.org/v1", **more: Any) -> Profile:
    return Profile("test", dialect=dialect, place=Url(url), model=more.pop("model", "m"), search=True, **more)


ASKED: list[tuple[Profile, dict[str, Any]]] = [
    (
        profile("openai-responses"),
        {"tools": [{"type": "web_search"}], "include": ["web_search_call.action.sources"]},
    ),
    (profile("openai-responses", "https://api.x.ai/v1"), {"tools": [{"type": "web_search"}]}),
    (profile("anthropic"), {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 5}]}),
    (profile("gemini"), {"tools": [{"googleSearch": {}}]}),
    (profile("openai-chat", "https://openrouter.ai/api/v1"), {"tools": [{"type": "openrouter:web_search"}]}),
    (profile("openai-chat", model="gpt-5-search-api"), {"web_search_options": {}}),
    (profile("openai-chat", "https://api.perplexity.ai"), {}),
    (profile("ollama"), {}),
    (profile("scale-egp"), {}),
]


@pytest.mark.parametrize(("who", "more"), ASKED, ids=lambda each: getattr(each, "dialect", ""))
def test_a_request_asks_for_the_search_of_its_vendor(who: Profile, more: dict[str, Any]) -> None:
    body = dialects.request(who, Conversation().asking(question("?")), "", stream=False).body or {}
    assert {name: body[name] for name in ("tools", "include", "web_search_options") if name in body} == more


def test_gemini_before_3_searches_only_without_tools() -> None:
    tools = (Definition("f", "", {"type": "object", "properties": {}}),)
    asking = Conversation(tools=tools).asking(question("?"))
    for model, names in (
        ("gemini-2.5-pro", ["functionDeclarations"]),
        ("gemini-3.8-flash", ["functionDeclarations", "googleSearch"]),
    ):
        body = dialects.request(profile("gemini", model=model), asking, "", stream=False).body or {}
        assert [name for tool in body["tools"] for name in tool] == names


def test_a_vendor_without_one_is_told_in_a_line() -> None:
    assert search.missing(profile("ollama")) == "test has no web search of its own that chatrepl knows"
    assert not search.missing(profile("openai-chat", "https://api.perplexity.ai"))
    assert not search.missing(profile("gemini"))


CITATION = {"type": "url_citation", "url_citation": {"url": A, "title": "A", "start_index": 0, "end_index": 3}}
RESULTS = [{"type": "web_search_result", "url": url, "title": title} for url, title in ((A, "A"), (B, "B"))]
PLACE = {"type": "web_search_result_location", "url": A, "title": "A", "cited_text": "x", "encrypted_index": "e"}
WHOLE: dict[str, Any] = {
    "openai-chat": {
        "choices": [{"message": {"content": "🦊 so", "annotations": [CITATION]}, "finish_reason": "stop"}],
        "search_results": [{"url": B, "title": "B"}],
    },
    "openai-responses": {
        "status": "completed",
        "output": [
            {"type": "web_search_call", "action": {"type": "search", "sources": [{"type": "url", "url": B}]}},
            {
                "type": "message",
                "content": [
                    {
                        "type": "output_text",
                        "text": "🦊 so",
                        "annotations": [{"type": "url_citation", "url": f"{A}?utm_source=openai", "title": "A"}],
                    }
                ],
            },
        ],
    },
    "anthropic": {
        "content": [
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": RESULTS},
            {"type": "text", "text": "🦊 so", "citations": [PLACE]},
        ],
        "stop_reason": "end_turn",
    },
    "gemini": {
        "candidates": [
            {
                "content": {"parts": [{"text": "🦊 so"}]},
                "finishReason": "STOP",
                "groundingMetadata": {
                    "groundingChunks": [{"web": {"uri": B, "title": "B"}}, {"web": {"uri": A, "title": "A"}}],
                    "groundingSupports": [{"segment": {"endIndex": 7}, "groundingChunkIndices": [1]}],
                },
            }
        ]
    },
}


@pytest.mark.parametrize("dialect", WHOLE)
def test_the_sources_of_a_reply_are_told_kept_and_exported(dialect: str, server: Server, home: Path) -> None:
    server.answers(whole(WHOLE[dialect]))
    base = server.url.removesuffix("/v1") if dialect in ("gemini", "anthropic") else server.url
    words = ("--search", "--no-stream", "--dialect", dialect, "--base-url", base, "-m", "m")
    done = run(*words, "--json", "What?", home=home)
    told = json.loads(done.stdout)
    assert told["text"] == "🦊 so"
    assert [told["sources"][0][name] for name in ("url", "title", "cited")] == [A, "A", 1]
    assert [(each["url"], each["cited"]) for each in told["sources"][1:]] == [(B, None)]
    for kind in ("md", "html", "txt", "json", "jsonl"):
        path = home / f"a.{kind}"
        assert run("--export", Path(told["session"]).stem, str(path), home=home).returncode == 0
        assert A in path.read_text("utf-8")
    server.answers(whole(WHOLE[dialect]))
    assert b"[1] A \xc2\xb7 a.example" in run(*words, "What?", home=home).stderr


STREAMED: dict[str, list[dict[str, Any]]] = {
    "openai-chat": [
        {"choices": [{"delta": {"content": "so"}}]},
        {"choices": [{"delta": {"annotations": [CITATION]}, "finish_reason": "stop"}]},
    ],
    "openai-responses": [
        {"type": "response.output_text.delta", "delta": "so", "item_id": "i", "output_index": 0, "content_index": 0},
        {
            "type": "response.output_text.annotation.added",
            "annotation": {"type": "url_citation", "url": A, "title": "A", "start_index": 0, "end_index": 1},
        },
        {"type": "response.completed", "response": {"status": "completed", "output": []}},
    ],
    "anthropic": [
        {"type": "message_start", "message": {"model": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "", "citations": []}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": PLACE}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "so"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ],
    "gemini": [
        {"candidates": [{"content": {"parts": [{"text": "so"}]}}]},
        {"candidates": [{"finishReason": "STOP", "groundingMetadata": {}}]},
    ],
}
STREAMED["gemini"][1]["candidates"][0]["groundingMetadata"] = WHOLE["gemini"]["candidates"][0]["groundingMetadata"]


@pytest.mark.parametrize("dialect", STREAMED)
def test_a_citation_that_comes_in_a_stream_is_one(dialect: str) -> None:
    frames = [Frame(json.dumps(chunk)) for chunk in STREAMED[dialect]]
    events = [event for event in dialects.dialect(dialect).decode(frames) if isinstance(event, Source)]
    assert [(each.url, each.title) for each in events if each.cited] == [(A, "A")]
