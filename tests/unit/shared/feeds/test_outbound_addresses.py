"""Which addresses may be asked for somebody else's sake?"""

from __future__ import annotations

import pytest

from shared.feeds.outbound import Allowed
from shared.feeds.outbound_addresses import may_be_asked, networks

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.127.255.254", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
    "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1", "5f00::1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2a00:1450:4001::1", "::ffff:8.8.8.8",
           "64:ff9b::808:808"]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_only_we_can_reach_may_not_be_asked(address: str) -> None:
    assert not may_be_asked(address, 443, ())


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_public_internet_may_be_asked_on_the_ports_of_https(address: str) -> None:
    assert may_be_asked(address, 443, ())
    assert may_be_asked(address, 8443, ())
    assert not any(may_be_asked(address, port, ()) for port in (22, 25, 80, 5432, 6379, 9092))


def test_an_operator_may_allow_networks_of_its_own_and_only_those() -> None:
    allowed = networks("10.1.0.0/16, fd00:1::/32")
    assert may_be_asked("10.1.2.3", 8080, allowed)
    assert may_be_asked("::ffff:10.1.2.3", 8080, allowed)
    assert may_be_asked("fd00:1::5", 8080, allowed)
    assert not may_be_asked("10.2.0.1", 443, allowed)
    assert not may_be_asked("169.254.169.254", 443, allowed)
    assert networks("") == ()
    with pytest.raises(ValueError, match="x"):
        networks("x")


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "2130706433", "0x7f000001", "1.2.3.4.5", "[::1]"])
def test_what_is_no_address_may_not_be_asked(text: str) -> None:
    assert not may_be_asked(text, 443, ())


@pytest.mark.parametrize(
    "address",
    [
        "http://voorbeeld.nl/", "ftp://voorbeeld.nl/", "//voorbeeld.nl", "voorbeeld.nl", "https://", "https:///pad", "file:///etc/passwd",
        "https://naam:geheim@voorbeeld.nl/", "https://naam@voorbeeld.nl/", "https://voorbeeld.nl/#deel", "https://voorbeeld.nl:22/",
        "https://voorbeeld.nl:99999/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/", "javascript:alert(1)", "gopher://voorbeeld.nl:443/",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_is_told_at_once(address: str) -> None:
    assert Allowed().fault_of(address)


@pytest.mark.parametrize(
    "address", ["https://voorbeeld.nl/ontvang?sleutel=1", "https://voorbeeld.nl:8443", "https://8.8.8.8/"]
)
def test_an_ordinary_address_will_do(address: str) -> None:
    assert Allowed().fault_of(address) is None


def test_http_will_do_where_it_is_allowed() -> None:
    assert Allowed(networks("127.0.0.0/8"), plain=True).fault_of("http://127.0.0.1:12345/") is None
    assert Allowed(networks("127.0.0.0/8")).fault_of("http://127.0.0.1:12345/")
