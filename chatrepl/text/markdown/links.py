"""What the label of a link claims."""

import re
import unicodedata

_DOTS = ".․‥‧·∙⋅•・･｡。．﹒⸱⸳ꞏ᛫\U00010101ꓸ٠۰۔܁܂\U0001d16d"
_SLASHES = "/⁄∕⧸╱⟋／\\\\"
_ADDRESS = re.compile(f"[^\\s{_DOTS}][{_DOTS}][^\\s{_DOTS}]|[{_SLASHES}]")


def looks_like_an_address(label: str) -> bool:
    """Whether people may take the label for an address, like bank.com, whatever kind of dot is in it."""
    return bool(_ADDRESS.search(unicodedata.normalize("NFKC", label)) or _ADDRESS.search(label))
