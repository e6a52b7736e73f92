"""Bytes into frames: the rules of the event stream, the deviations of real servers, and any cutting."""

from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, strategies as st

from chatrepl.dialects.framing import MAX_EVENT, STRAY, Frame, json_lines, sse
from chatrepl.errors import BrokenReply

A = '{"a":1}'
CASES = {
    "byte order mark and CRLF": (b'\xef\xbb\xbfdata: {"a":1}\r\n\r\n', [Frame(A)]),
    "CR only": (b'data: {"a":1}\r\r', [Frame(A)]),
    "no space after the colon": (b'data:{"a":1}\n\n', [Frame(A)]),
    "one space goes, the second stays": (b'data:  {"a":1}\n\n', [Frame(f" {A}")]),
    "comments are nothing": (b": keep-alive\n\n: OPENROUTER PROCESSING\n\n", []),
    "LF data, CRLF comment": (b'data: {"a":1}\n\n: ping\r\n\r\ndata: 2\n\n', [Frame(A), Frame("2")]),
    "an event name": (b'event: ping\ndata: {"a":1}\n\ndata: 2\n\n', [Frame(A, "ping"), Frame("2")]),
    "an event without data": (b"event: ping\n\nretry: 3000\n\nid: 7\n\ndata\n\ndata: \n\n", []),
    "lines of data are joined": (b'data: {\ndata:  "a": 1\ndata: }\n\n', [Frame('{\n "a": 1\n}')]),
    "no blank line at the end": (b"data: [DONE]", [Frame("[DONE]")]),
    "separators inside a text": (
        "data: a\u2028b\u2029c\u0085d\x0b\x0c\x1ce\n\n".encode(),
        [Frame("a\u2028b\u2029c\u0085d\x0b\x0c\x1ce")],
    ),
    "bytes that are no UTF-8": (b"data: a\xffb\n\n", [Frame("a\ufffdb")]),
    "raw JSON": (
        b'data: 1\n\n{"error":\n{"message":"x"}}\n',
        [Frame("1"), Frame('{"error":\n{"message":"x"}}', STRAY)],
    ),
    "an error field": (b"error: boom\n\n", [Frame("boom", "error")]),
    "an unknown field counts as stray": (b"colour: blue\n\n", [Frame("colour: blue", STRAY)]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_stream_becomes_frames_however_it_is_cut(case: str) -> None:
    body, frames = CASES[case]
    assert list(sse([body])) == frames
    assert list(sse(body[i : i + 1] for i in range(len(body)))) == frames
    for cut in range(len(body)):
        assert list(sse([body[:cut], b"", body[cut:]])) == frames


def test_a_cr_ends_its_event_without_waiting_for_more() -> None:
    def stream() -> Iterator[bytes]:
        yield b"data: 1\r\r"
        raise AssertionError("more was read than the event needs")

    assert next(sse(stream())) == Frame("1")


@given(
    st.lists(
        st.sampled_from(
            [b"data: a", b"data:", b"event: x", b": c", b"stray", b"\n", b"\r", b"\r\n", b"\xe2\x80\xa8", b"\xf0\x9f"]
        )
    ),
    st.data(),
)
def test_any_cutting_gives_the_same_frames(parts: list[bytes], data: st.DataObject) -> None:
    body = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)))))
    chunks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert list(sse(chunks)) == list(sse([body]))
    assert list(json_lines(chunks)) == list(json_lines([body]))


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])).filter(str.strip), max_size=5)
)
def test_what_is_written_as_events_is_read_back(texts: list[str]) -> None:
    assert [
        frame.data for frame in sse("".join(f"data: {text}\n\n" for text in texts).encode().splitlines(True))
    ] == texts


def test_json_lines_are_cut_at_line_ends_alone() -> None:
    assert list(json_lines([b'{"a":1}\n\n{"b":"x\xe2\x80\xa8y"}\r\n{"c":', b"3}"])) == [
        Frame(A),
        Frame('{"b":"x\u2028y"}'),
        Frame('{"c":3}'),
    ]


@pytest.mark.parametrize("framing", [sse, json_lines])
def test_a_line_without_end_is_refused_at_the_bound(framing: Callable[[Iterable[bytes]], Iterator[Frame]]) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 2**20
            yield b"x" * 2**20

    with pytest.raises(BrokenReply, match="32 MiB"):
        list(framing(endless()))
    assert taken <= MAX_EVENT + 2**20


def test_text_outside_of_events_is_refused_at_the_bound_too() -> None:
    with pytest.raises(BrokenReply, match="32 MiB"):
        list(sse(b"x" * 2**20 + b"\n\n" for _ in range(40)))


def test_an_event_of_many_lines_is_refused_at_the_bound() -> None:
    with pytest.raises(BrokenReply, match="32 MiB"):
        list(sse(b"data: " + b"x" * 2**20 + b"\n" for _ in range(40)))
