"""How large an image may be that a server takes, as far as vendors say so."""

from typing import NamedTuple

from chatrepl.config.config import Profile
from chatrepl.text import urls


class Size(NamedTuple):
    """The most bytes of an image, and pixels along a side."""

    bytes: int
    side: int


MANY = 20
"""Of more images in a request Anthropic takes smaller ones only."""

_USUAL = Size(20_000_000, 16_000)
_DIALECTS = {"anthropic": Size(3_900_000, 8_000), "gemini": Size(14_000_000, 16_000)}
_HOSTS = {"groq.com": Size(2_900_000, 5_700), "x.ai": Size(10_000_000, 16_000)}
"""Anthropic counts 5 MiB of base64, Groq 4 MB of it and 33 million pixels; Gemini a request of 20 MB."""


def image(profile: Profile, count: int = 1) -> Size:
    """How large each of so many images may be."""
    found = next((size for host, size in _HOSTS.items() if urls.is_at(profile.base_url, host)), None)
    most = found or _DIALECTS.get(profile.dialect, _USUAL)
    return most._replace(side=2_000) if profile.dialect == "anthropic" and count > MANY else most
