"""Marks where a reply cites a source: where one can stand, in each format, and back."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatrepl.conversation import Conversation, ImagePart, Message, SourcePart, TextPart
from chatrepl.sessions import citations, formats
from tests.support.files import PNG_DATA

A = SourcePart("https://a.example/x", "A", "1", "0-5 0-12")
B = SourcePart("https://b.example/(y)", "B <b>", "2", "6-12")
SAID = "first second\n\nthird"
REPLY = Message("assistant", (TextPart(SAID), A, B), "m", "stop")


FITTING = [
    ("so it is. \n\nAnd", 11, 9),
    ("a `b c` d", 4, 7),
    ("a [b](c) d", 4, 8),
    ("| a | b |\n| - | - |\n| c | d |", 29, 27),
    ("a\n```\nb\n```\nc", 7, None),
    ("a\n```\nb\n```\nc", 11, None),
    ("a\n```\nb\n```\nc", 13, 13),
    ("a\n---\n", 5, None),
    ("   ", 2, None),
    ("**a**", 5, 5),
]


@pytest.mark.parametrize(("text", "end", "place"), FITTING)
def test_a_mark_stands_behind_the_words_and_in_no_markup(text: str, end: int, place: int | None) -> None:
    assert citations.fitting(text, end) == place


def test_marks_stand_at_their_places_and_overlapping_ones_too() -> None:
    assert citations.marked(REPLY, citations.plain).text == "first[1] second[1][2]\n\nthird"
    assert citations.marked(REPLY, citations.bare).text == "first\\[1\\] second\\[1\\]\\[2\\]\n\nthird"


HOSTILE = ["5-1", "0-99999", "0-9999999999999", "-3-4", "a", "0-1-2", "²-³", "0-٣", "0-5 " * 10]


@pytest.mark.parametrize("places", HOSTILE)
def test_places_that_are_none_mark_nothing_else(places: str) -> None:
    marked = citations.marked(
        Message("assistant", (TextPart("first"), SourcePart("u", "", "1", places))), citations.plain
    )
    assert marked.text.replace("[1]", "", 1) == "first"


def conversation(*parts: object) -> Conversation:
    return Conversation("", [(Message("user", (TextPart("?"),)), Message("assistant", parts, "m", "stop"))])  # type: ignore[arg-type]


def test_every_format_has_the_marks_in_the_text(tmp_path: Path) -> None:
    said = conversation(*REPLY.parts)
    assert "first[1] second[1][2]\n\nthird" in formats.render(".txt", said, "")
    page = formats.render(".html", said, "")
    assert '<p>first<a href="https://a.example/x" rel="noopener noreferrer">[1]</a> second<a' in page
    assert "first[\\[1\\]](<https://a.example/x>) second" in formats.render(".md", said, "")
    for suffix in (".md", ".json", ".jsonl"):
        path = tmp_path / f"a{suffix}"
        formats.save(path, said, "")
        assert formats.load_all(path)[0].conversation == said


def test_marks_around_a_picture_come_back(tmp_path: Path) -> None:
    said = conversation(
        TextPart("first "), ImagePart("image/png", PNG_DATA, "1.png"), TextPart("second\n\nthird"), A, B, TextPart("")
    )
    path = tmp_path / "a.md"
    formats.save(path, said, "")
    assert formats.load_all(path)[0].conversation == said


def test_what_looks_like_a_mark_and_is_none_stays(tmp_path: Path) -> None:
    text = f"first{citations.link(A)} {citations.link(A)} said so"
    said = conversation(TextPart(text), SourcePart(A.url, "A", "1", "0-5"))
    path = tmp_path / "a.md"
    formats.save(path, said, "")
    assert formats.load_all(path)[0].conversation == said


def test_a_text_that_was_edited_is_looked_through_so_often_however_many_marks_stand_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[Message] = []
    look = citations.places

    def places(message: Message) -> list[citations.Place]:
        looks.append(message)
        return look(message)

    monkeypatch.setattr(citations, "places", places)
    sources = [SourcePart(f"https://a.example/{n}", "", str(n), f"0-{n}") for n in range(1, 10)]
    marked = citations.marked(Message("assistant", (TextPart("so it is so"), *sources)), citations.link)
    looks.clear()
    citations.unmarked(replace(marked, parts=(TextPart(f"And {marked.text}"), *sources)), citations.link)
    assert len(looks) == 2


def test_marks_in_a_text_that_was_edited_are_where_they_stand_now(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    formats.save(path, conversation(*REPLY.parts), "")
    path.write_text(path.read_text("utf-8").replace("first", "the very first").replace("third", "3rd"), "utf-8")
    reply = formats.load_all(path)[0].conversation.turns[0][1]
    assert reply.text == "the very first second\n\n3rd"
    assert [part.places for part in reply.parts if isinstance(part, SourcePart)] == ["9-14 9-21", "15-21"]
