"""Citations in a chat: marks in the text while it comes, the words of those that came too late, and pauses."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat import searching
from chatrepl.chat.reply import Reply
from chatrepl.conversation import SourcePart, TextPart, ThinkingPart
from chatrepl.events import Event, Finished, Media, Source, Text, Usage
from chatrepl.terminal.screen.frame import Frame, Look
from chatrepl.terminal.screen.pictures import Cited
from chatrepl.terminal.typeahead import Typed
from tests.support.exchanges import CAPTURES, load
from tests.support.files import PNG_DATA
from tests.support.program import run
from tests.support.server import Exchange, Script, Server

A, B = "https://a.example/x", "https://b.example/y"


def reply_of(*events: Event) -> Reply:
    reply = Reply()
    for event in events:
        reply.feed(event)
    return reply


def sources(reply: Reply) -> list[SourcePart]:
    return [part for part in reply.message().parts if isinstance(part, SourcePart)]


def test_sources_have_numbers_in_the_order_in_which_they_are_cited() -> None:
    reply = reply_of(
        Source(A, "A"), Source(B, "B"), Text("so it is, "), Source(B, "", True, 0, "so it is"), Text("and so"),
        Source(A, "", True, 10, "and so"), Source(A, "", True, 10, "and so"), Source(B, "", True, 10, "and so"),
    )  # fmt: skip
    assert sources(reply) == [SourcePart(B, "B", "1", "0-8 10-16"), SourcePart(A, "A", "2", "10-16")]


def test_a_picture_of_which_only_the_address_comes_leaves_the_places_as_they_are() -> None:
    picture = Media("image/png", url="https://img.example/1")
    reply = reply_of(Text("so it is"), Source(A, "A", True, 0, "so it is"), picture, Text("and so"))
    reply.feed(Source(B, "B", True, 8, "and so"))
    assert reply.message().text == "so it is\n\n[image](https://img.example/1)\n\nand so"
    assert [part.places for part in sources(reply)] == ["0-8", "42-48"]


def test_reasoning_of_which_only_the_end_is_marked_is_kept_once_beside_a_picture_too() -> None:
    reply = reply_of(Text("Hm\n</think>\n\nso "), Media("image/png", PNG_DATA), Text("it is"))
    message = reply.message()
    assert (message.thinking, message.text) == ("Hm\n", "so it is")


def test_a_pause_that_the_user_ends_is_not_gone_on_with() -> None:
    reply = reply_of(Text("so"), Finished("other", "pause_turn", "anthropic:paused:[]"))
    reply.stop("interrupted")
    assert (reply.ending, reply.paused) == ("interrupted", "")


def test_words_that_stand_elsewhere_are_found_and_those_that_stand_nowhere_are_not() -> None:
    reply = reply_of(Text("hidden key: so it is"), Source(A, "", True, 3, "so it is"), Source(B, "", True, 0, "not so"))
    assert [part.places for part in sources(reply)] == ["12-20", ""]


def test_reasoning_in_the_text_does_not_move_the_places() -> None:
    reply = reply_of(Text("hm\n</think>\nso it is"), Source(A, "", True, 12, "so it is"))
    assert [part.places for part in sources(reply)] == ["0-8"]


def test_numbers_that_the_text_itself_cites_are_kept() -> None:
    reply = reply_of(Source(A, "A"), Source(B, "B"), Text("so it is [2]."))
    assert sources(reply) == [SourcePart(B, "B", "2"), SourcePart(A, "A")]
    assert sources(reply_of(Source(A, "A"), Text("so it is"))) == [SourcePart(A, "A")]


def test_a_source_is_told_by_its_title_and_its_site() -> None:
    assert searching.line(SourcePart(A, "A", "1")) == "[1] A · a.example"
    assert searching.line(SourcePart(A)) == A
    behind = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/AbC"
    assert searching.line(SourcePart(behind, "bonn.de", "2")) == "[2] bonn.de"


def drawn(frame: Frame) -> str:
    rows, tail = frame.take("m", Typed(), 24, 1.0)
    return "\n".join([*rows, *tail[:-1]])


@pytest.mark.parametrize("hyperlinks", [True, False])
def test_a_mark_is_drawn_where_the_text_can_still_change_else_it_is_missed(hyperlinks: bool) -> None:
    frame, missed = Frame(Look(coloured=False, hyperlinks=hyperlinks), 80, 0.0), []
    frame.feed(Text("first\n\nsecond, and **third** *fou"), 0.0)
    assert drawn(frame).startswith("first")
    for words, number in (("first", 1), ("second", 2), ("fou", 3)):
        behind = "first\n\nsecond, and **third** *fou".partition(words)[2]
        frame.feed(Cited(number, A, behind, lambda number=number: missed.append(number)), 0.0)  # type: ignore[misc]
    frame.feed(Text("rth*."), 0.0)
    text = "\n".join(frame.finish(1.0))
    assert missed == [1]
    assert ("\x1b]8;;https://a.example/x\x1b\\" in text) is hyperlinks
    assert "second[2], and third fou[3]rth." in _bare(text)


def _bare(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\", "", text)


def capture(dialect: str, name: str = "reference-stream-search") -> Script:
    answer = load(CAPTURES / dialect / f"{name}.http")

    def script(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(answer.body)

    return script


def test_the_words_of_what_came_too_late_stand_below_what_is_piped(server: Server, home: Path) -> None:
    server.answers(capture("gemini"))
    base = server.url.removesuffix("/v1")
    done = run("--dialect", "gemini", "--base-url", base, "-m", "m", "--search", "How many?", home=home)
    assert "[1]" not in done.stdout.decode()
    told = done.stderr.decode()
    assert "[1] bonn.de · www.bonn.de\n    for “Bonn 🦊 has about 330,000 people”" in told
    assert "1 more source." in told


def test_a_reply_that_its_server_pauses_goes_on_by_itself(server: Server, home: Path) -> None:
    server.answers(capture("anthropic", "reference-stream-search-paused"), capture("anthropic"))
    base = server.url.removesuffix("/v1")
    words = ("--dialect", "anthropic", "--base-url", base, "-m", "m", "--search", "--json", "How many?")
    told = json.loads(run(*words, home=home).stdout)
    first, second = (request.body for request in server.requests)
    assert second["messages"] == [*first["messages"], {"role": "assistant", "content": "I look it up."}]
    assert second["tools"] == first["tools"]
    assert told["usage"]["output"] == 5 + 50
    assert told["text"].startswith("I look it up.I look it up.")
    assert told["finish_reason"] == "stop"
    for source in told["sources"]:
        for place in source["places"]:
            assert told["text"][place["start"] : place["end"]] in (
                "Bonn 🦊 has about 330,000 people",
                "It lies on the Rhine.",
            )
    assert "paused" not in Path(told["session"]).read_text("utf-8")


def test_a_server_that_always_pauses_is_given_up(server: Server, home: Path) -> None:
    server.answers(*[capture("anthropic", "reference-stream-search-paused")] * 20)
    base = server.url.removesuffix("/v1")
    run("--dialect", "anthropic", "--base-url", base, "-m", "m", "How many?", home=home)
    assert len(server.requests) == 11


def test_what_a_server_wants_back_goes_back_unchanged() -> None:
    from chatrepl import dialects
    from chatrepl.config.config import Profile
    from chatrepl.config.place import Url
    from chatrepl.conversation import Conversation, question

    blocks: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "server_tool_use", "id": "1", "name": "web_search", "input": {"query": "q"}},
        {"type": "web_search_tool_result", "tool_use_id": "1", "content": [{"type": "web_search_result", "url": A}]},
        {"type": "text", "text": "so", "citations": [{"type": "web_search_result_location", "url": A}]},
        {"type": "server_tool_use", "id": "2", "name": "web_search", "input": {"query": "r"}},
    ]
    events = list(dialects.dialect("anthropic").decode_whole({"content": blocks, "stop_reason": "pause_turn"}))
    reply = reply_of(*events)
    asking = Conversation().asking(question("?")).going_on(reply.go_on())
    profile = Profile("test", dialect="anthropic", place=Url("https://api.example.org"), model="m")
    body = dialects.request(profile, asking, "", stream=False).body or {}
    assert body["messages"][-1] == {"role": "assistant", "content": blocks[:-1]}  # the last has no result yet
    reply.feed(Text(" it is"))
    reply.feed(Source(B, "B", True, 1, "it is"))
    reply.feed(Usage(output=3))
    reply.feed(Finished("stop", "end_turn"))
    message = reply.message()
    assert message.text == "so it is"
    assert [part for part in message.parts if isinstance(part, ThinkingPart) and "paused" in part.signature] == []
    assert TextPart("so it is") in message.parts
    assert [part.places for part in message.parts if isinstance(part, SourcePart)] == ["0-2", "3-8"]
