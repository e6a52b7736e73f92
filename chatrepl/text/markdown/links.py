"""What the label of a link claims."""

import re
import unicodedata

_LINKABLE = re.compile(r"https?://[!-;=?-\[\]-~]+", re.IGNORECASE)
"""An address that can stand between < and > as it is."""

_DOTS = ".․‥‧·∙⋅•・･｡。．﹒⸱⸳ꞏ᛫\U00010101ꓸ٠۰۔܁܂\U0001d16d"
_SLASHES = "/⁄∕⧸╱⟋／\\\\"
_ADDRESS = re.compile(f"[^\\s{_DOTS}][{_DOTS}][^\\s{_DOTS}]|[{_SLASHES}]")


def looks_like_an_address(label: str) -> bool:
    """Whether people may take the label for an address, like bank.com, whatever kind of dot is in it."""
    return bool(_ADDRESS.search(unicodedata.normalize("NFKC", label)) or _ADDRESS.search(label))


def citation(number: str, url: str = "") -> str:
    """The mark for a source: its number in brackets, as a link where there is an address that can be one."""
    return rf"[\[{number}\]](<{url}>)" if _LINKABLE.fullmatch(url) else rf"\[{number}\]"
