"""The 342 gemeenten of 2024 with what CBS publishes about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

from shared.reference import tables
from shared.reference.columns import Column
from shared.refusals import Fault, Invalid


class UnknownGemeente(Invalid):
    """No gemeente has this code, or not any more (see `current_code`)."""

    title = "Deze gemeente bestaat niet"

    def __init__(self, code: str) -> None:
        detail = f"Er is geen gemeente met code {code}. Een code is GM met vier cijfers, bijvoorbeeld GM0518."
        super().__init__(detail, [Fault("gemeente", detail)])


@dataclass(frozen=True, slots=True)
class Gemeente:
    """One gemeente. `figures` has what CBS publishes; a column that is missing was not published for it."""

    code: str
    uri: str  # TOOI
    name: str  # the official name
    short_name: str  # as people say it: Den Haag
    province: str
    province_name: str
    population: int  # 1 January 2024
    population_2021: int
    households: int
    urbanity: int
    lat: float
    lon: float
    neighbours: frozenset[str]  # codes; islands have none
    figures: Mapping[Column, float] = field(hash=False)


@cache
def gemeenten() -> Mapping[str, Gemeente]:
    """All gemeenten by code, in the order of their codes."""
    return MappingProxyType({row["code"]: _gemeente(row) for row in tables.rows("gemeenten")})


def gemeente(code: str) -> Gemeente:
    """Raises: UnknownGemeente, also for a gemeente that has merged: ask `current_code` first."""
    try:
        return gemeenten()[code]
    except KeyError:
        raise UnknownGemeente(code) from None


def _gemeente(row: dict[str, str]) -> Gemeente:
    return Gemeente(
        code=row["code"],
        uri=row["uri"],
        name=row["name"],
        short_name=row["short_name"],
        province=row["province_code"],
        province_name=row["province"],
        population=int(row["population"]),
        population_2021=int(row["population_2021"]),
        households=int(row["households"]),
        urbanity=int(row["urbanity"]),
        lat=float(row["lat"]),
        lon=float(row["lon"]),
        neighbours=frozenset(row["neighbours"].split()),
        figures=MappingProxyType(_figures(row)),
    )


def _figures(row: dict[str, str]) -> dict[Column, float]:
    population = int(row["population"])
    computed = {
        Column.DENSITY: population / float(row["land_km2"]),
        Column.AGE_0_15: 100 * int(row["age_0_15"]) / population,
        Column.AGE_65_PLUS: 100 * int(row["age_65_plus"]) / population,
    }
    published = {column: float(row[column]) for column in Column if row.get(column)}
    return computed | published
