"""Formulas become readable text, prices and code stay what they are, and nothing that looks like LaTeX does harm."""

import pytest
from hypothesis import given, strategies as st

from chatrepl.terminal.drawing import draw, plain
from chatrepl.terminal.drawing.formulas import unicode


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (r"x^2 + y_1", "x² + y₁"),
        (r"\alpha \leq \beta", "α ≤ β"),
        (r"\frac{1}{2}", "1/2"),
        (r"\frac{a+b}{2a}", "(a+b)/(2a)"),
        (r"\frac{-b \pm \sqrt{b^2 - 4ac}}{2a}", "(-b ± √(b² - 4ac))/(2a)"),
        (r"\sum_{i=1}^{n} i", "∑ᵢ₌₁ⁿ i"),
        (r"\lim_{n \to \infty}", "lim_(n → ∞)"),
        (r"\sqrt[3]{x} \sqrt[n]{y}", "∛x ⁿ√y"),
        (r"\left( x \right)", "( x )"),
        (r"\mathbb{R}^n \to \text{a set}", "ℝⁿ → a set"),
        (r"\hat{x} \vec{v}", "x\u0302 v\u20d7"),
        (r"\begin{cases} 1 & x \\ 2 & y \end{cases}", "{ 1 x; 2 y"),
        (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}^T", "(a b; c d)ᵀ"),
        (r"\begin{bmatrix}1&2\\3&4\\\end{bmatrix}", "[1 2; 3 4]"),
        (r"\begin{vmatrix} a \end{vmatrix} \begin{Vmatrix} b \end{Vmatrix}", "|a| ‖b‖"),
        (r"\begin{Bmatrix} a \end{Bmatrix} \begin{rcases} b \end{rcases}", "{a} b }"),
        (r"\begin{pmatrix*}[r] 1 & \begin{bmatrix} 2 \end{bmatrix} \end{pmatrix*}", "(1 [2])"),
        (r"\begin{array}{cc} a & b \\ c \end{array}", "a b; c"),
        (r"\begin{pmatrix} a", "(a)"),
        (r"\left| x \right.", "| x"),
        (r"\unknown{x^2}", r"\unknown{x²}"),
        (r"x^{Q}", "x^Q"),
        (r"a\%", "a%"),
        ("}{", "}{"),
        (r"\frac", "/"),
    ],
)
def test_what_is_shown(formula: str, shown: str) -> None:
    assert unicode(formula) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("$x^2$ and \\(y^2\\)", "x² and y²"),
        ("$$\nx_1\n$$", "x₁"),
        ("\\[ x = 1 \\]", "x = 1"),
        ("$5 and $10", "$5 and $10"),
        ("between $1,000 and $2,000, or 3$", "between $1,000 and $2,000, or 3$"),
        ("`$x^2$`", "$x^2$"),
        ("$HOME/$USER", "$HOME/$USER"),
        ("US$ 3 and \\$4", "US$ 3 and $4"),
        ("Export ${HOME}/bin:${PATH} now.", "Export ${HOME}/bin:${PATH} now."),
        ("Run $(date)-$(whoami), make $(SRC)/$(OBJ).", "Run $(date)-$(whoami), make $(SRC)/$(OBJ)."),
        ("Use ^foo$|^bar$ to match.", "Use ^foo$|^bar$ to match."),
        ("(foo)$|(baz)$ or [a-z]+$|[0-9]+$", "(foo)$|(baz)$ or [a-z]+$|[0-9]+$"),
        ("A ${user}@${host} and s/^a$/b$/ x", "A ${user}@${host} and s/^a$/b$/ x"),
        ("$('#a').on('x',$).get(url,$.noop)", "$('#a').on('x',$).get(url,$.noop)"),
        ('$("a")+$("b") $el=$;', '$("a")+$("b") $el=$;'),
        ("sed 's/$/x/' | awk '{print $NF}'", "sed 's/$/x/' | awk '{print $NF}'"),
        ("$(CC) -o $@ $^: $?,$!", "$(CC) -o $@ $^: $?,$!"),
        ("kill $$ and wait $$; rm $$", "kill $$ and wait $$; rm $$"),
        ("{{$x}}-{{$y}} `$a`$b`", "{{$x}}-{{$y}} $a$b`"),
        ("The price is $p=25.6\\$$.", "The price is p=25.6$."),
        ("$|\\psi\\rangle$ and $|x|<1$ and $[0,1)$", "|ψ⟩ and |x|<1 and [0,1)"),
        ("$f'$ $H^+$ $\\mathbb{Z}^*$ $<$", "f' H⁺ ℤ* <"),
        ("设$x$为，(1)$x^2$", "设x为，(1)x²"),
        ("$\\text{if and only if } x = 1$", "if and only if x = 1"),
    ],
)
def test_where_formulas_are_seen(text: str, shown: str) -> None:
    assert [plain(line) for line in draw(text, 60)] == [shown]


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", "2^{10}, 10^{-3}, \\alpha \\to \\beta, x + 1/2"),
        ("latin-1", "2^{10}, 10^{-3}, \\alpha \\to \\beta, x + 1/2"),
        ("utf-8", "2¹⁰, 10⁻³, α → β, x + 1/2"),
    ],
)
def test_a_formula_that_the_terminal_cannot_show_stays_as_it_is(encoding: str, shown: str) -> None:
    text = r"$2^{10}$, $10^{-3}$, $\alpha \to \beta$, $x + \frac{1}{2}$"
    assert [plain(line) for line in draw(text, 60, encoding=encoding)] == [shown]


@given(
    st.lists(
        st.sampled_from(["\\frac", "\\sqrt", "{", "}", "^", "_", "[", "]", "x", " ", "\\", "\\hat", "&", "\\begin"])
    )
)
def test_any_row_of_commands_is_read(parts: list[str]) -> None:
    unicode("".join(parts))


def test_deep_nesting_stays_as_it_is() -> None:
    assert unicode("\\sqrt{" * 100) == "\\sqrt{" * 100
