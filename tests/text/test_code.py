"""The words of code are told apart line by line, and whatever stands there, that comes to an end."""

import subprocess
import sys

import pytest

from chatrepl.text import code

HOSTILE = """
import sys
from pygments.lexers import get_lexer_by_name
from chatrepl.text.code import Lexing, by_name

openings = ["", 'x = "', "x = '", "<a b=", "/* ", "f(", "${", "{% ", "# ", "def "]
atoms = ["\\\\", '"\\\\', "a ", "((", "[[", "{{", "//", "/*", "<!", "<a ", "{%", "$x", "#{", "--", "::", "0x", "@@",
         "`", "'", "a.", "a:", "=>", "a=", "&a", "%(", " ", "a", "1", "-", "_", "a-", "|", "<<", "1_", "1.", "*", "~"]
for name in sys.argv[1:]:
    print(name, flush=True)
    lexer = by_name(name) or get_lexer_by_name(name)
    for opening in openings:
        lexing = Lexing(lexer)
        for atom in atoms:
            lexing.line(opening + atom * (120 // len(atom)) + "!")
"""
"""Feeds lexers with lines that regular expressions take long for."""


def fed(*names: str) -> None:
    """Feed these lexers, in a process that can be ended if they do not come to an end."""
    command = [sys.executable, "-c", HOSTILE, *names]
    try:
        subprocess.run(command, capture_output=True, check=True, text=True, timeout=120)
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"no end after {str(late.stdout).split()[-1:]}")


@pytest.mark.parametrize("part", range(4))
def test_no_lexer_hangs_on_hostile_lines(part: int) -> None:
    fed(*sorted(code.LEXERS)[part::4])


def test_a_lexer_that_goes_round_in_circles_is_stopped() -> None:
    fed("mcschema")


def test_only_lexers_that_were_tried_are_used() -> None:
    assert [name for name in sorted(code.LEXERS) if code.by_name(name) is None] == []
    assert code.by_name("mcschema") is code.by_name("no-such-language") is code.by_name("") is None
    assert code.by_file("a.mcschema") is code.by_file("a.no-such-ending") is None
    assert all(map(code.by_name, ("{.Py}", "golang", "C++")))
    assert code.by_file("a/b.rs")


def test_the_rules_of_a_lexer_are_made_where_pygments_keeps_them_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["def f(x):  # why", '    s = """one', "two", 'three"""; return f"{x!r}"', "", "class A(B): pass"]

    def told() -> list[object]:
        lexing = code.Lexing(code.by_name("python"))
        return [lexing.line(line) for line in lines]

    before = told()
    lexer = code.by_name("python")
    assert lexer
    monkeypatch.delattr(type(lexer), "_tokens")
    assert told() == before
    assert None not in before
