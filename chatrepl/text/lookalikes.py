"""Texts that look like keys: pointed out before they are sent, and kept out of the input history and of titles."""

import re
from collections.abc import Iterator
from functools import cache

KINDS = {
    "an OpenAI or Anthropic key": (["sk-"], r"sk-(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{20,}"),
    "a Google key": (["AIza"], r"AIza[A-Za-z0-9_-]{30,}"),
    "a Groq key": (["gsk_"], r"gsk_[A-Za-z0-9]{20,}"),
    "a Hugging Face token": (["hf_"], r"hf_[A-Za-z0-9]{20,}"),
    "an xAI key": (["xai-"], r"xai-[A-Za-z0-9]{40,}"),
    "a Slack token": (["xox"], r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "a GitHub token": (
        ["gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_"],
        r"(?:gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
    ),
    "a GitLab token": (["glpat-"], r"glpat-[A-Za-z0-9_-]{20,}"),
    "an AWS key": (["AKIA", "ASIA"], r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    "a Stripe key": (["k_live_"], r"[rs]k_live_[A-Za-z0-9]{20,}"),
    "a private key": (["-----BEGIN "], r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "a signed token": (["eyJ"], r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "an Authorization header": (
        ["Authorization:", "authorization:", "AUTHORIZATION:"],
        r"(?i:authorization:\s*(?:bearer|basic)\s+[a-z0-9._~+/=-]{16,})",
    ),
}
"""What a secret is, what stands in every text that holds one, and how it looks."""


def kind(text: str) -> str:
    """What kind of secret, the first in the table, something in the text looks like; "" if nothing does."""
    return next((name for name, look in _possible(text) if look.search(text)), "")


def hidden(text: str) -> str:
    """The text with dots in place of all that looks like a secret."""
    for _, look in _possible(text):
        text = look.sub("•••", text)
    return text


def _possible(text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The kinds that may be in the text, and how they look: to search for words takes a twentieth of the time."""
    if len(text) < 2_000 and not _any_word().search(text):  # as most titles; in a long text words are found faster
        return iter(())
    return ((name, _look(look)) for name, (words, look) in KINDS.items() if any(word in text for word in words))


@cache
def _any_word() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for words, _ in KINDS.values() for word in words))


@cache
def _look(look: str) -> re.Pattern[str]:
    return re.compile(f"(?<![A-Za-z0-9_-]){look}(?![A-Za-z0-9])")
