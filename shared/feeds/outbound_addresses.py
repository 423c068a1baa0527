"""Which addresses may be asked for somebody else's sake: those of the public internet, and what the operator allows. Pure.

A subscriber chooses where we send to. Unchecked, it could have us ask what only we can reach: the machine itself, the
network around it, the metadata of a cloud (server-side request forgery, OWASP).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PORTS = frozenset({443, 8443})
"""Of https: nothing else is asked on the public internet, so that nobody scans others through us."""

REFUSED = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "169.254.0.0/16",  # link-local, and the metadata of clouds
        "192.0.0.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",  # IPv4-compatible, long gone
        "64:ff9b:1::/48",  # NAT64 into a private network
        "100::/64",
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address within
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
        "ff00::/8",
    )
)
"""Beside what Python's own `is_global` refuses, which differs from version to version (IANA special-purpose registries)."""
TRANSLATED = ip_network("64:ff9b::/96")


def networks(text: str) -> tuple[Network, ...]:
    """The networks that an operator names, with commas between them: "10.1.0.0/16, fd00::/8". Raises: ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def reached(text: str) -> Address:
    """Where a packet to this address ends up: an IPv4 address that an IPv6 one holds counts as itself.

    Raises: ValueError.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in TRANSLATED:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_within(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether it lies in one of these networks."""
    return any(address.version == network.version and address in network for network in allowed)


def is_public(address: Address) -> bool:
    """Whether it belongs to somebody on the internet, and to one of them alone."""
    if address.is_multicast or address.is_unspecified or address.is_reserved or is_within(address, REFUSED):
        return False
    return address.is_global


def may_be_asked(text: str, port: int, allowed: Collection[Network], ports: Collection[int] = PORTS) -> bool:
    """Whether we may connect there. In the operator's own networks every port may be asked."""
    try:
        address = reached(text)
    except ValueError:
        return False
    return is_within(address, allowed) or (is_public(address) and port in ports)
