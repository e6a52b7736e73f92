"""Texts that look like keys: pointed out before they are sent, and kept out of the input history and of titles."""

import re
from functools import cache

KINDS = {
    "an OpenAI or Anthropic key": r"sk-(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{20,}",
    "a Google key": r"AIza[A-Za-z0-9_-]{30,}",
    "a Groq key": r"gsk_[A-Za-z0-9]{20,}",
    "a Hugging Face token": r"hf_[A-Za-z0-9]{20,}",
    "an xAI key": r"xai-[A-Za-z0-9]{40,}",
    "a Slack token": r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    "a GitHub token": r"gh[oprsu]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}",
    "a GitLab token": r"glpat-[A-Za-z0-9_-]{20,}",
    "an AWS key": r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    "a Stripe key": r"[rs]k_live_[A-Za-z0-9]{20,}",
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "a signed token": r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    "an Authorization header": r"(?i:authorization:\s*(?:bearer|basic)\s+[a-z0-9._~+/=-]{16,})",
}
"""What a secret is, and how it looks."""


def kind(text: str) -> str:
    """What the first thing in the text is that looks like a secret, "" if nothing does."""
    match = _any().search(text)
    return list(KINDS)[int(match.lastgroup[1:])] if match and match.lastgroup else ""


def hidden(text: str) -> str:
    """The text with dots in place of all that looks like a secret."""
    return _any().sub("•••", text)


@cache
def _any() -> re.Pattern[str]:
    """Each kind as a group of its own, in their order."""
    looks = (f"(?P<k{place}>(?<![A-Za-z0-9_-]){look}(?![A-Za-z0-9]))" for place, look in enumerate(KINDS.values()))
    return re.compile("|".join(looks))
