"""LaTeX formulas as Unicode text."""


def unicode(formula: str) -> str:
    """The formula in plain characters, as far as there are some."""
    return formula
