"""Which hosts are public: an address that somebody else chose must not lead into this machine or its neighbourhood."""

import ipaddress
import re

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

EMBEDDING = tuple(map(ipaddress.ip_network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
"""The IPv6 networks whose addresses hold an IPv4 one, which somebody on the way may unpack: IPv4-compatible, NAT64,
6to4 and Teredo."""


def is_public(text: str) -> bool:
    """Whether that is an address in the public internet: not of this machine, a private or local network, a group of
    machines, nor one that hides another."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if mapped or any(address in network for network in EMBEDDING if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def is_odd(host: str) -> bool:
    """Whether a host is an address in disguise, which only some resolvers see through: decimal, octal, hexadecimal."""
    last = host.rstrip(".").rpartition(".")[2]
    number = ":" not in host and re.fullmatch(r"0x[\da-f]*|\d+", last, re.IGNORECASE)
    return bool(number) and not re.fullmatch(r"(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}", host)


def same_site(host: str, other: str) -> bool:
    """Whether two hosts are of one site: the same, or one below the other, www aside."""
    one, two = (each.lower().rstrip(".").removeprefix("www.") for each in (host, other))
    return one == two or one.endswith(f".{two}") or two.endswith(f".{one}")
