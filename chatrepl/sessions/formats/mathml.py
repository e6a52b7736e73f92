"""Formulas as MathML, where latex2mathml is installed: the extra ``html``.

Its own output must not reach a page: it passes on ``\\href`` and ``\\style``, and markup in ``\\text`` as markup. Only
what is known of its tree is written here, and all text is escaped.
"""

import functools
import re
from html import escape, unescape
from xml.etree.ElementTree import Element

from chatrepl.text import safe

_ELEMENTS = frozenset(
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle mpadded mphantom menclose msub msup msubsup munder mover"
    " munderover mmultiscripts mprescripts none mtable mtr mtd".split()
)
_ATTRIBUTES = frozenset(
    "accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form height largeop"
    " linethickness lspace mathcolor mathvariant maxsize minsize movablelimits notation rowlines rowspacing rspace"
    " scriptlevel separator stretchy symmetric voffset width".split()
)
_VALUE = re.compile(r"[\w#.%+ -]{1,40}", re.ASCII)
_MACRO = re.compile(r"\\(?:def|let|newcommand|renewcommand|newenvironment|DeclareMathOperator)(?![A-Za-z])")


@functools.lru_cache(maxsize=512)
def mathml(formula: str, *, display: bool) -> str:
    """The formula as an element of a page; "" where it cannot be made one."""
    try:
        from latex2mathml.converter import Converter
    except ImportError:
        return ""
    if _MACRO.search(formula):  # a few of them make a formula of any size
        return ""
    try:
        tree = Converter(display="block" if display else "inline").convert_to_element(formula)
        return _written(tree, alttext=formula)
    except Exception:  # whatever is wrong with it: it is shown as it was written
        return ""


def _written(element: Element, alttext: str = "") -> str:
    """The element and all within it."""
    text = unescape(element.text or "")
    if element.tag not in _ELEMENTS or text.startswith("\\"):
        raise ValueError(f"unknown: {element.tag} {text[:20]}")
    known = {name: value for name, value in element.attrib.items() if name in _ATTRIBUTES and _VALUE.fullmatch(value)}
    attributes = known | ({"alttext": safe.text(alttext)} if alttext else {})
    opening = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    within = escape(safe.text(text)) + "".join(map(_written, element))
    return f"<{element.tag}{opening}>{within}</{element.tag}>"
