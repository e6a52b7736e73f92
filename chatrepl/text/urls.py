"""What a URL says: its host, whether that is this machine, and what of it may be shown."""

import ipaddress
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote, unquote_plus, urlsplit

from chatrepl.text.redaction import HIDDEN, is_secret


def parts(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; the host is "" where it is no URL."""
    try:
        split = urlsplit(url.strip())
        return split.scheme, split.hostname or "", split.port or {"https": 443}.get(split.scheme, 80)
    except ValueError:
        return "", "", 0


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    scheme, place, _ = _cut(url)
    return f"{scheme}{place.rpartition('@')[2]}"


def host_of(url: str) -> str:
    """The host in a URL, as far as there is one."""
    return parts(url)[1] or origin(url)


def is_at(url: str, domain: str) -> bool:
    """Whether its host is that one, or below it."""
    return f".{host_of(url)}".endswith(f".{domain}")


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine: 0.0.0.0 is where its servers listen, and where they say that they do."""
    host = parts(url)[1]
    try:
        address = ipaddress.ip_address(host) if host != "localhost" else None
        return not address or address.is_loopback or address.is_unspecified
    except ValueError:
        return False


def reachable(url: str) -> str:
    """The URL to go to: 0.0.0.0 is where a server of this machine listens, and on some systems nowhere to go."""
    scheme, place, rest = _cut(url)
    user, at, host = place.rpartition("@")
    for anywhere, here in (("0.0.0.0", "127.0.0.1"), ("[::]", "[::1]")):
        if host == anywhere or host.startswith(f"{anywhere}:"):
            host = here + host[len(anywhere) :]
    return f"{scheme}{user}{at}{host}{rest}"


def shown(url: str) -> str:
    """The URL without a password, and without the values in its query that are secrets."""
    scheme, place, rest = _cut(url)
    path, question, query = rest.partition("?")
    fields = "&".join(_shown_field(field) for field in query.split("&"))
    return f"{scheme}{place.rpartition('@')[2]}{path}{question}{fields}"


def plain(url: str) -> str:
    """``shown``, with a host in other letters than ASCII as the network knows it: one may look like another."""
    scheme, place, rest = _cut(shown(url))
    if not place.isascii():  # the codec loads tables of its own
        with suppress(UnicodeError):
            place = place.encode("idna").decode()
    return f"{scheme}{place}{rest}"


def _shown_field(field: str) -> str:
    name, equals, value = field.partition("=")
    return f"{name}{equals}{HIDDEN}" if value and is_secret(name, unquote_plus(value)) else field


def secrets(url: str) -> Iterator[str]:
    """What ``shown`` leaves out, in each way that it goes over the wire."""
    _, place, rest = _cut(url)
    user = unquote(place.rpartition("@")[0])
    if user:
        name, _, password = user.partition(":")
        yield password or name
        yield b64encode(user.encode("utf-8", "replace")).decode()
    for field in rest.partition("#")[0].partition("?")[2].split("&"):
        name, _, value = field.partition("=")
        if is_secret(name, unquote_plus(value)):
            yield from (value, unquote(value), unquote_plus(value))


def _cut(url: str) -> tuple[str, str, str]:
    """The scheme with its mark, the host with what belongs to it, and the rest."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        scheme, rest = "", url
    place = re.split("[/?#]", rest)[0]
    return scheme + mark, place, rest[len(place) :]


def join(base: str, path: str) -> str:
    """The URL of ``path`` below ``base``; the base keeps its query, and its end if that is the path already."""
    base, mark, query = _without_fragment(base).partition("?")
    base = base.rstrip("/").removesuffix(path)
    return f"{base}{path}{mark}{query}"


def _without_fragment(base: str) -> str:
    """The base without what stands behind a #: that is for browsers, and would swallow the path."""
    return base.strip().partition("#")[0]


def root(base: str, *ends: str) -> str:
    """The base without those ends, which come along when a URL was meant for another protocol; it keeps its query."""
    base, mark, query = _without_fragment(base).partition("?")
    for end in ends:
        base = base.rstrip("/").removesuffix(end)
    return f"{base}{mark}{query}"


def with_query(url: str, query: str) -> str:
    """The URL with that query, after the one it may have."""
    return f"{url}{'&' if '?' in url else '?'}{query}"
