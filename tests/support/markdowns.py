"""Markdown for tests: a generator of hostile mixtures, and the corpus of answers."""

import itertools
from pathlib import Path

from hypothesis import strategies as st

CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.md"))

_INDENTS = ["", " ", "  ", "   ", "    ", "      ", "\t", " \t"]
_MARKERS = [
    "- ",
    "* ",
    "+ ",
    "1. ",
    "2. ",
    "10. ",
    "5. ",
    "07. ",
    "3) ",
    "> ",
    ">",
    "-   ",
    "-     ",
    "1.  ",
    "- - ",
    "1. - ",
    "-\t",
]
_TEXTS = [
    *("word", "two words", "", "", "# head", "## h ##", "#", "#tag", "---", "***", "- - -", "===", "=", "--"),
    *("```", "```py", "~~~", "````", "``` `x", "|a|b|", "|--|--|", "|:-|-:|", "a|b", "-|-", "[x]: /u", "[x]"),
    *("<div>", "<!-- c", "-->", "`code", "**b", "b**", "~~s~~", "*", "-", "1.", "x = 1", "\\", "$a$", "&#9;", "&#27;"),
    *(
        "[a](http://b.c)",
        "<http://d.e>",
        "![i](j)",
        "日本語のテキスト",
        "e\u0301 👩‍💻 🇩🇪 ❤️",
        "مرحبا بالعالم",
        "/* c",
        "*/ d",
    ),
    *(
        "**测试。**后文",
        "「**b**」*c*",
        "|a|b|c|d|",
        "`x|y`|z",
        "<std::string>",
        "a$ ^b$ ${c}",
        "$$d$$",
        "[ ] e",
        "<br>",
    ),
    *("a longer sentence that has to be wrapped at narrow widths", "def f(x): return '''", "a_long_word_" * 4),
]
_lines = st.tuples(
    st.lists(st.sampled_from(_INDENTS + _MARKERS), max_size=3).map("".join), st.sampled_from(_TEXTS)
).map("".join)
documents = st.tuples(st.lists(_lines, max_size=14).map("\n".join), st.sampled_from(["", "\n"])).map("".join)
"""Lines of all kinds of blocks, whole, torn and nested in each other."""


def pieces(text: str, cuts: list[int]) -> list[str]:
    """The text cut at these places, taken modulo its length."""
    edges = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[start:end] for start, end in itertools.pairwise(edges)] or [""]


cuts = st.lists(st.integers(0, 400), max_size=40)
