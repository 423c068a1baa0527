"""Places that hold each other: a gemeente (GM0518), its province (PV28), the country (NL)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import IntEnum
from functools import cache
from types import MappingProxyType

from shared.reference.gemeenten import gemeente, gemeenten

COUNTRY = "NL"


class Nearness(IntEnum):
    """How near a region is to a gemeente that lies in it: the higher the nearer."""

    COUNTRY = 1
    PROVINCE = 2
    GEMEENTE = 3


@cache
def provinces() -> Mapping[str, str]:
    """The names of the twelve provinces by code."""
    return MappingProxyType(dict(sorted({g.province: g.province_name for g in gemeenten().values()}.items())))


def is_region(code: str) -> bool:
    """Whether this is the country, a province or a gemeente of today."""
    return code == COUNTRY or code in provinces() or code in gemeenten()


def places(code: str) -> dict[str, Nearness]:
    """The regions in which a gemeente lies, and how near each is. Raises: UnknownGemeente."""
    return {code: Nearness.GEMEENTE, gemeente(code).province: Nearness.PROVINCE, COUNTRY: Nearness.COUNTRY}


def nearness(regions: Collection[str], code: str) -> Nearness | None:
    """The nearest of these regions in which the gemeente lies; None when it lies in none of them.

    Raises: UnknownGemeente.
    """
    return max((near for place, near in places(code).items() if place in regions), default=None)


def covers(regions: Collection[str], code: str) -> bool:
    """Whether the gemeente lies in one of these regions. Raises: UnknownGemeente."""
    return nearness(regions, code) is not None
