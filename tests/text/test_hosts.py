"""Which hosts are public, and which are addresses in disguise."""

import ipaddress

import pytest
from hypothesis import given, strategies as st

from chatrepl.text import hosts

NEAR = """127.0.0.1 127.255.0.9 10.1.2.3 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 0.0.0.0 0.1.2.3 224.0.0.1
255.255.255.255 240.0.0.1 198.18.0.1 ::1 :: fe80::1 fe80::1%eth0 fd00::1 fc00::1 ff02::1 ::ffff:8.8.8.8 ::ffff:127.0.0.1
64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 2002:7f00:1:: 2001:0:7f00:1:: ::127.0.0.1 2001:db8::1""".split()


@pytest.mark.parametrize("address", NEAR)
def test_what_is_near_or_hides_another_is_not_public(address: str) -> None:
    assert not hosts.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_what_is_public_is(address: str) -> None:
    assert hosts.is_public(address)


@given(
    st.ip_addresses(network="10.0.0.0/8")
    | st.ip_addresses(network="::ffff:0:0/96")
    | st.ip_addresses(network="fc00::/7")
)
def test_no_private_address_is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert not hosts.is_public(str(address))


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "1.2.3.0x4", "127.0.0.01"]
)
def test_an_address_in_disguise_is_odd(host: str) -> None:
    assert hosts.is_odd(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "8.8.8.8", "example.org", "1e100.net", "a.b-2", "x2", "::1"])
def test_a_name_and_a_usual_address_are_not(host: str) -> None:
    assert not hosts.is_odd(host)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("example.org", "www.example.org", True),
        ("Example.org", "docs.example.org.", True),
        ("example.org", "example.com", False),
        ("example.org", "badexample.org", False),
        ("a.co.uk", "b.co.uk", False),
    ],
)
def test_a_site_is_a_host_and_what_is_below_it(one: str, two: str, same: bool) -> None:
    assert hosts.same_site(one, two) is same
    assert hosts.same_site(two, one) is same
