"""What is half-written is shown as what it is about to be."""

import pytest
from hypothesis import given, strategies as st

from chatrepl.terminal.drawing import Drawing, Line, plain
from chatrepl.terminal.markdown import Link, Span, about_to_be, inline
from chatrepl.terminal.markdown.leaves import CodeLine, Heading, Paragraph, Table
from chatrepl.terminal.markdown.preview import closed
from tests.support.markdowns import documents


def words(source: str) -> str:
    """The text of an inline source, of a link its label."""
    parts = (part.label if isinstance(part, Link) else (part,) for part in inline(source))
    return "".join(span.text for spans in parts for span in spans)


@pytest.mark.parametrize(
    "source",
    [
        "It replaces **every match** on the *line*, or ***all of it***.",
        "See [the *manual* of sed](https://gnu.org/a_(b)c) for more",
        'See [the manual](https://gnu.org/x "The title") for more',
        "See [the manual](<https://gnu.org/a b>) for more",
        "The `code` and ``more of ` it``, snake_case_too, __dunder__ and ~~gone~~ text",
        "An image ![of a cat](http://a.b/cat.png), and **bold with *both* in it**",
        "Twice **bold** and **bold** and _so_ it is",
        "2 * 3 * 4 is 24, \\*not this\\* [1] and [x] (both)",
        "**A [link in](http://bold.org) it**",
        "*One **two* three** and it ends",
    ],
)
def test_no_prefix_shows_marks_that_will_go_away(source: str) -> None:
    whole = words(source)
    for end in range(len(source) + 1):
        shown = words(closed(source[:end])).rstrip()
        begun = shown if whole.startswith(shown) else shown[:-2]  # a mark may be there before it can be told
        assert whole.startswith(begun.rstrip()), f"{source[:end]!r} is shown as {shown!r}"
        assert "](" not in shown


@pytest.mark.parametrize(
    ("begun", "marks"),
    [
        ("**bold te", {"strong"}),
        ("**bold*", {"strong"}),
        ("a *b", {"emphasis"}),
        ("***a", {"strong", "emphasis"}),
        ("`co", {"code"}),
        ("**a `co", {"strong", "code"}),
        ("~~go", {"strike"}),
    ],
)
def test_the_end_looks_as_it_will(begun: str, marks: set[str]) -> None:
    spans = [part for part in inline(closed(begun)) if isinstance(part, Span) and part.text]
    assert spans[-1].marks == marks


def test_a_link_is_one_from_its_label_on() -> None:
    assert inline(closed("see [the man")) == inline("see [the man]()")
    assert inline(closed("see [the man]")) == inline("see [the man]()")
    assert inline(closed("see [the man](http://exa")) == inline("see [the man](http://exa)")
    assert closed("Dear [Name],") == "Dear [Name],"
    assert closed("as in [1") == "as in [1"


@pytest.mark.parametrize("source", ["**", "a **", "a `", "[", "a _", "***", "`", "a ["])
def test_marks_alone_are_not_shown_yet(source: str) -> None:
    assert words(closed(source)) == source.rstrip("*`[_ ").rstrip() or source.endswith("[")


@given(st.text("ab*_`[]()<>~!\\ \n|\"'h:/.", max_size=40))
def test_any_text_has_a_preview(text: str) -> None:
    inline(closed(text))


@given(documents, st.integers(0, 400))
def test_what_is_final_in_the_end_does_not_depend_on_it(text: str, end: int) -> None:
    drawing, other = Drawing(60), Drawing(60)
    seen, unseen = list[Line](), list[Line]()
    for part in (text[:end], text[end:]):
        drawing.feed(part)
        seen += drawing.take()
        drawing.tail(9)
        other.feed(part)
        unseen += other.take()
    assert seen + drawing.finish() == unseen + other.finish()


def test_a_table_is_one_from_its_first_line_on() -> None:
    assert about_to_be(Paragraph((), "| a | **b")) == Table((), ("", ""), (("a", "**b**"),))
    assert about_to_be(Paragraph((), "| a | b |")) == Table((), ("", ""), (("a", "b"),))
    assert about_to_be(Paragraph((), "|")) == Paragraph((), "|")
    assert about_to_be(Table((), ("", ""), (("a", "b"), ("`x", "")))) == Table((), ("", ""), (("a", "b"), ("`x`", "")))
    drawing = Drawing(60)
    seen = []
    for character in "| a | b |\n|---|--:|\n| c":
        drawing.feed(character)
        assert drawing.take() == []
        seen.append([plain(row) for row in drawing.tail(9)])
    assert not any("|" in row for rows in seen[3:] for row in rows)
    assert seen[-1] == ["a │ b", "──┼──", "c │"]


def test_other_leaves_are_as_they_are() -> None:
    assert about_to_be(CodeLine((), "a **b")) == CodeLine((), "a **b")
    assert about_to_be(Heading((), 2, "a **b")) == Heading((), 2, "a **b**")
