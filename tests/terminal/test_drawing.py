"""What is drawn does not depend on how the text came; it is clean to copy, fits the width, and loses no word."""

import gc
import math
import random
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from rich.segment import Segment
from rich.style import Style

from chatrepl.terminal.drawing import (
    Drawing,
    Line,
    Reasoning,
    Rendering,
    ansi,
    ansi_cells,
    cells,
    draw,
    drawing,
    plain,
    rendering,
)
from chatrepl.terminal.drawing.blocks import Blocks
from chatrepl.terminal.drawing.highlighting import Highlighter
from chatrepl.terminal.markdown import Growing, flatten, growing, page
from chatrepl.terminal.markdown.leaves import CodeLine
from chatrepl.text import safe
from tests.support.markdowns import CORPUS, cuts, documents, pieces

widths = st.integers(20, 300)
themes = st.sampled_from(["dark", "light"])


@pytest.fixture(autouse=True)
def _no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leaf that cannot be drawn is a bug here, though its text would be shown."""

    def fail(_: object) -> list[str]:
        raise AssertionError("a leaf could not be drawn")

    monkeypatch.setattr(drawing, "_texts", fail)


def streamed(parts: Iterable[str], width: int, theme: str = "dark", hyperlinks: bool = False) -> list[Line]:
    """The lines of a text that comes in parts, with its tail looked at after each."""
    picture = Drawing(width, theme=theme, hyperlinks=hyperlinks)
    lines: list[Line] = []
    for part in parts:
        picture.feed(part)
        lines += picture.take()
        picture.tail(8)
    return lines + picture.finish()


def shown(text: str, width: int = 60) -> list[str]:
    return [plain(line) for line in draw(text, width)]


@given(documents, cuts, widths, themes, st.booleans())
def test_any_cutting_draws_the_same(text: str, at: list[int], width: int, theme: str, hyperlinks: bool) -> None:
    text = safe.text(text)
    whole = draw(text, width, theme=theme, hyperlinks=hyperlinks)
    assert streamed(pieces(text, at), width, theme, hyperlinks) == whole


def early(patch: pytest.MonkeyPatch, long: int, rows: int) -> None:
    """Let paragraphs be long that are not, and so tables."""
    for module in (flatten, growing, page):
        patch.setattr(module, "LONG", long)
    for each in (flatten, page):
        patch.setattr(each, "TABLE_ROWS", rows)


@given(documents | st.lists(documents, max_size=4).map(" ".join), cuts, widths, st.sampled_from([8, 20, 60]))
def test_a_paragraph_and_a_table_whose_beginning_came_early_are_drawn_as_the_whole(
    text: str, at: list[int], width: int, long: int
) -> None:
    text = safe.text(text)
    with pytest.MonkeyPatch.context() as patch:
        early(patch, long, 1)
        assert flat(streamed(pieces(text, at), width)) == flat(draw(text, width))


PROSE = st.lists(
    st.sampled_from(
        "word other more text, end. **bold** *em ** em* ` `code` [a](http://b.c) [ ] [1] _x_ _ snake_case $5 $x^2$ \\( "
        "\\) ~~s~~ ~~ 2 * 3 | \n \n=== \n--- \n|-|-| \n- \n> <http://d.e> < &amp; \\* 漢字 👍🏽 ![i](j) \n\n \n1. \n2. "
        "\n\n-\t \n\n\x20\x20".split(" ")
    ),
    max_size=60,
).map(" ".join)


@given(PROSE, st.integers(1, 40), widths, st.sampled_from([8, 30, 80]))
def test_so_it_is_with_all_that_stands_in_paragraphs(text: str, step: int, width: int, long: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        early(patch, long, 2)
        parts = (text[start : start + step] for start in range(0, len(text), step))
        assert flat(streamed(parts, width)) == flat(draw(text, width))


def flat(lines: Iterable[Line]) -> list[list[tuple[str, Style | None]]]:
    """The lines character by character, however they are cut into segments."""
    return [[(character, style) for text, style, _ in line for character in text] for line in lines]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
@pytest.mark.parametrize("width", [20, 79, 300])
def test_the_corpus_draws_the_same_in_any_pieces(path: Path, width: int) -> None:
    text = safe.text(path.read_text(encoding="utf-8"))
    whole = draw(text, width)
    for step in (3, 50):
        assert streamed((text[start : start + step] for start in range(0, len(text), step)), width) == whole


@given(documents, st.integers(0, 400), cuts)
def test_a_reply_that_breaks_off_is_drawn_like_what_came_of_it(text: str, end: int, at: list[int]) -> None:
    assert streamed(pieces(text[:end], at), 50) == draw(text[:end], 50)


@given(documents, cuts, widths, st.integers(1, 12))
def test_the_terminal_need_not_wrap_the_tail(text: str, at: list[int], width: int, rows: int) -> None:
    picture = Drawing(width)
    for part in pieces(text, at):
        picture.feed(part)
        picture.take()
        tail = picture.tail(rows)
        assert len(tail) <= rows
        assert all(cells(row) <= max(width, 4) for row in tail)
        assert not any("\t" in plain(row) for row in tail)


def test_a_long_line_of_code_is_folded_in_the_tail() -> None:
    picture = Drawing(20)
    picture.feed("```\n" + "\tx" * 30)
    picture.take()
    assert [plain(row) for row in picture.tail(2)] == ["    x" * 4, "    x" * 2]


@given(documents, widths)
def test_lines_fit_and_have_no_blanks_at_their_ends(text: str, width: int) -> None:
    source = Growing()
    source.feed(text)
    pen = Blocks("dark", hyperlinks=False)
    for leaf in source.finish():
        for line in pen.draw(leaf, width):
            if not isinstance(leaf, CodeLine):
                assert cells(line) <= width or re.fullmatch(r"[•◦▪│\d.) ]*[!-~]\S*", plain(line))
                assert plain(line) == plain(line).rstrip(" ")


@given(documents, widths)
def test_no_control_character_is_drawn(text: str, width: int) -> None:
    assert not re.search("[\x00-\x08\n-\x1f\x7f-\x9f]", "".join(plain(line) for line in draw(safe.text(text), width)))


def numbered(seed: int) -> tuple[str, list[str]]:
    """A text of all kinds of blocks in which each word is another; and the words."""
    dice = random.Random(seed)
    words: list[str] = []

    def some(count: int) -> str:
        new = [f"w{number:05}" for number in range(len(words), len(words) + count)]
        words.extend(new)
        return " ".join(new)

    def block(indent: str, depth: int) -> str:
        kind = dice.randrange(7)
        if kind == 0 and depth:
            return "\n".join(f"{indent}- {some(3)}\n\n{block(indent + '  ', depth - 1)}" for _ in range(3))
        if kind == 1:
            return "\n".join(f"{indent}{number}. {some(9)}" for number in range(1, dice.randint(2, 12)))
        if kind == 2:
            return (
                f"{indent}```py\n"
                + "".join(f"{indent}{some(4)}\n" for _ in range(dice.randint(0, 30)))
                + f"{indent}```"
            )
        if kind == 3:
            return f"{indent}|{some(1)}|{some(1)}|\n{indent}|-|-|\n{indent}|{some(1)}|**{some(1)}**|"
        if kind == 4:
            return f"{indent}> {some(20)}\n{indent}> *{some(9)}*"
        if kind == 5:
            return f"{indent}## {some(3)}"
        return f"{indent}{some(dice.randint(1, 60))}"

    return "\n\n".join(block("", 2) for _ in range(dice.randint(1, 12))), words


@given(st.integers(0, 10**6), st.lists(st.tuples(st.integers(1, 400), widths), max_size=20))
def test_no_word_is_lost_or_doubled_when_the_width_changes(seed: int, steps: list[tuple[int, int]]) -> None:
    text, words = numbered(seed)
    picture = Drawing(80)
    lines: list[Line] = []
    at = 0
    for size, width in steps:
        picture.feed(text[at : at + size])
        at += size
        picture.resize(width)
        lines += picture.take()
        picture.tail(9)
    picture.feed(text[at:])
    lines += picture.finish()
    assert re.findall(r"w\d{5}", "\n".join(plain(line) for line in lines)) == words


CODE = {
    "py": 'def f(x):\n    """Doc\n    more."""\n    return x  # end\n\n\tif x:\n',
    "c": '/* a\n * b */ int x = 1; /* c */\n// d\nchar *s = "/*";\n',
    "html": "<!-- a\nb --> <p class='x'>c</p>\n<script>\nlet x = 1;\n</script>\n",
    "js": "const a = `x\n${y}\n`; // z\n",
    "rust": 'fn main() { /* a\n b */ println!("{}", 1); }\n',
    "yaml": "a:\n  - b: |\n      text\n    c: 1\n",
    "json": '{"a": [1, true, null,\n "x"]}\n',
    "diff": "@@ -1 +1 @@\n-a\n+b\n c\n",
    "console": "$ ls\na b\n",
    "pycon": ">>> 1 + 1\n2\n",
    "php": "<?php\n$x = 1; /* a\n*/ echo $x;\n?>\n<b>\n",
    "ruby": "x = <<~END\n  text\nEND\nputs x\n",
    "bash": "for x in /*; do\n  cat <<E\n$x\nE\ndone\n",
    "no-such-language": "a < b\n",
    "": "plain\n",
}


@pytest.mark.parametrize("language", CODE)
@pytest.mark.parametrize("gutter", ["", "   "])
def test_code_comes_out_as_it_is(language: str, gutter: str) -> None:
    code = CODE[language]
    source = "".join(gutter + line for line in f"```{language}\n{code}```\n".splitlines(keepends=True))
    text = "1. " + source[3:] if gutter else source
    rows = shown(text, 40)[1:-1]
    assert [row.removeprefix("    ") if gutter else row for row in rows] == code.split("\n")[:-1]


def looks(language: str, code: str) -> list[list[str]]:
    highlighter = Highlighter(language, "dark")
    return [[str(segment.style) for segment in highlighter.line(line)] for line in code.split("\n")]


def test_colours_go_on_from_line_to_line() -> None:
    comment = "dim italic"
    assert looks("py", 'x = """a\nc d"""')[1] == ["green"]
    assert looks("c", "/* a\nb\nc */ return") == [[comment], [comment], [comment, "None", "magenta"]]
    assert looks("bash", "ls /*\ncd")[1] != [comment]


def test_a_broken_lexer_costs_only_the_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatrepl.text.code._lexed", lambda *_: 1 / 0)
    assert shown("```py\nx = 1\n```") == ["```py", "x = 1", "```"]


def test_a_leaf_that_cannot_be_drawn_is_shown_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(Blocks, "draw", lambda *_: 1 / 0)
    assert shown("# a\n\n|b|c|\n|-|-|\n|d|e|\n\n```\nf\n```") == ["a", "", "b c", "d e", "", "```", "f", "```"]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("# A\nb\n\n---", ["A", "b", "", "─" * 40]),
        ("- a\n  - b\n    1. c\n- d", ["• a", "  ◦ b", "     1. c", "• d"]),
        ("9. a\n9. b", [" 9. a", "10. b"]),
        ("1. a\n5. b\n6. c\n8. d", [" 1. a", " 5. b", " 6. c", " 8. d"]),
        ("3) a\n2) b\n1) c", [" 3) a", " 2) b", " 1) c"]),
        ("1. a\n1. b\n1. c\n7. d", [" 1. a", " 2. b", " 3. c", " 4. d"]),
        ("3. a\n   1. b\n   9. c\n2. d", [" 3. a", "     1. b", "     9. c", " 2. d"]),
        ("01. a\n02. b", ["01. a", "02. b"]),
        ("**测试。**后文 前文**（测试）**后文", ["测试。后文 前文（测试）后文"]),
        ("v<std::string> <app:Model> <error:404> <a::b>", ["v<std::string> <app:Model> <error:404> <a::b>"]),
        ("<https://a.b> <mailto:c@d.e> <f@g.h> <urn:i:j>", ["https://a.b mailto:c@d.e f@g.h urn:i:j"]),
        ("100. a", ["100. a"]),
        ("- [ ] a\n- [x] b\n- [y] c", ["• ☐ a", "• ☑ b", "• [y] c"]),
        ("- \n- a", ["•", "• a"]),
        ("> a\n>\n> - b", ["│ a", "│", "│ • b"]),
        ("a\n\n\n\nb", ["a", "", "b"]),
        ("    code\n\n    x", ["```", "code", "", "x", "```"]),
        ("- ```py\n  x\n", ["• ```py", "  x"]),
        ("[a](http://b.c) <http://d.e> ![i](j.png)", ["a (http://b.c) http://d.e i (j.png)"]),
        ("[a](http://b.c 'd')", ['a (http://b.c "d")']),
        ("[http://bank](http://evil)", ["http://bank (http://evil)"]),
        ("[bold red]a[/] :smile:", ["[bold red]a[/] :smile:"]),
        ("|a|b|\n|-|-:|\n|long|1|", ["a    │ b", "─────┼──", "long │ 1"]),
        ("|日本|b|\n|-|-|\n|1|2|", ["日本 │ b", "─────┼──", "1    │ 2"]),
    ],
)
def test_how_blocks_look(text: str, rows: list[str]) -> None:
    assert shown(text) == rows


def test_words_are_kept_whole_and_wide_characters_are_not_torn() -> None:
    assert shown("one two three four five", 20) == ["one two three four", "five"]
    assert shown("日本語のテキストは、どこでも折り返せます。", 20) == [
        "日本語のテキストは、",
        "どこでも折り返せま",
        "す。",
    ]
    assert shown("👩‍💻" * 15, 20) == ["👩‍💻" * 10, "👩‍💻" * 5]


def test_a_word_wider_than_the_row_is_left_to_the_terminal_to_wrap() -> None:
    address = "https://example.org/" + "x" * 30
    assert shown(f"see {address} for more", 20) == ["see", address, "for more"]
    assert shown(f"- [docs]({address})", 20) == ["• docs", f"  ({address})"]
    assert max(len(row) for row in shown(f"|a|b|\n|-|-|\n|c|{address}|", 20)) <= 20
    picture = Drawing(20)
    picture.feed(address)
    assert [plain(row) for row in picture.tail(9)] == [address[:20], address[20:40], address[40:]]


def test_reasoning_stands_behind_an_edge_and_below_a_label() -> None:
    reasoning = Reasoning(22)
    reasoning.feed("x" * 45)
    rows = ["▎ " + "x" * 20, "▎ " + "x" * 20, "▎ xxxxx"]
    assert [plain(row) for row in reasoning.tail(9)] == rows
    assert [plain(row) for row in reasoning.below_its_label(reasoning.tail(9), 4.2)] == ["▎ thinking · 4 s", *rows]
    assert reasoning.take() == []
    reasoning.feed("\n\nand")
    assert [plain(row) for row in reasoning.take()] == ["▎ thinking", *rows, "▎"]
    assert reasoning.below_its_label(reasoning.tail(9), 5) == reasoning.tail(9)
    assert [plain(row) for row in reasoning.finish()] == ["▎ and"]


def test_of_folded_reasoning_only_the_last_rows_are_seen_while_it_comes() -> None:
    reasoning = Reasoning(40, folded=True)
    for number in range(9):
        reasoning.feed(f"line {number}\n")
        assert reasoning.take() == []
    assert [plain(row) for row in reasoning.tail(9)] == [f"▎ line {number}" for number in range(4, 9)]
    assert reasoning.finish() == []


def test_a_wide_table_is_fitted_and_one_that_cannot_be_is_shown_cell_by_cell() -> None:
    fitted = shown("|a|b|\n|-|-|\n|one two three four|five six seven eight|", 25)
    assert fitted == [
        "a           │ b",
        "────────────┼────────────",
        "one two     │ five six",
        "three four  │ seven eight",
    ]
    head = "|" + "|".join(f"head{index}" for index in range(8)) + "|\n" + "|-" * 8 + "|\n"
    cells = ["cell0", "", "some words that are more than a line holds", *(f"cell{index}" for index in range(3, 8))]
    assert shown(head + "|" + "|".join(cells) + "|", 30) == [
        "─" * 20,
        "head0: cell0",
        "head1: –",
        "head2: some words that are",
        "  more than a line holds",
        *(f"head{index}: cell{index}" for index in range(3, 8)),
        "─" * 20,
    ]
    assert shown(head, 30) == [f"head{index}" for index in range(8)]


@pytest.mark.parametrize(
    ("rows", "drawn"),
    [
        (("`a || b`|lazy or", "x|y|LOST"), ["a      │ b       │", "a || b │ lazy or │", "x      │ y       │ LOST"]),
        (("`` a|`b ``|c", "`|d"), ["a    │ b", "a|`b │ c", "`    │ d"]),
        (("one", "|||x||"), ["a   │ b │   │", "one │   │   │", "    │   │ x │"]),
        (("`a\\|b`|c\\|d",), ["a   │ b", "a|b │ c|d"]),
        (("x|y" + "|z" * 40,), ["a │ b" + " │  " * 15 + " │", "x │ y" + " │ z" * 15 + " │ z" + " | z" * 24]),
    ],
)
def test_no_cell_of_a_table_is_lost(rows: tuple[str, ...], drawn: list[str]) -> None:
    assert [row for row in shown("\n".join(["a|b", "-|-", *rows]), 200) if "─" not in row] == drawn


@pytest.mark.parametrize(
    "text", ["fourteen_words, x", "**fourteen_words**, x", "`fourteen_words`; x", "日本語日本語日, x"]
)
def test_no_cell_is_broken_before_its_comma(text: str) -> None:
    rows = shown(f"|a|b|\n|-|-|\n|{text}|{text}|", 31)
    assert all(not re.match("[,;]", cell.strip()) for row in rows for cell in row.split("│"))
    assert max(map(len, rows)) <= 31


def test_a_table_is_measured_as_the_terminal_shows_it() -> None:
    lines = draw("|数量|b|\n|-|-|\n|1…|2|", 60, encoding="ascii")
    assert [plain(line) for line in lines] == ["??   │ b", "─────┼──", "1... │ 2"]


def test_deep_nesting_leaves_room_for_the_text() -> None:
    deep = "".join("  " * level + "- a\n" for level in range(15)) + "  " * 15 + "- some words at the bottom"
    assert max(len(row) for row in shown(deep, 20)) <= 20


@pytest.mark.parametrize(("coloured", "expected"), [(False, "a \x1b[1mb\x1b[0m"), (True, "a \x1b[1;31mb\x1b[0m")])
def test_ansi(coloured: bool, expected: str) -> None:
    line = (Segment("a "), Segment("b", Style.parse("bold red")))
    assert ansi(line, coloured=coloured) == expected
    assert ansi_cells(expected) == 3


def test_colours_are_brought_down_to_what_every_terminal_has() -> None:
    assert ansi((Segment("a", Style.parse("#ff0000")),)) == "\x1b[31ma\x1b[0m"


def test_links_are_followed_by_the_terminal_only_if_it_can() -> None:
    live = ansi(draw("[a](http://b.c)", 60, hyperlinks=True)[0], coloured=False)
    assert live == "\x1b]8;;http://b.c\x1b\\\x1b[4ma\x1b[0m\x1b]8;;\x1b\\"
    assert ansi_cells(live) == 1
    assert "\x1b]8" not in ansi(draw("[a](http://b.c)", 60)[0])
    assert [plain(line) for line in draw("[bank.com](http://evil.com)", 60, hyperlinks=True)] == [
        "bank.com (http://evil.com)"
    ]


@pytest.mark.parametrize(
    "label",
    [
        "bank․com",
        "bank．com",
        "bank。com",
        "bank｡com",
        "bank·com",
        "bank‧com",
        "ｂａｎｋ.com",
        "bank∕login",
        "a/b",
        "x.y",
    ],
)
def test_a_label_that_looks_like_an_address_does_not_hide_another(label: str) -> None:
    assert [plain(line) for line in draw(f"[{label}](https://evil.example)", 60, hyperlinks=True)] == [
        f"{label} (https://evil.example)"
    ]


@pytest.mark.parametrize("label", ["here", "詳細はこちら。", "Dr. Who", "e.", "…more"])
def test_a_label_of_words_is_enough_where_the_terminal_can_follow_it(label: str) -> None:
    assert [plain(line) for line in draw(f"[{label}](https://a.example)", 60, hyperlinks=True)] == [label]


def test_the_work_is_in_proportion_to_the_text() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in CORPUS)
    picture = Drawing(80)
    for start in range(0, len(text), 40):
        picture.feed(text[start : start + 40])
        picture.take()
        picture.tail(10)
    picture.finish()
    assert picture.parsed <= 6 * len(text)


LONG: dict[str, Callable[[int], str]] = {
    "stars": lambda n: "*" * n + "a" + "*" * n,
    "stars between": lambda n: "*a **b " * (n // 4),
    "table": lambda n: "|a|b|\n|-|-|\n" + "|one|two|\n" * (n // 5),
    "tables": lambda n: ("|a|b|\n|-|-|\n" + "|one|two|\n" * 100 + "\n") * (n // 500),
    "a line": lambda n: "word " * (n // 2),
    "a line of code": lambda n: "```\n" + "word " * (n // 2),
    "a heading": lambda n: "# " + "word " * (n // 2),
    "lines": lambda n: "some words\n" * (n // 5),
    "a list": lambda n: "- a\n" * (n // 2),
    "quotes": lambda n: "> a\n" * (n // 2),
    "indented code": lambda n: "    a\n\n" * (n // 4),
    "brackets": lambda n: "[" * (2 * n),
    "images": lambda n: "![" * n,
    "links": lambda n: "[a](b" * (n // 2),
    "angles": lambda n: "<" * (2 * n),
    "formulas": lambda n: "\\(" * n,
    "dollars": lambda n: "$a " * (n // 2),
    "entities": lambda n: "&a" * n,
    "backticks": lambda n: "".join("`" * (number % 300) + " " for number in range(n // 75)),
    "soft hyphens": lambda n: "a\xad" * n,
    "marks": lambda n: "a\u0301" * n,
    "cells": lambda n: "|" * n + "\n" + "|-" * n,
    "blanks": lambda n: " \n" * n,
}


def work(text: str) -> float:
    """The processor time that it takes to draw the text as it arrives.

    Python's garbage collector would look at all that the other tests have made, too.
    """
    gc.disable()
    began = time.process_time()
    rendering = Rendering(Drawing(80))
    for start in range(0, len(text), 4_000):
        rendering.feed(text[start : start + 4_000])
        list(rendering.take())
        rendering.drawing.tail(9)
    list(rendering.finish())
    took = time.process_time() - began
    gc.enable()
    return took


@pytest.mark.parametrize("name", LONG)
def test_a_text_costs_as_much_as_its_length(name: str) -> None:
    short, long = LONG[name](10_000), LONG[name](40_000)
    once = four = math.inf
    for _ in range(4):  # the machine may have been busy
        once, four = min(once, work(short)), min(four, work(long))
        if four < 7 * once + 0.1:
            return
    raise AssertionError(f"{once:.2f} s, and {four:.2f} s for four times as much")


@pytest.mark.parametrize("text", [LONG["stars"](120_000), LONG["table"](100_000)], ids=["stars", "20,000 rows"])
def test_what_took_many_seconds_takes_less_than_two(text: str) -> None:
    assert any(work(text) < 2 for _ in range(2))


@given(st.lists(st.sampled_from(["word ", "\n", "| a | b |\n", "```\n", "**", "x" * 30, "\x1b[2J", "> "]), max_size=60))
def test_of_what_comes_faster_than_it_can_be_read_all_is_there(pieces: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("OF_A_FLOOD", 60), ("MOST", 150), ("PIECE", 40)):
            patch.setattr(rendering, name, value)
        text, whole = "".join(pieces), Rendering(Drawing(1_000))
        lines: list[Line] = []
        for half in (text[: len(text) // 2], text[len(text) // 2 :]):
            whole.feed(half)
            lines += whole.take()
        shown = "\n".join(map(plain, [*lines, *whole.finish()]))
        assert "\x1b" not in shown
        for kept in "wxJ":
            assert shown.count(kept) == text.count(kept)


def test_what_is_not_drawn_is_as_it_was_written() -> None:
    lines = "".join(f"**{number}** [a](b)\n\n" for number in range(70_000))
    whole = Rendering(Drawing(80))
    whole.feed(lines)
    shown = "\n".join(map(plain, whole.finish())).rstrip("\n") + "\n\n"
    _, found, rest = shown.partition("**")
    assert lines.endswith(found + rest)
    assert 0 < len(rest) < len(lines) - rendering.OF_A_FLOOD


def test_what_a_model_may_well_say_is_drawn_however_fast_it_comes() -> None:
    whole = Rendering(Drawing(80))
    whole.feed("**word**\n\n" * 20_000)
    assert "*" not in "".join(map(plain, whole.finish()))
