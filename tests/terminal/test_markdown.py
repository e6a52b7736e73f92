"""What is final is final: however a text is cut, the same leaves come, each once, at a bounded cost."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st

from chatrepl.terminal.markdown import Growing, Link, Span, growing, inline
from chatrepl.terminal.markdown.leaves import (
    Blank,
    CodeLine,
    Fence,
    Heading,
    Item,
    Leaf,
    Paragraph,
    Quote,
    Raw,
    Rule,
    Table,
)
from chatrepl.terminal.markdown.parser import MAX_NESTING
from tests.support.markdowns import CORPUS, cuts, documents, pieces


def whole(text: str) -> list[Leaf]:
    """The leaves of one parse: nothing is taken before the end."""
    source = Growing()
    source.feed(text)
    return merged(source.finish())


def merged(leaves: Iterable[Leaf]) -> list[Leaf]:
    """The leaves with each paragraph in one, which comes in several if it is long."""
    found: list[Leaf] = []
    for leaf in leaves:
        last = found[-1] if found else None
        if isinstance(last, Paragraph) and isinstance(leaf, Paragraph) and _follows(leaf, last):
            joint = "" if last.more else "\n"
            found[-1] = replace(last, text=f"{last.text}{joint}{leaf.text}", more=leaf.more)
        else:
            found.append(leaf)
    return found


def _follows(leaf: Paragraph, last: Paragraph) -> bool:
    """Whether a paragraph without a blank row before it, and no item of its own, goes on with the last one."""
    below = tuple(Item(one.number) if isinstance(one, Item) else one for one in last.within)
    return leaf.within == below


def streamed(parts: Iterable[str], tails: bool = False) -> tuple[list[Leaf], Growing]:
    source = Growing()
    leaves: list[Leaf] = []
    for part in parts:
        source.feed(part)
        leaves += source.take()
        if tails:
            source.tail()
    return merged(leaves + source.finish()), source


@given(documents, cuts)
@example("foo\n#hashtag", [5])
@example("- a\n- |b\n-|-\n- c", [4, 8, 14])  # the item alone would be the head of a table
@example("1.\n\t|\n- c", [3, 7])
@example("\ne\n\n\n", [1, 2, 3, 4])
@example("-     a\n\n  b\n\n      c\n- d", [9, 14, 23])
@example("-\t\ta\n\n  b\n\n      c\n- d", [9, 14, 20])
@example("1. a\n1. b\n1. c\n\n   d\n1. e\n", [9, 14, 18, 22])
def test_any_cutting_gives_the_leaves_of_one_parse(text: str, at: list[int]) -> None:
    assert streamed(pieces(text, at))[0] == whole(text)


@given(documents)
def test_cut_at_every_character(text: str) -> None:
    assert streamed(text)[0] == whole(text)


@given(documents, cuts, st.sampled_from([8, 30, 80]))
def test_the_guards_only_delay(text: str, at: list[int], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growing, "LIMIT", limit)
        assert streamed(pieces(text, at), tails=True)[0] == whole(text)


@given(documents, cuts, st.sampled_from([8, 30, 80]), st.sampled_from([5, 40, 100]))
def test_a_block_that_is_too_long_is_the_same_in_any_pieces(text: str, at: list[int], limit: int, longest: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growing, "LIMIT", limit)
        patch.setattr(growing, "LONGEST", longest)
        leaves = whole(text)
        assert streamed(text)[0] == streamed(pieces(text, at), tails=True)[0] == leaves


@given(documents, cuts)
def test_to_look_at_the_tail_changes_nothing(text: str, at: list[int]) -> None:
    assert streamed(pieces(text, at), tails=True)[0] == whole(text)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_corpus(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for step in (1, 7, 100):
        parts = [text[start : start + step] for start in range(0, len(text), step)]
        assert streamed(parts)[0] == whole(text)


def flush(leaves: Iterable[Leaf]) -> list[Leaf]:
    """The leaves without the blanks before a later line of a paragraph, which are not drawn, nor kept in the tail."""
    return [
        replace(leaf, text=re.sub("\n[ \t]+", "\n", leaf.text)) if isinstance(leaf, Paragraph) else leaf
        for leaf in leaves
    ]


@given(documents, cuts)
@example("word\n word\n", [1])
def test_what_was_taken_and_the_tail_are_what_one_parse_gives(text: str, at: list[int]) -> None:
    source = Growing()
    leaves: list[Leaf] = []
    come = ""
    for part in pieces(text, at):
        source.feed(part)
        come += part
        leaves += source.take()
        tail = source.tail()
        if come.endswith("\n"):
            assert flush(leaves + tail) == flush(whole(come))


def taken(text: str) -> list[Leaf]:
    source = Growing()
    source.feed(text)
    return source.take()


B = Item("")
FIRST = Item("", first=True)


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("# a\n", [Heading((), 1, "a")]),
        ("a\n\n", [Paragraph((), "a")]),
        ("a\n", []),
        ("a\n---\n", [Heading((), 2, "a")]),
        ("***\n", [Rule(())]),
        ("a\n# b", []),
        ("- a\n", []),
        ("- a\n- b\n", [Paragraph((FIRST,), "a")]),
        ("- a\n\n  b\n", [Paragraph((FIRST,), "a")]),
        ("9. a\n10. b\n", [Paragraph((Item("9.", first=True),), "a")]),
        ("```py\nx\ny", [Fence((), "```py", True), CodeLine((), "x")]),
        ("```py\nx\n```\n", [Fence((), "```py", True), CodeLine((), "x"), Fence((), "```", False)]),
        ("- ```\n  x\n", [Fence((FIRST,), "```", True), CodeLine((B,), "x")]),
        ("> a\n> b\n", []),
        ("> a\n\n", [Paragraph((Quote(),), "a")]),
        ("|a|b|\n|-|-:|\n|1|2|\n", []),
        ("|a|b|\n|-|-:|\n|1|2|\n\n", [Table((), ("", "right"), (("a", "b"), ("1", "2")))]),
        ("    code\n", []),
    ],
)
def test_what_is_final(text: str, leaves: list[Leaf]) -> None:
    assert taken(text) == leaves


def test_blank_rows_stand_where_the_source_has_them() -> None:
    assert whole("a\n- b\n\n\n- c\n  > d\n  >\n  > e\n# f") == [
        Paragraph((), "a"),
        Paragraph((FIRST,), "b"),
        Blank(()),
        Paragraph((FIRST,), "c"),
        Paragraph((B, Quote()), "d"),
        Blank((B, Quote())),
        Paragraph((B, Quote()), "e"),
        Blank(()),
        Heading((), 1, "f"),
    ]


def test_the_tail_is_what_was_not_taken() -> None:
    source = Growing()
    source.feed("a\n\nb *c* d")
    assert source.take() == [Paragraph((), "a")]
    assert source.tail() == [Blank(()), Paragraph((), "b *c* d")]
    source.feed("\n-")
    assert source.tail() == [Blank(()), Paragraph((), "b *c* d")]


def test_link_definitions_and_html_are_text() -> None:
    assert whole("[a]: /u\n<b>") == [Paragraph((), "[a]: /u\n<b>")]
    assert inline("a <b>c</b>") == (Span("a <b>c</b>"),)


@pytest.mark.parametrize("opening", ["> ", "- ", "1. "])
def test_no_word_is_lost_where_the_nesting_is_too_deep(opening: str) -> None:
    leaves = whole(opening * (MAX_NESTING + 10) + "word\n\nend\n")
    assert "word" in "".join(leaf.text for leaf in leaves if isinstance(leaf, Paragraph | Raw))
    assert "end" in "".join(leaf.text for leaf in leaves if isinstance(leaf, Paragraph | Raw))


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("a **b** `c`", (Span("a "), Span("b", frozenset({"strong"})), Span(" "), Span("c", frozenset({"code"})))),
        ("[a](/b 'c')", (Link((Span("a"),), "/b", "c"),)),
        ("&#27;[2J &#x202e;", (Span("\ufffd[2J ⟨U+202E⟩"),)),
        ("a\nb<br> c", (Span("a"), Span("\n"), Span("b"), Span("\n"), Span("c"))),
        ("$x^2$ \\(y\\)", (Span("x^2", frozenset({"formula"})), Span(" "), Span("y", frozenset({"formula"})))),
        ("$5 and $10, $HOME/$USER", (Span("$5 and $10, $HOME/$USER"),)),
        ("`$x$` and \\[link\\]", (Span("$x$", frozenset({"code"})), Span(" and [link]"))),
    ],
)
def test_inline(source: str, parts: tuple[Span | Link, ...]) -> None:
    assert inline(source) == parts


def styled(source: str, mark: str) -> list[str]:
    assert not re.search(r"[*~]", "".join(part.text for part in inline(source) if isinstance(part, Span)))
    return [part.text for part in inline(source) if isinstance(part, Span) and mark in part.marks]


@pytest.mark.parametrize(
    ("source", "strong"),
    [
        ("**测试。**后文", ["测试。"]),
        ("前文**（测试）**后文", ["（测试）"]),
        ("**「A」**なので**「B」**を使う", ["「A」", "「B」"]),
        ("这是**“重点”**，对吧**（注）**。", ["“重点”", "（注）"]),
        ("**마크다운(Markdown)**은 **쉽다.**그렇다", ["마크다운(Markdown)", "쉽다."]),
        ("**重要：**see **等等……**然后", ["重要：", "等等……"]),
        ("葛\U000e0100**(x)**葛 1**（a）**2", ["(x)", "（a）"]),
        ("a **b**, c**d**e", ["b", "d"]),
    ],
)
def test_emphasis_beside_punctuation_of_scripts_without_blanks(source: str, strong: list[str]) -> None:
    assert styled(source, "strong") == strong
    assert styled(source.replace("**", "*"), "emphasis") == strong
    assert styled(source.replace("**", "~~"), "strike") == strong


@pytest.mark.parametrize("source", ["**a.**b", "a*(b)*c", "2 * 3 * 4", "snake_case_name", "foo_「b」_c"])
def test_emphasis_elsewhere_is_that_of_commonmark(source: str) -> None:
    assert not any(part.marks for part in inline(source) if isinstance(part, Span))


WORD = "lorem ipsum dolor "
HOSTILE = {
    "paragraph": (WORD * 3 + "\n") * 1800,
    "line": WORD * 5500,
    "table": "|a|b|\n|-|-|\n" + "|one|two|\n" * 10000,
    "quote": ("> " + WORD + "\n") * 5000,
    "indented code": ("    " + WORD + "\n\n") * 4500,
    "list": ("- " + WORD + "\n") * 5000,
    "ordered": "".join(f"{number}. {WORD}\n" for number in range(4500)),
    "one item": "- a\n" + ("  " + WORD + "\n") * 5000,
    "nested": "- a\n" + ("  - " + WORD + "\n") * 4500,
    "fence": "```\n" + (WORD + "\n") * 5000,
    "fence in an item": "1. a\n\n   ```\n" + ("   " + WORD + "\n") * 4500,
    "one line of code": "```\n" + WORD * 5500,
    "brackets": "[" * 100_000,
    "alternating": ("a\n_b\n" * 20) * 830,
    "blank lines": "a\n" + "\n" * 100_000,
    "breaking off": ("- a\n\n" + WORD * 200 + "\n") * 28,
    "breaking off in lines": ("- a\n\n" + (WORD + "\n") * 200 + "\n") * 28,
    "long info": "```" + "x" * 3000 + "\n" + "y\n" * 48_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_cost_is_bounded(name: str) -> None:
    text = HOSTILE[name]
    parts = [text[start : start + 40] for start in range(0, len(text), 40)]
    source = streamed(parts, tails=True)[1]
    assert source.parsed < 10 * len(text)
