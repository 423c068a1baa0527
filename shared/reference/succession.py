"""Gemeenten merge (herindeling): history follows the new code, so that series stay comparable (domain.md, Impact)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from shared.reference import tables
from shared.reference.gemeenten import UnknownGemeente, gemeenten


@dataclass(frozen=True, slots=True)
class Merger:
    """From `from_date` on, this gemeente is part of `successor`."""

    code: str
    name: str
    successor: str
    from_date: date


@cache
def mergers() -> Mapping[str, Merger]:
    """Every gemeente that has ended since 2021, by its old code."""
    found = (
        Merger(row["code"], row["name"], row["successor"], date.fromisoformat(row["from_date"]))
        for row in tables.rows("herindelingen")
    )
    return MappingProxyType({merger.code: merger for merger in found})


def current_code(code: str, on: date) -> str:
    """The code under which this gemeente goes on a day: its own, until the day on which it merges.

    Raises: UnknownGemeente.
    """
    merger = mergers().get(code)
    if merger is None:
        if code not in gemeenten():
            raise UnknownGemeente(code)
        return code
    return current_code(merger.successor, on) if merger.from_date <= on else code
