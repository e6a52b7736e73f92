"""LaTeX formulas as Unicode text: by a table, as far as there are characters for it; the rest stays as it is."""

import re
import unicodedata

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
_DEEPEST = 20

_GREEK = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi omicron pi rho sigma tau upsilon phi chi psi
omega
"""
_WORDS = "arccos arcsin arctan arg cos cosh cot deg det dim exp gcd inf ker lim ln log max min mod sec sin sinh sup tan"
_TABLE = """
lambda=λ Lambda=Λ varepsilon=ε vartheta=ϑ varphi=φ varsigma=ς hbar=ℏ ell=ℓ Re=ℜ Im=ℑ aleph=ℵ
times=× cdot=· div=÷ pm=± mp=∓ ast=∗ star=⋆ circ=∘ bullet=• oplus=⊕ otimes=⊗ dagger=†
le=≤ leq=≤ leqslant=≤ ge=≥ geq=≥ geqslant=≥ ne=≠ neq=≠ ll=≪ gg=≫ approx=≈ equiv=≡ sim=∼ simeq=≃ cong=≅
propto=∝ prec=≺ succ=≻ perp=⊥ parallel=∥ mid=∣ vdash=⊢ models=⊨
in=∈ notin=∉ ni=∋ subset=⊂ subseteq=⊆ supset=⊃ supseteq=⊇ cup=∪ cap=∩ setminus=∖ emptyset=∅ varnothing=∅
forall=∀ exists=∃ nexists=∄ neg=¬ lnot=¬ land=∧ wedge=∧ lor=∨ vee=∨ top=⊤ bot=⊥ therefore=∴ because=∵
to=→ rightarrow=→ longrightarrow=⟶ gets=← leftarrow=← leftrightarrow=↔ Rightarrow=⇒ implies=⇒
Longrightarrow=⟹ Leftarrow=⇐ Leftrightarrow=⇔ iff=⇔ mapsto=↦ uparrow=↑ downarrow=↓ rightleftharpoons=⇌
infty=∞ partial=∂ nabla=∇ sum=∑ prod=∏ coprod=∐ int=∫ iint=∬ iiint=∭ oint=∮ angle=∠ degree=° prime=′
ldots=… dots=… cdots=⋯ vdots=⋮ ddots=⋱ langle=⟨ rangle=⟩ lfloor=⌊ rfloor=⌋ lceil=⌈ rceil=⌉
lvert=| rvert=| vert=| lVert=‖ rVert=‖ Vert=‖ lbrace={ rbrace=} backslash=\\ square=□
big= Big= bigl= bigr= Bigl= Bigr= limits= displaystyle=
"""
_SIGNS = {
    **{name: unicodedata.lookup(f"GREEK SMALL LETTER {name}") for name in _GREEK.split()},
    **{name.title(): unicodedata.lookup(f"GREEK CAPITAL LETTER {name}") for name in _GREEK.split()},
    **{name: name for name in _WORDS.split()},
    **dict(pair.split("=") for pair in _TABLE.split()),
    **dict.fromkeys(("quad", "qquad"), "  "),
}
_ESCAPED = {",": " ", ";": " ", ":": " ", " ": " ", "!": "", "\\": "; ", "|": "‖"} | {sign: sign for sign in "%$_#&{}"}
_PLAIN = {
    "text",
    "textbf",
    "textit",
    "textrm",
    "mathrm",
    "mathbf",
    "mathit",
    "mathsf",
    "mathcal",
    "operatorname",
    "boxed",
}
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "overline": "\u0304", "vec": "\u20d7", "dot": "\u0307", "tilde": "\u0303"}
_DOUBLE = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))
_RAISED = dict(
    zip("0123456789+-=()abcdefghijklmnoprstuvwxyzT′*", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ′*", strict=True)
)
_LOWERED = dict(zip("0123456789+-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
_SIDES = {"p": "()", "b": "[]", "B": "{}", "v": "||", "V": "‖‖", "cases": ("{ ", ""), "rcases": ("", " }")}
"""What stands around an environment, by what is special in its name."""
_ENVIRONMENT = re.compile(r"([pbBvV])?(?:small)?matrix\*?|d?(r?cases)\*?|(?:sub)?array")
_ROW_ENDS = re.compile(r"\s*;\s+")
_ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}


def unicode(formula: str) -> str:
    """The formula in plain characters."""
    try:
        shown = _Reader(formula).all()
    except RecursionError:
        return formula
    return " ".join(shown.split())


class _Reader:
    """Reads a formula from left to right."""

    def __init__(self, formula: str) -> None:
        self._tokens = _TOKEN.findall(formula)[::-1]
        self._depth = 0

    def all(self) -> str:
        """What is left; a brace that was never opened is a brace."""
        found = ""
        while self._tokens:
            found += self._group() + ("}" if self._tokens and self._tokens.pop() else "")
        return found

    def _group(self) -> str:
        """All up to the closing brace, which is left there."""
        found = ""
        while self._tokens and self._tokens[-1] != "}":
            found += self._one()
        return found

    def _one(self) -> str:
        """One token, with what belongs to it."""
        if self._depth > _DEEPEST:
            raise RecursionError
        self._depth += 1
        token = self._tokens.pop()
        match token:
            case "{":
                shown = self._group()
                shown = shown if self._tokens and self._tokens.pop() else "{" + shown
            case "^":
                shown = _moved(self._argument(), _RAISED, "^")
            case "_":
                shown = _moved(self._argument(), _LOWERED, "_")
            case "&":
                shown = " "
            case _:
                shown = self._command(token[1:]) if token[0] == "\\" and len(token) > 1 else token
        self._depth -= 1
        return shown

    def _argument(self) -> str:
        """What a command is applied to."""
        while self._tokens and self._tokens[-1].isspace():
            self._tokens.pop()
        return self._one().strip() if self._tokens and self._tokens[-1] != "}" else ""

    def _option(self) -> str:
        """What stands in brackets, "" without any."""
        if not self._tokens or self._tokens[-1] != "[" or "]" not in self._tokens:
            return ""
        found = ""
        while self._tokens[-1] != "]":
            found += self._tokens.pop()
        self._tokens.pop()
        return found[1:]

    def _command(self, name: str) -> str:
        if name in _SIGNS:
            return _SIGNS[name]
        if name in _ESCAPED:
            return _ESCAPED[name]
        if name in _PLAIN:
            return self._argument()
        if name in _ACCENTS:
            return _accented(self._argument(), _ACCENTS[name])
        match name:
            case "left" | "right" | "middle":
                if self._tokens and self._tokens[-1] == ".":  # a bracket on this side is not shown
                    self._tokens.pop()
                return ""
            case "frac" | "dfrac" | "tfrac":
                return f"{_together(self._argument())}/{_together(self._argument())}"
            case "binom":
                return f"C({self._argument()}, {self._argument()})"
            case "sqrt":
                order = self._option()
                return f"{_ROOTS.get(order) or _moved(order, _RAISED, '^') + '√'}{_together(self._argument())}"
            case "mathbb":
                return "".join(_DOUBLE.get(letter, letter) for letter in self._argument())
            case "begin":
                return self._environment(self._argument())
            case "end":
                self._argument()
                return " "
        if self._tokens and self._tokens[-1] == "{":
            return f"\\{name}{{{self._argument()}}}"
        return f"\\{name}"

    def _environment(self, name: str) -> str:
        """What stands in an environment, in the brackets it is known by."""
        known = _ENVIRONMENT.fullmatch(name)
        if known and name.endswith("array") and self._tokens and self._tokens[-1] == "{":
            self._one()  # how the columns are aligned
        elif known and name.endswith("*"):
            self._option()
        rows = ""
        while self._tokens and self._tokens[-1] not in ("\\end", "}"):
            rows += self._one()
        if self._tokens and self._tokens[-1] == "\\end":
            self._tokens.pop()
            self._argument()
        rows = _ROW_ENDS.sub("; ", rows).strip("; ")
        if not known or name.endswith("array"):
            return f" {rows} "
        left, right = _SIDES.get(known[1] or known[2] or "", ("", ""))
        return f"{left}{rows}{right}"


def _moved(text: str, to: dict[str, str], sign: str) -> str:
    """The text as an exponent or an index, with the sign where there are no characters for that."""
    if all(char in to for char in text):
        return "".join(to[char] for char in text)
    dense = text.replace(" ", "")
    if all(char in to for char in dense):
        return "".join(to[char] for char in dense)
    return sign + (text if len(text) == 1 else f"({text})")


def _together(text: str) -> str:
    """The text, in parentheses unless it holds together without."""
    return text if re.fullmatch(r"[\d.]*|\w[^\w\s]?|√\w", text) else f"({text})"


def _accented(text: str, mark: str) -> str:
    return "".join(char + mark for char in text) if len(text) < 3 else text
