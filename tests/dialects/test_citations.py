"""Where a reply cites a source: places as each vendor counts them, and none where nobody can tell."""

import json
from typing import Any

import pytest

from chatrepl import dialects
from chatrepl.dialects.citations import MOST, Citation, Placing
from chatrepl.dialects.framing import Frame
from chatrepl.dialects.pieces import Pieces
from chatrepl.dialects.response import limited
from chatrepl.errors import BrokenReply
from chatrepl.events import Search, Source, Text
from tests.support.exchanges import CAPTURES, load

URL = "https://a.example/x"
A = Source(URL, "A", cited=True)
LINKED = f"🦊 so it is ([a]({URL})) and on"
LINK = f"([a]({URL}))"

PLACED = [
    ("plain words", Citation(A, 6, 11), "words"),
    (LINKED, Citation(A, 11, 11 + len(LINK)), LINK),
    (LINKED, Citation(A, 12, 12 + len(LINK)), LINK),  # the fox counts as two where characters are UTF-16's
    ("🦊 so it is", Citation(A, 2, 4), ""),  # which of both is meant, nobody can tell
    ("so", Citation(A, 0, 9_999_999), ""),
    ("so", Citation(A, 2, 1), ""),
    (f"so [[1]]({URL})", Citation(A, 3, 10 + len(URL)), ""),  # is a mark already
    ("🦊 so. 🦊 so.", Citation(A, 9, 16, "🦊 so", is_bytes=True), "🦊 so"),
    ("🦊 so. 🦊 so.", Citation(A, 10, 17, "🦊 so", is_bytes=True), "🦊 so"),  # Google's offsets may be one off
    ("🦊 so", Citation(A, 0, 7, is_bytes=True), "🦊 so"),
    ("🦊 so", Citation(A, 0, 7, "others", is_bytes=True), ""),
    ("\ud83e\udd8a so", Citation(A, 0, 7, is_bytes=True), "🦊 so"),  # a fox that came in two pieces
]


@pytest.mark.parametrize(("said", "citation", "words"), PLACED)
def test_a_citation_means_these_words(said: str, citation: Citation, words: str) -> None:
    source = citation.placed(said)
    assert (source.url, source.title, source.cited, source.words) == (URL, "A", True, words)
    if words and words != LINK and "🦊 so." in said:
        assert source.start == said.rindex("🦊")


LOOKING = [
    lambda placing, _: placing.in_all(Citation(A, 0, 5)),
    lambda placing, said: placing.within(Citation(A, 0, 5), said),
    lambda placing, _: next(placing.behind(0, [A])),
]
"""The ways in which a place is looked for."""


@pytest.mark.parametrize("look", LOOKING)
def test_a_flood_of_citations_looks_at_the_text_so_often_and_no_more(look: Any) -> None:
    looks: list[str] = []

    def said() -> str:
        looks.append("")
        return "so it is"

    placing = Placing(said)
    found = [look(placing, said) for _ in range(MOST)]
    most = len(looks)
    found += [look(placing, said) for _ in range(MOST)]
    assert len(looks) == most
    assert sum(bool(source.words) for source in found) == MOST
    assert all(source.cited for source in found)


def test_sources_that_are_told_with_every_chunk_are_told_once() -> None:
    pieces = Pieces()
    found = [event for _ in range(3) for event in pieces.news([Text("so"), A, Source(URL, "A", True, 0, "so")])]
    assert found == [Text("so"), A, Source(URL, "A", True, 0, "so"), Text("so"), Text("so")]


SEARCHES = sorted(CAPTURES.glob("*/reference-stream-search.http"))


@pytest.mark.parametrize("path", SEARCHES, ids=lambda path: path.parent.name)
def test_the_words_stand_where_the_events_say(path: Any) -> None:
    frames = [
        Frame(line.removeprefix(b"data: ").decode())
        for line in load(path).body.splitlines()
        if line.startswith(b"data: ") and not line.endswith(b"[DONE]")
    ]
    events = list(dialects.dialect(path.parent.name).decode(frames))
    text = "".join(event.text for event in events if isinstance(event, Text))
    cited = [event for event in events if isinstance(event, Source) and event.words]
    assert cited
    assert all(text.startswith(event.words, event.start) for event in cited)


def test_a_search_that_fails_says_how() -> None:
    error = {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}
    blocks = [
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": error},
        {"type": "text", "text": "so"},
    ]
    events = list(dialects.dialect("anthropic").decode_whole({"content": blocks, "stop_reason": "end_turn"}))
    assert events[:3] == [Search("q"), Search("q", True, "max_uses_exceeded"), Text("so")]


def test_a_query_is_told_while_the_search_lasts_and_once_it_is_over() -> None:
    chunks = [
        {"type": "response.reasoning.search_queries", "queries": ["a", "b"]},
        {
            "type": "response.output_item.done",
            "item": {"type": "search_results", "queries": ["a", "b"], "results": [{"url": URL, "title": "A"}]},
        },
        {"type": "response.output_text.delta", "delta": "so [1]", "item_id": "i", "output_index": 1},
        {"type": "response.completed", "response": {"status": "completed", "output": []}},
    ]
    events = list(dialects.dialect("openai-responses").decode(map(Frame, map(json.dumps, chunks))))
    assert events[:3] == [Search("a · b"), Search("a · b", over=True), Source(URL, "A")]


def test_groq_tells_what_it_looked_for() -> None:
    tool = {
        "type": "search",
        "arguments": '{"query": "q"}',
        "search_results": {"results": [{"url": URL, "title": "A"}]},
    }
    body = {"choices": [{"message": {"content": "so", "executed_tools": [tool]}, "finish_reason": "stop"}]}
    events = list(dialects.dialect("openai-chat").decode_whole(body))
    assert events[1:3] == [Search("q", over=True), Source(URL, "A")]


def test_sources_count_for_as_long_as_they_are() -> None:
    long = (Source(f"{URL}{number}", "t" * 2**20) for number in range(100))
    with pytest.raises(BrokenReply, match="longer than"):
        list(limited(long))
