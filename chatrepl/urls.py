"""What a URL says: its host, whether that is this machine, and what of it may be shown."""

import ipaddress
import re
from urllib.parse import urlsplit

from chatrepl.redaction import HIDDEN, is_secret


def parts(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; the host is "" where it is no URL."""
    try:
        split = urlsplit(url.strip())
        return split.scheme, split.hostname or "", split.port or {"https": 443}.get(split.scheme, 80)
    except ValueError:
        return "", "", 0


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{re.split('[/?#]', rest)[0].rpartition('@')[2]}"


def host_of(url: str) -> str:
    """The host in a URL, as far as there is one."""
    return parts(url)[1] or origin(url)


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine."""
    host = parts(url)[1]
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown(url: str) -> str:
    """The URL without a password, and without the values in its query that are secrets."""
    scheme, mark, rest = url.partition("://")
    place, question, query = (rest if mark else scheme).partition("?")
    host, slash, path = place.partition("/")
    fields = "&".join(_shown_field(field) for field in query.split("&"))
    return f"{scheme + mark if mark else ''}{host.rpartition('@')[2]}{slash}{path}{question}{fields}"


def _shown_field(field: str) -> str:
    name, equals, value = field.partition("=")
    return f"{name}{equals}{HIDDEN}" if value and is_secret(name) else field
